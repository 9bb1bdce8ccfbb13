"""What a source's failure means: the camera state that follows, and words for whoever looks after the camera.

GStreamer tells little of why a camera cannot be used ("Could not open resource for reading and writing", for a name
that nobody knows as for a port where nothing listens). What its error says by domain, code and RTSP status is turned
into words here; where it says nothing, :mod:`edge.capture.reach` looks.
"""

from typing import NamedTuple, Optional
from urllib.parse import urlsplit

from ..errors import SourceError, Stalled, Unauthorized, Unreachable, Unsupported

#: Of a reason; what a camera says of itself may be of any length.
_MOST_WORDS = 200
_WANTS_USER = "wants a user and a password"
#: The port where a URL names none.
_PORTS = {"http": 80, "https": 443}


class Place(NamedTuple):
    """Where an RTSP source is; ``path`` as it stands in the URL."""

    host: str
    port: int
    path: str

    def __str__(self) -> str:
        return "{}:{}".format("[{}]".format(self.host) if ":" in self.host else self.host, self.port)


def place(location: str) -> Place:
    """The place of an ``rtsp://`` location."""
    parts = urlsplit(location)
    query = "?" + parts.query if parts.query else ""
    return Place(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 554), (parts.path or "/") + query)


class GstError(NamedTuple):
    """A bus ERROR. ``code`` is the nick of its domain's enum (``read``), ``status`` RTSP's (0: none)."""

    domain: str
    code: str
    text: str
    detail: str
    status: int = 0

    def __str__(self) -> str:
        words = self.text if not self.detail or self.detail in self.text else "{} ({})".format(self.text, self.detail)
        return printable(words)


def printable(words: str) -> str:
    """One line without control characters: a camera's own words may come with any."""
    line = "".join(c if c.isprintable() else " " for c in words).strip()
    return line if len(line) <= _MOST_WORDS else line[: _MOST_WORDS - 1] + "…"


def failure(error: GstError, location: str, kind: str, user: bool, answered: bool) -> Optional[SourceError]:
    """The error as one of ours; None when a connection failed and GStreamer does not say why.

    ``kind``: of source; ``user``: a user name was sent; ``answered``: the camera has told what it sends, so it is one.
    """
    if kind == "rtsp":
        found = _rtsp(error, place(location), user, answered)
        if found is not None or (error.domain, error.code) == ("resource", "open-read-write"):
            return found
    if kind in ("http", "hls") and error.code == "open-read" and not answered:
        return None  # GStreamer 1.18's word for a port where nobody listens
    if (error.domain, error.code) == ("resource", "not-authorized"):
        return Unauthorized("the camera {}".format("refuses this user and password" if user else _WANTS_USER))
    if (error.domain, error.code) == ("resource", "read"):
        return Stalled(str(error))
    if error.domain == "stream":
        # Of HTTP it says no more than that the stream has stopped, for a port where nobody listens too.
        return None if kind in ("http", "hls") and not answered else Unsupported(str(error))
    return Unreachable(str(error))


def _rtsp(error: GstError, where: Place, user: bool, answered: bool) -> Optional[SourceError]:
    if error.status == 401 or error.code == "not-authorized":
        wish = "refuses this user and password" if user else _WANTS_USER
        return Unauthorized("the camera {} (RTSP 401)".format(wish))
    if error.status == 403:
        return Unauthorized("the camera does not let this user see {} (RTSP 403)".format(where.path))
    if error.status == 404 or error.code == "not-found":
        return Unreachable(
            "the camera at {} has no such path: {} (RTSP 404); look up the stream's path in the camera's manual and "
            "correct the url".format(where, printable(where.path))
        )
    if error.code == "open-read" and "No supported authentication" in error.detail:
        # All that GStreamer 1.18 says of an answer that it does not take.
        return Unreachable(
            "the camera at {} does not give {}: it has no such path, or wants a login of a kind that it does not "
            "name".format(where, printable(where.path))
        )
    if error.status:
        return Unreachable(
            "the camera at {} answers {}; it may be busy or serve too many viewers".format(
                where, error.detail or "RTSP {}".format(error.status)
            )
        )
    if "Timeout" in error.detail and not answered:
        if error.code == "open-read-write":
            return Unreachable(no_answer(where))
        return Unreachable(silent(where))
    if (error.domain, error.code) == ("stream", "failed"):
        # Its streams' thread has stopped, for a reason that was no fault of what it sends.
        return Stalled(str(error))
    for sign, before, after in _BROKEN:
        if sign in error.detail and error.code == "read":
            return Stalled(after.format(where)) if answered else Unreachable(before.format(where))
    return None


# What rtspsrc's debug text holds, then the words before and after the camera has answered.
_BROKEN = (
    ("Parse error", "what answers at {} speaks no RTSP: is it the right port?", "what {} sends is no RTSP any more"),
    ("end-of-file", "{} closes the connection without an answer", "{} closed the connection"),
    ("System error", "{} breaks the connection off without an answer", "the connection to {} broke"),
)


def no_answer(where: Place) -> str:
    return "nothing at {} answers: is the camera switched on, in this network, and its address right?".format(where)


def silent(where: Place) -> str:
    return "{} takes connections but does not answer: is it the right port, does the camera hang?".format(where)
