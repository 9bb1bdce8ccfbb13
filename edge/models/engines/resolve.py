"""From what is asked of a model, and what there is, to the engines to have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

from edge.config import ModelConfig
from edge.errors import EngineError, ModelError
from edge.models.dla.boards import BOARDS
from edge.models.engines.calibration import calibration_of
from edge.models.engines.choose import Fit, Target, Wish, targets
from edge.models.engines.platform import Platform
from edge.models.engines.recipe import Batch, Recipe
from edge.models.onnx_header import read_header

_PLAN_S = 120.0
#: Planners that run now; whoever stops need not wait for them.
_plans: Set[subprocess.Popen[str]] = set()


class EngineWish(NamedTuple):
    """A model's section in the configuration, as far as engines go. ``batch``: the most pictures in one run."""

    backend: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    batch: int = 4
    plugins: Tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: ModelConfig) -> EngineWish:
        return cls(entry.backend, entry.device, entry.precision, int(entry.batch), tuple(entry.plugins))


class Wanted(NamedTuple):
    """An engine to have, and the lanes that run it."""

    target: Target
    recipe: Recipe


def wanted(
    model: Dict[str, Any], wish: EngineWish, platform: Platform, notes: Optional[List[str]] = None
) -> List[Wanted]:
    """The engines of ``model`` (a ModelSpec's worker dict), the one that counts first.

    To ``notes`` is added why the DLA was not thought of, where that could not be judged. Raises EngineError for what
    was asked for by name and cannot be had, ModelError for files that cannot be read.
    """
    onnx = Path(model["onnx"])
    ranges = calibration_of(onnx).found(platform)

    def fit(precision: str) -> Optional[Fit]:
        if precision == "best":
            precision = "fp16" if ranges is None else "int8"
        found = _placement(onnx, model["input"].get("size"), platform, precision)
        if isinstance(found, str):
            if notes is not None:
                notes.append(f"not on the DLA: {found}")
            return None
        return found

    return [
        Wanted(target, _recipe(model, wish, target, ranges if target.precision in ("int8", "best") else None))
        for target in targets(Wish(wish.device, wish.precision, ranges is not None), platform, fit)
    ]


def end_plans() -> None:
    """End the planners that run."""
    for planner in list(_plans):
        planner.kill()


def _placement(onnx: Path, size: Optional[Sequence[int]], platform: Platform, precision: str) -> Union[Fit, str]:
    """What the rules say of it on this board's DLA; in words why they say nothing."""
    board = next((key for key, known in BOARDS.items() if known.name == platform.board), None)
    if board is None:
        return f"no rules are known for {platform.board or 'this board'}"
    release = ".".join(part for part in platform.tensorrt.split(".")[:3] if part.isdigit())
    # A process of its own: see there.
    command = [sys.executable, "-m", "edge.models.dla", str(onnx), board, release, precision, *map(str, size or ())]
    try:
        planner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        return str(error)
    _plans.add(planner)
    try:
        said, wrong = planner.communicate(timeout=_PLAN_S)
    except subprocess.TimeoutExpired:
        planner.kill()
        planner.communicate()
        return f"the planner has not answered within {_PLAN_S:g} s"
    finally:
        _plans.discard(planner)
    if planner.returncode:
        return (wrong.strip().splitlines() or [f"the planner ended with {planner.returncode}"])[-1]
    found = json.loads(said)
    return Fit(found["dla_share"], found["switches"], BOARDS[board].generation)


def _recipe(model: Dict[str, Any], wish: EngineWish, target: Target, ranges: Optional[Path]) -> Recipe:
    plugins = tuple(Path(plugin) for plugin in wish.plugins)
    for plugin in plugins:
        if not plugin.is_file():
            raise ModelError(f"plugins: no file {plugin}")
    onnx = Path(model["onnx"])
    return Recipe(
        name=model["name"], onnx=onnx, input=model["input"], precision=target.precision, device=target.device,
        batch=_batch(onnx, wish.batch, target.device), plugins=plugins, calibration=ranges,
    )  # fmt: skip


def _batch(onnx: Path, most: int, device: str) -> Batch:
    """What the network leaves open up to ``most``; on a DLA, which runs a batch as it was built, one picture."""
    shape = read_header(onnx).inputs[0].shape
    if shape is None:
        raise EngineError(f"{onnx}: its input has no shape")
    fixed = shape[0]
    if isinstance(fixed, int):
        return Batch(fixed, fixed, fixed)
    return Batch(1, 1, 1) if device == "dla" else Batch(1, most, most)
