"""Gives each model what its lanes run: ONNX Runtime's options at once, TensorRT's engines as soon as they are built.

One engine is built at a time, in a process of its own; cameras are online meanwhile, and the state says how far it is.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import subprocess
import sys
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple, Union

from edge import log
from edge.daemon.builder import Progress, ask_platform, build
from edge.errors import EdgeError, EngineError, OutOfMemory
from edge.models.engines.cache import Cache, Engine
from edge.models.engines.platform import Platform
from edge.models.engines.resolve import EngineWish, Wanted, end_plans, wanted
from edge.models.folders import state_folder

_logger = logging.getLogger("edge.engines")
_FIND_S = 30.0
#: Memory may be there again when others have ended.
_RETRY_S = 300.0


class Given(NamedTuple):
    """``lanes``: options, one dict a lane; empty where there are none, and ``reason`` says why. ``notes``: what was
    left out, and why."""

    lanes: List[Dict[str, Any]]
    reason: str = ""
    notes: Tuple[str, ...] = ()


Told = Callable[[Progress], None]
Done = Callable[[Given], None]


class Engines:
    """``python``: the workers' interpreter. ``threads``: of ONNX Runtime's lanes."""

    def __init__(self, python: str, threads: Union[int, str], cache: Optional[Cache] = None) -> None:
        self._python = python
        self.threads = threads
        self._cache = cache or Cache(on_aside=_put_aside)
        self._tensorrt: Optional[bool] = None
        self._asking: Optional[asyncio.Task[Platform]] = None
        self._turn = asyncio.Lock()
        self._tasks: Dict[int, asyncio.Task[None]] = {}
        self._refused: Set[Tuple[int, str]] = set()
        self._cleaned = False

    def at_once(self, wish: EngineWish) -> Optional[List[Dict[str, Any]]]:
        """The lanes of a model that needs no engine; None for one that does."""
        if wish.backend == "tensorrt" or (wish.backend == "auto" and self._has_tensorrt()):
            return None
        return [self._onnxruntime(wish)]

    def want(self, number: int, model: Dict[str, Any], wish: EngineWish, told: Told, done: Done) -> None:
        """Get the engines of ``model``; ``told`` hears how far that is, ``done`` what came of it."""
        self._tasks[number] = asyncio.get_running_loop().create_task(self._get(number, model, wish, told, done))

    def drop(self, number: int) -> None:
        """Nobody wants them any more."""
        task = self._tasks.pop(number, None)
        if task is not None:
            task.cancel()

    async def stop(self) -> None:
        """End the builds."""
        end_plans()
        tasks = list(self._tasks.values())
        for number in list(self._tasks):
            self.drop(number)
        if self._asking is not None:
            self._asking.cancel()
            tasks.append(self._asking)  # type: ignore[arg-type]
        await asyncio.gather(*tasks, return_exceptions=True)

    def refuse(self, number: int, lane: Dict[str, Any], reason: str) -> bool:
        """This lane's engine could not be loaded: put it aside. Whether building it anew may help: not twice."""
        key = lane.get("key")
        if key is None:
            return False
        try:
            if self._cache.holds(key, lane["plan_sha256"]):  # else another model that uses it was sooner
                self._cache.put_aside(key, reason)
        except OSError as error:
            log.event(_logger, "engine cannot be put aside", logging.ERROR, key=key[:12], reason=str(error))
            return False
        again = (number, key) not in self._refused
        self._refused.add((number, key))
        return again

    def forgive(self, number: int) -> None:
        """The model runs: what is refused from now on is another fault."""
        self._refused = {refused for refused in self._refused if refused[0] != number}

    async def _get(self, number: int, model: Dict[str, Any], wish: EngineWish, told: Told, done: Done) -> None:
        while True:
            try:
                given = await self._given(model, wish, told)
            except (OutOfMemory, OSError) as error:
                words = str(error)
                if isinstance(error, OSError):
                    words = f"{self._cache.folder}: {(error.strerror or words).lower()}: free or mend that disk"
                done(Given([], f"{words}; tried again in {_RETRY_S / 60:.0f} minutes"))
                await asyncio.sleep(_RETRY_S)
                continue
            except EdgeError as error:
                given = Given([], str(error))
            except Exception as error:  # a bug; the model must not be said to be built for ever
                _logger.exception("engines of %s", model["name"])
                given = Given([], f"{type(error).__name__}, which is a bug: see the log")
            break
        self._tasks.pop(number, None)
        done(given)

    async def _given(self, model: Dict[str, Any], wish: EngineWish, told: Told) -> Given:
        try:
            platform = await self._platform()
        except EngineError as error:
            if wish.backend == "tensorrt":
                raise
            return Given([self._onnxruntime(wish)], notes=(f"TensorRT cannot be used: {error}",))
        loop = asyncio.get_running_loop()
        if not self._cleaned:
            self._cleaned = True
            await loop.run_in_executor(None, self._clean)
        lanes: List[Dict[str, Any]] = []
        notes: List[str] = []
        for want in await loop.run_in_executor(None, wanted, model, wish, platform, notes):
            try:
                engine = await self._engine(want, platform, told)
            except (EngineError, OSError) as error:
                if not want.target.optional:
                    raise
                notes.append(f"not on the {want.target.device.upper()}: {error}")
                continue
            notes += engine.sidecar.warnings
            lanes += [lane(want, engine, platform, device) for device in want.target.lanes]
        return Given(lanes, notes=tuple(notes))

    def _clean(self) -> None:
        """Take away what a power cut left of builds."""
        try:
            self._cache.remove(self._cache.leftovers())
        except OSError:
            pass  # a disk that cannot be written; whoever wants to build hears of it

    async def _engine(self, want: Wanted, platform: Platform, told: Told) -> Engine:
        recipe = want.recipe
        told(Progress("waiting", None))
        async with self._turn:
            log.event(
                _logger, "engine wanted", model=recipe.name, device=recipe.device, precision=recipe.precision
            )  # fmt: skip
            engine = await build(self._python, recipe, platform, self._cache, told)
        log.event(
            _logger, "engine ready", model=recipe.name, device=recipe.device, precision=recipe.precision,
            built=engine.sidecar.built, key=engine.sidecar.key[:12],
        )  # fmt: skip
        return engine

    async def _platform(self) -> Platform:
        """Asked once, by whoever needs it first."""
        if self._asking is None or (self._asking.done() and self._asking.exception() is not None):
            self._asking = asyncio.get_running_loop().create_task(ask_platform(self._python))
        platform = await asyncio.shield(self._asking)
        if platform.missing:
            self._asking = None  # a GPU may be late at boot
            raise EngineError(platform.missing)
        return platform

    def _has_tensorrt(self) -> bool:
        if self._tensorrt is None:
            self._tensorrt = _finds_tensorrt(self._python)
        return self._tensorrt

    def _onnxruntime(self, wish: EngineWish) -> Dict[str, Any]:
        """What an ONNX Runtime lane is told. ``auto`` leaves half of the cores to the decoders."""
        cores = len(os.sched_getaffinity(0))
        threads = max(1, cores // 2) if self.threads == "auto" else int(self.threads)
        return {"backend": "onnxruntime", "threads": threads, "batch": wish.batch}


def lane(want: Wanted, engine: Engine, platform: Platform, device: str) -> Dict[str, Any]:
    """What a TensorRT lane is told; ``key`` is for this side."""
    return {
        "backend": "tensorrt",
        "module": platform.module,
        "plan": str(engine.plan),
        "plan_sha256": engine.sidecar.plan_sha256,
        "key": engine.sidecar.key,
        "device": device,
        "batch": want.recipe.batch.max,
        "plugins": [str(plugin) for plugin in want.recipe.plugins],
        "kernels": str(state_folder() / "kernels"),
    }


def _put_aside(key: str, reason: str) -> None:
    log.event(_logger, "engine put aside", logging.WARNING, key=key[:12], reason=reason)


def _finds_tensorrt(python: str) -> bool:
    """Whether that interpreter has TensorRT, without importing it: that takes seconds, and most machines have none."""
    if python == sys.executable:
        return importlib.util.find_spec("tensorrt") is not None
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorrt') is None)"
    try:
        return subprocess.run([python, "-c", look], timeout=_FIND_S, capture_output=True).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
