"""A build's end before its time, and what a progress monitor is told."""

from typing import Any

from simulated_gpu import board

from .log import call_back


class Refused(Exception):
    """The build is over; the text goes to the log, unless it is empty."""

    def __init__(self, code: int = 0, place: str = "", text: str = "", kind: str = "") -> None:
        self.code, self.place, self.text, self.kind = code, place, text, kind
        super().__init__(text)


class Progress:
    """The progress monitor's phases, one in another. Raises Refused when it says stop."""

    def __init__(self, config: Any, logger: Any, layers: int) -> None:
        self._monitor = config.progress_monitor if board.VERSION >= (9,) else None
        self._logger, self._layers = logger, layers
        self._steps = self._tactics = 0

    def __enter__(self) -> "Progress":
        if self._monitor is not None:
            call_back(self._monitor.phase_start, "Building Engine", None, 3)
            call_back(self._monitor.phase_start, "Tactic Selection", "Building Engine", max(1, self._layers))
        return self

    def step(self, what: str) -> None:
        if self._monitor is not None:
            self._ask("Building Engine", self._steps)
            self._steps += 1

    def tactic(self, name: str) -> None:
        if self._monitor is not None:
            self._ask("Tactic Selection", min(self._tactics, self._layers - 1))
            self._tactics += 1

    def _ask(self, phase: str, step: int) -> None:
        if not call_back(self._monitor.step_complete, phase, step):
            text = "Engine building has been cancelled by the progress monitor."
            raise Refused(10, "progress", text)

    def __exit__(self, *how: Any) -> None:
        if self._monitor is not None:
            call_back(self._monitor.phase_finish, "Tactic Selection")
            call_back(self._monitor.phase_finish, "Building Engine")
