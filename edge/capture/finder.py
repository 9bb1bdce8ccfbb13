"""Finds the pad that brings a source's video, which may come long after the source has begun."""

import threading
from typing import Any, Callable

from ..errors import Unsupported
from . import pads
from .trouble import NO_VIDEO, Trouble


class Finder:
    """``link`` is called with the pad, once, in whichever thread it comes; a failure is left with ``trouble``."""

    def __init__(self, trouble: Trouble, link: Callable[[Any], None]) -> None:
        self._trouble, self._link = trouble, link
        self._linking = threading.Lock()
        self._found = False

    def look(self, origin: Any) -> None:
        """``origin``: the source's last element."""
        if origin.get_static_pad("src") is not None:
            self._link(origin.get_static_pad("src"))
            return
        origin.connect("pad-added", self._pad_added)
        origin.connect("no-more-pads", self._no_more_pads)
        if origin.find_property("protocols") is not None:
            origin.connect("select-stream", self._select)

    def _select(self, _source: Any, _number: int, caps: Any) -> bool:
        """Whether an RTP stream is asked for: sound is not. (At this point the caps have no proper name yet.)"""
        self._trouble.answered = True
        if pads.media(caps) in ("video", None):
            return True
        self._trouble.passed_over = True
        return False

    def _pad_added(self, _origin: Any, pad: Any) -> None:
        self._trouble.answered = True
        if not pads.is_video(pads.caps(pad)):
            self._trouble.passed_over = True
            return
        with self._linking:
            if self._found or self._trouble.failure is not None:
                return
            self._link(pad)
            self._found = True

    def _no_more_pads(self, _origin: Any) -> None:
        with self._linking:
            if not self._found and self._trouble.failure is None:
                self._trouble.failure = Unsupported(NO_VIDEO)
