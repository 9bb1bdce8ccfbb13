"""From an edit to its effect: read, validate, plan, apply, report. One at a time, the latest content last.

A bad edit changes nothing. What would take something away, or cannot be right, is looked at once more after a quiet
while: it may be the first half of a save.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

from edge import log
from edge.config import Config, check_labels, last_good, survey
from edge.config.files import Files, read_files
from edge.config.plan import Plan, plan
from edge.config.watch import ConfigWatch
from edge.daemon.models import Model, load_models
from edge.errors import ConfigError, Problem
from edge.events.clock import rfc3339
from edge.models.folders import state_folder

_logger = logging.getLogger("edge.config")
#: Quiet seconds after which half a save is taken for a whole one.
_SETTLE_S = 1.0
_MOST_TOLD = 20  # problems of one edit in the log; edge check tells all


class Candidate(NamedTuple):
    """A configuration that can be used, with its models, the files that it came from, and those that are on the disk:
    others where it is the last good one.
    """

    config: Config
    models: Dict[str, Model]
    files: Files
    disk: Files


def read(path: Path, files: Optional[Files] = None) -> Candidate:
    """Read and check everything. Raises ConfigError with every problem."""
    files = read_files(path) if files is None else files
    config, problems = survey(path, files=files)
    if not problems:
        models, problems = load_models(config)
        problems += check_labels(config, {name: model.labels for name, model in models.items()})
    if problems:
        raise ConfigError(problems)
    return Candidate(config, models, files, files)


class ConfigState:
    """What became of the files' last content, as status, journal and MQTT say it."""

    def __init__(self) -> None:
        self.state = "applied"
        self.error: Optional[ConfigError] = None
        #: What the daemon works with where that is not what the files say.
        self.running = ""

    def accept(self) -> None:
        self.state, self.error, self.running = "applied", None, ""

    def reject(self, error: ConfigError, running: str = "") -> None:
        self.state, self.error = "rejected", error
        self.running = running or self.running
        for problem in error.problems[:_MOST_TOLD]:
            log.event(
                _logger, f"configuration rejected: {problem}", logging.ERROR, file=problem.file, line=problem.line
            )  # fmt: skip
        goes_on = self.running or "the one before"
        log.event(_logger, f"running {goes_on}", logging.WARNING, problems=len(error.problems))

    def report(self) -> Dict[str, Any]:
        """``state``; where it is ``rejected`` also ``error`` and ``at`` (file:line) of the first problem."""
        report: Dict[str, Any] = {"state": self.state}
        if self.error is not None and self.error.problems:
            first = self.error.problems[0]
            report["error"] = f"{first.key}: {first.message}" if first.key else first.message
            report["at"] = first.file if first.line is None else f"{first.file}:{first.line}"
            report["problems"] = len(self.error.problems)
        if self.running:
            report["running"] = self.running
        return report


class Reload:
    """Watches the files of ``candidate`` and calls ``apply(plan, candidate)`` for each edit that can be used.

    ``begin`` is called before files are looked at, ``done`` after, with whatever came of it in :attr:`state`.
    """

    def __init__(
        self,
        current: Candidate,
        state: ConfigState,
        apply: Callable[[Plan, Candidate], None],
        begin: Callable[[], None],
        done: Callable[[], None],
    ) -> None:
        self.current, self.state = current, state
        self._apply, self._begin, self._done = apply, begin, done
        self._path = current.files.main
        self._asked = asyncio.Event()
        self._waiting: List[asyncio.Future[Dict[str, Any]]] = []
        self._watch = ConfigWatch(self._path, self._asked.set, current.disk)
        # Of its own: the loop's would start one thread more now and then.
        self._thread = ThreadPoolExecutor(1, "edge-reload")
        self._task: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        await self._watch.start()
        self._task = asyncio.get_running_loop().create_task(self._serve())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._watch.stop()
        self._thread.shutdown(wait=False)

    @property
    def alive(self) -> bool:
        """Whether an edit would be noticed."""
        return self._task is None or not self._task.done()

    def ask(self) -> None:
        """Read the files again, whether or not they have changed: what they refer to may have."""
        self._asked.set()

    async def now(self) -> Dict[str, Any]:
        """The same, and what came of it, as ConfigState reports it."""
        outcome: asyncio.Future[Dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append(outcome)
        self.ask()
        return await outcome

    async def keep(self) -> None:
        """Write down that these files work."""
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, last_good.save, state_folder(), self.current.files)
        except OSError as error:
            log.event(
                _logger, "the last good configuration cannot be kept", logging.WARNING,
                folder=str(state_folder()), reason=error.strerror,
            )  # fmt: skip

    async def _serve(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            waiting, self._waiting = self._waiting, []
            self._begin()
            try:
                await self._once()
            except Exception as error:
                # A bug of ours: the daemon goes on with what it has.
                _logger.exception("the edit could not be applied")
                what = f"internal error, see the log ({type(error).__name__}); please report it"
                self.state.reject(ConfigError([Problem(str(self._path), None, None, "", what)]))
            finally:
                # Also where the daemon ends meanwhile, as for an edit that only a new start can bring into force.
                for outcome in waiting:
                    if not outcome.done():
                        outcome.set_result(self.state.report())
            self._done()

    async def _once(self) -> None:
        found, steps = await self._look(None)
        if isinstance(found, ConfigError) or _takes_away(steps):
            files = await self._watch.settle(_SETTLE_S)
            if isinstance(found, ConfigError) or files.digest != found.files.digest:
                found, steps = await self._look(files)
        if isinstance(found, ConfigError):
            self.state.reject(found)
            return
        for line in steps.lines():
            log.event(_logger, line)
        if found.config.logging.level != self.current.config.logging.level:
            log.set_level(found.config.logging.level)
        self._apply(steps, found)
        self.current = found
        self.state.accept()
        log.event(_logger, "configuration applied", file=str(self._path), changes=len(steps.steps))
        await self.keep()

    async def _look(self, files: Optional[Files]) -> Tuple[Union[Candidate, ConfigError], Plan]:
        """What the files are good for; in a thread, since it takes a while where there are many cameras."""

        def look() -> Tuple[Union[Candidate, ConfigError], Plan]:
            try:
                candidate = read(self._path, files)
            except ConfigError as error:
                return error, Plan(())
            return candidate, plan(self.current.config, candidate.config)

        return await asyncio.get_running_loop().run_in_executor(self._thread, look)


def _takes_away(steps: Plan) -> bool:
    return any(step.op in ("remove", "disable", "restart") for step in steps.steps)


def start_up(path: Path) -> Tuple[Candidate, ConfigState]:
    """What to begin with: the files, or where they are broken what worked last. Raises ConfigError with neither."""
    state, files = ConfigState(), read_files(path)
    try:
        return read(path, files), state
    except ConfigError as error:
        kept = last_good.find(state_folder(), path)
        if kept is None:
            raise
        try:
            candidate = read(path, kept.files)._replace(disk=files)
        except ConfigError:
            raise error from None
        state.reject(error, f"the last good one, of {rfc3339(kept.saved)}")
        return candidate, state
