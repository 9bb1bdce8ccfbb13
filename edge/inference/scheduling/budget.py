"""How old a camera's picture may be, and what is learned of a source whose pictures are old before they come here."""

#: Where nobody says another one.
DEFAULT_S = 1.0
# How much of the usual age at sending the last picture is.
_NEWS = 0.25
# So much of the budget is always left for the wait here.
_LEAST = 0.5
# Not more than so many in a row: an old picture says more than none.
_MOST_IN_A_ROW = 3


class Budget:
    """One camera's: seconds that a picture may be old when its computation begins. Other times in ns.

    A picture that is too old gives way to a newer one only because that helps. Where pictures are old already when the
    capture process sends them (a slow network, a source with few pictures), a newer one would be as old: the usual age
    at sending is learned, and half of the budget stays for the wait here, whatever that age is.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        #: How many pictures were not computed.
        self.expired = 0
        self._usual_s = -1.0
        self._in_a_row = 0
        self._gave_way = False

    def until(self, captured: int, sent: int) -> int:
        """Of a picture that was captured and sent at these times: when it is too old; 0 for never."""
        age = (sent - captured) / 1e9
        self._usual_s += (age - self._usual_s) * (_NEWS if self._usual_s >= 0.0 else 1.0)
        if not self._gave_way:
            self._in_a_row = 0
        self._gave_way = False
        if self._in_a_row >= _MOST_IN_A_ROW:
            return 0
        return captured + int(max(self.seconds, self._usual_s + _LEAST * self.seconds) * 1e9)

    def gave_way(self) -> None:
        """A picture was too old."""
        self.expired += 1
        self._in_a_row += 1
        self._gave_way = True
