"""Which of a board's decoders a camera's process should leave alone, because they failed with that camera.

One broken packet right at the start makes a decoder fail too, so it gets a second try at once. After that the next
best decoder takes over, and the better one is tried again after an hour, then two, up to a day: what it failed of may
be gone. Pure: the time comes from outside.
"""

from typing import List

#: Failures in a row that make a decoder be left alone.
MOST = 2
FIRST_S = 3600.0
LONGEST_S = 86400.0


class Decoders:
    def __init__(self) -> None:
        #: Those to be left alone.
        self.avoided: List[str] = []
        self._failed = ""  # the one that failed last, and how often in a row
        self._times = 0
        self._wait_s = FIRST_S
        self._again_at = 0.0

    def failed(self, decoder: str, now: float) -> None:
        """It gave no picture."""
        self._times = self._times + 1 if decoder == self._failed else 1
        self._failed = decoder
        if self._times >= MOST and decoder not in self.avoided:
            self.avoided.append(decoder)
            self._times = 0
            self._again_at = now + self._wait_s
            self._wait_s = min(2 * self._wait_s, LONGEST_S)

    def worked(self, decoder: str) -> None:
        """It gives pictures."""
        if decoder == self._failed:
            self._times = 0
        if not self.avoided:
            self._wait_s = FIRST_S

    def due(self, now: float) -> bool:
        """Whether it is time to try again those that were left alone."""
        return bool(self.avoided) and now >= self._again_at

    def forgive(self) -> None:
        self.avoided = []
