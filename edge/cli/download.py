"""How far a download is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Callable, Optional, TextIO, Type

from edge.cli.terminal import width

_BAR = 24
_REDRAW = 0.1  # seconds
_TELL = 10  # per cent between two lines


def mebibytes(count: int) -> str:
    """``34.2 MiB``."""
    return f"{count / (1 << 20):.1f} MiB"


class ProgressLine:
    """``update`` is called with the bytes that are here and how many there will be. Ends its line when left."""

    def __init__(self, name: str, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._out = out
        self._clock = clock
        self._live = out.isatty()
        self._drawn = False
        self._redraw_at = 0.0
        self._told = -_TELL
        self._first: Optional[int] = None
        self._started = 0.0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._drawn:
            self._out.write("\n")
            self._out.flush()

    def update(self, done: int, total: Optional[int]) -> None:
        now = self._clock()
        if self._first is None:
            self._first, self._started = done, now
            if done and not self._live:
                self._say(f"{self._name}: going on from {mebibytes(done)}")
        if self._live:
            if now >= self._redraw_at or done == total:
                self._redraw_at = now + _REDRAW
                self._draw(done, total, now)
        elif total:
            share = 100 * done // total
            if share >= self._told + _TELL or (done == total and self._told < 100):
                self._told = share
                self._say(f"{self._name}: {share} % of {mebibytes(total)}")

    def _draw(self, done: int, total: Optional[int], now: float) -> None:
        speed = (done - (self._first or 0)) / (now - self._started) if now > self._started else 0.0
        rate = f"  {mebibytes(int(speed))}/s" if speed else ""
        if total:
            filled = _BAR * done // total
            bar = "#" * filled + "." * (_BAR - filled)
            text = f"{self._name}  [{bar}] {100 * done // total:3} %  {mebibytes(done)} of {mebibytes(total)}{rate}"
        else:
            text = f"{self._name}  {mebibytes(done)}{rate}"
        self._out.write("\r" + text[: width() - 1] + "\033[K")
        self._out.flush()
        self._drawn = True

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)
