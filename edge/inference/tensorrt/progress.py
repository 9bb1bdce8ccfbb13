"""How far a build is: told at most five times a second, from TensorRT's monitor (9 on) or from its log."""

import re
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional, Tuple

from .api import Api

_PER_SECOND = 5
_STEP_S = 0.25
_BEAT_S = 1.0
# Up to TensorRT 8.6 the log is all there is: it says how many layers are left after each kind of fusion, and names each
# layer when it starts to time its implementations.
_LAYERS_LEFT = re.compile(r"^After [^:]*: (\d+) layers")
_LAYER_TIMED = re.compile(r"^=+ Computing costs for\b")


class Reporter:
    """``send`` gets the messages, in whatever thread there is news. Nothing that it raises comes out of here."""

    def __init__(self, send: Callable[[Dict[str, Any]], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._send, self._clock = send, clock
        self._lock = threading.Lock()
        self._phase = ""
        self._done: Optional[float] = None
        self._told: Tuple[str, Optional[float]] = ("", None)
        self._sent: Deque[float] = deque([-1e9] * _PER_SECOND, maxlen=_PER_SECOND)

    def phase(self, name: str) -> None:
        """``parse``, ``calibrate``, ``build``, ``write`` or ``compare`` begins."""
        with self._lock:
            if name == self._phase:
                return
            self._phase, self._done = name, None
            self._tell(0.0)

    def step(self, name: str, done: float) -> None:
        """Phase ``name`` is so far, 0 to 1; it never goes back."""
        with self._lock:
            if name == self._phase:
                self._done = max(min(done, 1.0), self._done or 0.0)
                self._tell(_STEP_S)

    def beat(self) -> None:
        """Now and then, so that it is known to be alive, and that a last step is told."""
        with self._lock:
            if self._phase:
                self._tell(_STEP_S if (self._phase, self._done) != self._told else _BEAT_S)

    def _tell(self, gap: float) -> None:
        now = self._clock()
        if now - self._sent[-1] < gap or now - self._sent[0] < 1.0:
            return
        self._sent.append(now)
        self._told = (self._phase, self._done)
        done = None if self._done is None else round(self._done, 3)
        try:
            self._send({"op": "progress", "phase": self._phase, "done": done})
        except Exception:
            pass  # whoever waits is gone: another thread sees that, and ends the process


class Phases:
    """TensorRT's phases, which lie in one another: a step of the outer one is as long as all of an inner one."""

    def __init__(self) -> None:
        self._parent: Dict[str, Optional[str]] = {}
        self._steps: Dict[str, int] = {}
        self._done: Dict[str, int] = {}

    def start(self, name: str, parent: Optional[str], steps: int) -> None:
        self._parent[name], self._steps[name], self._done[name] = parent, max(1, steps), 0

    def step(self, name: str, step: int) -> None:
        if name in self._done:
            self._done[name] = min(step + 1, self._steps[name])

    def finish(self, name: str) -> None:
        for of in (self._parent, self._steps, self._done):
            of.pop(name, None)

    def fraction(self) -> float:
        """How far the outermost is, 0 to 1."""
        return max([self._fraction(name) for name, parent in self._parent.items() if not parent] or [0.0])

    def _fraction(self, name: str) -> float:
        inner = [self._fraction(child) for child, parent in self._parent.items() if parent == name]
        return min(1.0, (self._done[name] + max(inner or [0.0])) / self._steps[name])


def make_monitor(api: Api, reporter: Reporter) -> Any:
    """For ``IBuilderConfig.progress_monitor``; None where this TensorRT has none."""
    if not api.has("IProgressMonitor", "step_complete"):
        return None
    base: Any = api.trt.IProgressMonitor
    phases, lock = Phases(), threading.Lock()

    class Monitor(base):  # type: ignore[misc]
        """Called in several threads. True means: go on."""

        def __init__(self) -> None:
            base.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: Optional[str], num_steps: int) -> None:
            try:
                with lock:
                    phases.start(phase_name, parent_phase, num_steps)
            except Exception:
                pass

        def phase_finish(self, phase_name: str) -> None:
            try:
                with lock:
                    phases.finish(phase_name)
            except Exception:
                pass

        def step_complete(self, phase_name: str, step: int) -> bool:
            try:
                with lock:
                    phases.step(phase_name, step)
                    done = phases.fraction()
                reporter.step("build", done)
            except Exception:
                pass
            return True

    return Monitor()


class LogProgress:
    """Where there is no monitor: :meth:`hear` is for :meth:`.log.Log.listen`."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        #: How many layers will be timed: the network's at first, fewer as they are fused.
        self.layers = 0
        self._timed = 0

    def hear(self, _severity: str, text: str) -> None:
        found = _LAYERS_LEFT.match(text)
        if found:
            self.layers = int(found.group(1))
        elif _LAYER_TIMED.match(text) and self.layers:
            self._timed += 1
            # What comes after the last takes its time too.
            self._reporter.step("build", 0.95 * min(1.0, self._timed / self.layers))
