"""What has gone wrong with a stream, and which end of it that means, if any."""

from typing import Any, Optional, Tuple

from ..errors import Ended, SourceError, Stalled, Unreachable, Unsupported
from .failure import GstError, failure, place, silent
from .gst import read_error
from .reach import Reach
from .source import Source

NO_VIDEO = "it has no video stream"


class Trouble:
    """``answered``: the camera has told what it has; ``passed_over``: something else than video was among it."""

    def __init__(self, source: Source) -> None:
        self.answered = False
        self.passed_over = False
        #: Found in a thread of GStreamer's, for the main one to raise.
        self.failure: Optional[SourceError] = None
        self._source = source
        #: The last that could not be decoded, and how many pictures had come by then.
        self._undecoded: Optional[Tuple[GstError, int]] = None
        self._reach: Optional[Reach] = None

    def raise_found(self) -> None:
        """Raise what was found out by now, if anything."""
        if self.failure is not None:
            raise self.failure
        reason = self._reach.reason() if self._reach is not None else None
        if reason is None:
            return
        where = place(self._source.location)
        if self._source.kind != "rtsp" and reason == silent(where):
            raise Unsupported("what {} sends at {} is no video".format(where, where.path))
        raise Unreachable(reason)

    def heed(self, message: Any, linked: bool, behind: bool, frames: int) -> None:
        """Raise what an error means, unless the stream may go on after it, or nobody knows yet what it means.

        ``linked``: its video was found; ``behind``: the error is of an element behind the source.
        """
        if self.failure is not None:
            raise self.failure
        if not linked and self.passed_over:
            # GStreamer's own words are of a stream that nobody takes.
            raise Unsupported(NO_VIDEO)
        error, source = read_error(message), self._source
        if source.remote and error.domain == "stream" and behind:
            self._undecoded = error, frames
            return
        found = failure(error, source.location, source.kind, source.username is not None, self.answered)
        if found is not None:
            raise found
        self._find_reason()

    def ended(self, frames: int) -> SourceError:
        """What the end of its stream means."""
        if self._source.kind == "csi" and not frames:
            # Argus says on its stderr why, and here nothing but this.
            return Unreachable(
                "no picture from {}: is that camera plugged in, and has it such a mode, size and rate? "
                "(journalctl -u nvargus-daemon)".format(self._source.location)
            )
        return Stalled("the camera ended its stream") if self._source.live else Ended("the file is over")

    def nothing_came(self, seconds: float, frames: int) -> None:
        """So long there was no picture: raise what that means, now or from :meth:`raise_found` soon."""
        if self._source.remote and not self.answered:
            self._find_reason()
            return
        words = "no picture for {:g} s".format(seconds)
        if self._undecoded is not None and self._undecoded[1] == frames:
            words += ", and what comes cannot be decoded: {}".format(self._undecoded[0])
        raise Stalled(words)

    def _find_reason(self) -> None:
        """Begin to look why nobody answers."""
        if self._reach is None:
            self._reach = Reach(place(self._source.location))
