"""Runs the builder process: asks what TensorRT there is, and builds engines into the cache, one process each."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Dict, NamedTuple, Optional

import edge
from edge import errors
from edge.daemon.process import WorkerProcess
from edge.errors import BuildFailed, EngineError, OutOfMemory
from edge.events.clock import rfc3339
from edge.models.engines.cache import Cache, Engine
from edge.models.engines.calibration import calibration_of
from edge.models.engines.platform import Platform
from edge.models.engines.recipe import Recipe, engine_key
from edge.models.engines.sidecar import Sidecar
from edge.models.verify import sha256_of
from edge.wire.channel import Message

MODULE = "edge.inference.build"
_STOP_S = 0.5
_LOOK_S = 0.5
#: Importing TensorRT and asking the GPU takes seconds on a cold Nano.
_ASK_S = 120.0
#: How far a DLA's outputs may be from the GPU's on the calibration's pictures, as a share of their range.
_DLA_BOUND = 0.1


class Progress(NamedTuple):
    """``phase``: waiting, parse, calibrate, build, write, compare. ``done``: 0 to 1; None where nobody knows."""

    phase: str
    done: Optional[float]


OnProgress = Callable[[Progress], None]


class BuilderProcess:
    """A builder process: its messages one after the other, and EngineError for its end before the last of them."""

    def __init__(self, python: str, name: str) -> None:
        self._news: asyncio.Queue[Optional[Dict[str, Any]]] = asyncio.Queue()
        self._status, self._last_words = 0, ""
        try:
            self.worker = WorkerProcess(python, MODULE, name, self._heard, self._ended)
        except OSError as error:
            raise EngineError(f"the builder cannot be started: {python}: {error.strerror}") from None

    async def messages(self) -> AsyncIterator[Dict[str, Any]]:
        while True:
            message = await self._news.get()
            if message is None:
                how = f"was killed by signal {-self._status}" if self._status < 0 else f"ended ({self._status})"
                hint = "; the kernel kills what takes too much memory: see journalctl -k" if self._status == -9 else ""
                words = f"the builder {how}{hint}{f': {self._last_words}' if self._last_words else ''}"
                raise (OutOfMemory if self._status == -9 else BuildFailed)(words)
            if message.get("op") == "end":
                kind = getattr(errors, str(message.get("error")), BuildFailed)
                known = isinstance(kind, type) and issubclass(kind, EngineError)
                raise (kind if known else BuildFailed)(str(message.get("reason")))
            yield message

    async def stop(self) -> None:
        await self.worker.stop(_STOP_S)

    def _heard(self, message: Message) -> None:
        if message.control is not None:
            self._news.put_nowait(message.control)

    def _ended(self, status: int, last_words: str) -> None:
        self._status, self._last_words = status, last_words
        self._news.put_nowait(None)


async def ask_platform(python: str, module: str = "tensorrt") -> Platform:
    """What the workers' Python and this machine have. Raises EngineError where they have no TensorRT that works."""
    return Platform.told(await _ask(python, {"op": "platform", "module": module, "plugins": []}))


async def ask_placement(python: str, recipe: Recipe, platform: Platform) -> Dict[str, bool]:
    """Of each layer whether this board's DLA takes it, as TensorRT itself says. Raises EngineError."""
    said = await _ask(python, {**recipe.order(), "op": "placement", "module": platform.module})
    return {layer["name"]: layer["dla"] for layer in said["layers"]}


async def _ask(python: str, order: Dict[str, Any]) -> Dict[str, Any]:
    """The answer to an order that is answered at once."""
    process = BuilderProcess(python, order["op"])

    async def answer() -> Dict[str, Any]:
        process.worker.send(order)
        async for message in process.messages():
            if message.get("op") == order["op"]:
                return message
        raise AssertionError("its messages end with an error")

    try:
        return await asyncio.wait_for(answer(), _ASK_S)
    except asyncio.TimeoutError:
        raise EngineError(f"{order['module']} does not answer within {_ASK_S:g} s") from None
    finally:
        await process.stop()


async def build(
    python: str,
    recipe: Recipe,
    platform: Platform,
    cache: Cache,
    on_progress: OnProgress,
) -> Engine:
    """The engine of this recipe, from the cache or built now; while another process builds it, that is waited for.

    Raises EngineError (BuildFailed, OutOfMemory, Incompatible), ModelError for files of the recipe that cannot be read,
    OSError for the cache. Cancelled or failed, it leaves nothing but the builder's log.
    """
    loop = asyncio.get_running_loop()
    ingredients = await loop.run_in_executor(None, recipe.ingredients, platform)
    key = engine_key(ingredients)
    found = await loop.run_in_executor(None, cache.find, key)
    if found is not None:
        return found  # without the lock: it is there on a disk that cannot be written, too
    lock = cache.try_lock(key)
    while lock is None:
        on_progress(Progress("waiting", None))
        await asyncio.sleep(_LOOK_S)
        lock = cache.try_lock(key)
    try:
        found = await loop.run_in_executor(None, cache.find, key)
        if found is not None:
            return found
        place = cache.place_for(key)
        try:
            built = await _run(python, recipe, platform, cache, key, place, on_progress)
            if await loop.run_in_executor(None, recipe.ingredients, platform) != ingredients:
                raise BuildFailed(f"{recipe.name}: its files were changed while it was built; build it again")
            digest = await loop.run_in_executor(None, sha256_of, place)
            sidecar = Sidecar(
                key=key, ingredients=ingredients, plan_sha256=digest, plan_bytes=place.stat().st_size,
                name=recipe.name, built=rfc3339(time.time()), seconds=float(built["seconds"]), edge=edge.__version__,
                power_mode=power_mode(), log_digest=str(built.get("log_digest", "")), layers=built.get("layers", []),
                placement=built.get("placement", {}), warnings=built.get("warnings", []),
                compared=built.get("compared"),
            )  # fmt: skip
            return cache.keep(place, sidecar)
        finally:
            if place.exists():
                place.unlink()
    finally:
        os.close(lock)


async def _run(
    python: str,
    recipe: Recipe,
    platform: Platform,
    cache: Cache,
    key: str,
    place: Path,
    on_progress: OnProgress,
) -> Dict[str, Any]:
    order = {
        **recipe.order(),
        "op": "build",
        "module": platform.module,
        "plan": str(place),
        "timing_cache": str(cache.timing_cache),
        "calibration": None,
        "memory_limit_mib": None,
        "log": str(cache.log(key)),
        "compare": None,
    }
    if recipe.calibration is not None:
        order["calibration"] = {"cache": str(recipe.calibration), "pictures": "", "batch": 1}
    pictures = calibration_of(recipe.onnx).pictures
    if recipe.device == "dla" and pictures.is_file():
        order["compare"] = {"pictures": str(pictures), "bound": _DLA_BOUND}
    process = BuilderProcess(python, f"build {recipe.name}")
    try:
        process.worker.send(order)
        async for message in process.messages():
            if message.get("op") == "progress":
                on_progress(Progress(message["phase"], message["done"]))
            elif message.get("op") == "built":
                return message
    finally:
        await process.stop()
    raise AssertionError("its messages end with an error")


def power_mode(root: str = os.environ.get("EDGE_ROOT", "/")) -> str:
    """The board's power mode as nvpmodel keeps it (``0000``): an engine is tuned for the clocks of its build."""
    try:
        text = Path(root, "var/lib/nvpmodel/status").read_text().strip()
    except OSError:
        return ""
    return text.partition(":")[2] if text.startswith("pmode:") else ""
