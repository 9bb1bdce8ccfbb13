"""How far a build is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Callable, Optional, TextIO, Type

from edge.cli.terminal import duration, width

_BAR = 24
_REDRAW = 0.1  # seconds
_TELL = 0.25  # of a phase, between two lines
_WORDS = {
    "waiting": "waiting for another process that builds it",
    "parse": "reading the network",
    "calibrate": "calibrating",
    "build": "building",
    "write": "writing",
    "compare": "comparing the DLA with the GPU",
    "profile": "measuring its layers",
    "bench": "measuring",
}


class PhaseLine:
    """``update`` is called with the phase and how far it is, 0 to 1 or None. The bar is gone when it is left, so that
    what was built stands there instead. ``out``: None draws nothing.
    """

    def __init__(self, name: str, out: Optional[TextIO], clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._out, self._clock = name, out, clock
        self._live = out is not None and out.isatty()
        self._phase = ""
        self._began = 0.0
        self._redraw_at = 0.0
        self._told = 0.0
        self._drawn = ""

    def __enter__(self) -> PhaseLine:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._clear()

    @property
    def phase(self) -> str:
        """The last that was told, empty before."""
        return self._phase

    def update(self, phase: str, done: Optional[float], words: str = "") -> None:
        """``words`` stand in place of the phase's own."""
        now, new = self._clock(), phase != self._phase
        if new:
            self._phase, self._began, self._told = phase, now, 0.0
        text = words or _WORDS.get(phase, phase)
        if self._live:
            if new or now >= self._redraw_at or done == 1.0:
                self._redraw_at = now + _REDRAW
                self._draw(text, done, now - self._began)
        elif new or (done is not None and done >= self._told + _TELL):
            self._told = 0.0 if done is None else done
            share = f", {done:.0%}" if done else ""
            self._print(f"{self._name}: {text}{share}")

    def say(self, text: str) -> None:
        """A line of its own."""
        drawn = self._drawn
        self._clear()
        self._print(text)
        if drawn:
            self._write(drawn)

    def _draw(self, text: str, done: Optional[float], seconds: float) -> None:
        filled = 0 if done is None else int(_BAR * done)
        bar = "#" * filled + "." * (_BAR - filled)
        share = "     " if done is None else f"{100 * done:3.0f} %"
        line = f"{self._name}  [{bar}] {share}  {text}, {duration(seconds)}"
        self._write("\r" + line[: width() - 1] + "\033[K")

    def _write(self, text: str) -> None:
        if self._out is not None:
            self._out.write(text)
            self._out.flush()
            self._drawn = text

    def _clear(self) -> None:
        if self._drawn:
            self._write("\r\033[K")
            self._drawn = ""

    def _print(self, text: str) -> None:
        if self._out is not None:
            print(text, file=self._out, flush=True)
