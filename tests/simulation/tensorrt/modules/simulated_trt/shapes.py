"""A context's profile, and its inputs' and outputs' shapes."""

from typing import Any, Dict, List, Tuple

from simulated_gpu import board

from .base import Native
from .engine import ICudaEngine
from .log import fail, say

Shape = Tuple[int, ...]


class Shapes(Native):
    def __init__(self, engine: ICudaEngine) -> None:
        super().__init__()
        self._profile = -1
        self._engine, self._logger = engine, engine._logger
        self._shapes: Dict[str, Shape] = {}
        self._take(0, at_first=True)

    engine = property(lambda self: self._engine)
    active_optimization_profile = property(lambda self: self._profile)

    # Profiles: up to 9 a context of an engine with dynamic shapes has one to itself.

    def _leave(self) -> None:
        if self._engine._taken.get(self._profile) == id(self):
            del self._engine._taken[self._profile]

    def _take(self, profile: int, at_first: bool = False) -> bool:
        taken = self._engine._taken
        if board.VERSION < (10,) and self._engine._dynamic and taken.get(profile, id(self)) != id(self):
            if at_first:
                text = "Could not set default profile 0 for execution context. Profile index must be set explicitly."
                say(self._logger, "WARNING", text)
            else:
                text = f"Profile {profile} has been chosen by another IExecutionContext. Use another profileIndex or "
                self._fail("setOptimizationProfileAsync", text + "destroy the IExecutionContext that use this profile.")
            return False
        self._leave()
        self._profile = profile
        taken[profile] = id(self)
        self._shapes = {t["name"]: tuple(t["shape"]) for t in self._engine._inputs if -1 not in t["shape"]}
        return True

    def set_optimization_profile_async(self, profile_index: int, stream_handle: int) -> bool:
        if not 0 <= profile_index < len(self._engine._profiles):
            return self._fail("setOptimizationProfileAsync", f"profile {profile_index} is not within the engine's")
        return self._take(profile_index)

    # Shapes.

    def _set_shape(self, name: str, shape: Shape, call: str) -> bool:
        tensor = self._engine._io[name]
        if tensor not in self._engine._inputs:
            return self._fail(call, f"{name} is no input")
        if self._profile < 0:
            return self._fail(call, "Cannot set an input's shape before an optimization profile is chosen.")
        if len(shape) != len(tensor["shape"]):
            text = f"Dimension mismatch of {name}: {_list(shape)} for {_list(tensor['shape'])}"
            return self._fail(call, f"Parameter check failed, condition: engineDims.nbDims == dims.nbDims. {text}")
        low, _, high = self._engine._profiles[self._profile][name]
        for place, (side, mine) in enumerate(zip(shape, tensor["shape"])):
            if mine != -1 and side != mine:
                text = f"Static dimension mismatch while setting input shape of {name}: {_list(shape)}"
                text = f"Parameter check failed, condition: engineDims.d[i] == dims.d[i]. {text}"
                return self._fail(call, text)
            if not low[place] <= side <= high[place]:
                text = (
                    f"Supplied binding dimension {_list(shape)} for {name} exceed min ~ max range at index {place}, "
                    f"maximum dimension in profile is {high[place]}, minimum dimension in profile is {low[place]}, but "
                    f"supplied dimension is {side}."
                )
                return self._fail(call, f"Parameter check failed, condition: profile. {text}")
        self._shapes[name] = shape
        return True

    def _missing(self) -> List[str]:
        return [t["name"] for t in self._engine._inputs if t["name"] not in self._shapes]

    def _shape(self, name: str) -> Shape:
        """-1 where it is not settled yet."""
        if name in self._shapes:
            return self._shapes[name]
        tensor = self._engine._io[name]
        if self._missing() or tensor in self._engine._inputs:
            return tuple(tensor["shape"])
        return self._engine._output_shapes(self._shapes)[name]

    def _fail(self, call: str, text: str, code: int = 3) -> bool:
        fail(self._logger, code, f"executionContext.cpp::{call}::2068", f"IExecutionContext::{call}", text)
        return False


def strides(shape: Shape) -> List[int]:
    found = [1]
    for side in reversed(shape[1:]):
        found.insert(0, found[0] * max(1, side))
    return found[: len(shape)]


def _list(shape: Any) -> str:
    return "[" + ",".join(str(side) for side in shape) + "]"
