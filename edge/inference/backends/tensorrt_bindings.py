"""Running an engine whose tensors are numbered bindings: TensorRT 8.2 to 8.4.

Each optimisation profile has bindings of its own: those of profile p come after all those of the profiles before.
"""

from typing import Any, Dict, List, Tuple

from ..tensorrt.api import Api, enum_name, numpy_dtype
from .tensorrt_tensor import Tensor


class BoundEngine:
    """Answers as ``NamedEngine`` does."""

    def __init__(self, api: Api, engine: Any) -> None:
        self._api, self._engine = api, engine
        self._count = engine.num_bindings // max(1, engine.num_optimization_profiles)
        self._names = [str(engine.get_binding_name(i)) for i in range(self._count)]

    def tensors(self) -> List[Tensor]:
        return [self._tensor(i) for i in range(self._count)]

    def _tensor(self, index: int) -> Tensor:
        engine = self._engine
        plain = (
            engine.get_location(index) == self._api.trt.TensorLocation.DEVICE
            and not engine.is_shape_binding(index)
            and enum_name(engine.get_binding_format(index)) == "LINEAR"
        )
        return Tensor(
            self._names[index], bool(engine.binding_is_input(index)), tuple(engine.get_binding_shape(index)),
            numpy_dtype(self._api, engine.get_binding_dtype(index)), plain,
        )  # fmt: skip

    def largest(self, name: str) -> Tuple[int, ...]:
        return tuple(self._engine.get_profile_shape(0, self._names.index(name))[2])

    def run(self, context: Any, profile: int) -> "BoundRun":
        return BoundRun(context, self._names, profile * self._count, self._engine.num_bindings)


class BoundRun:
    def __init__(self, context: Any, names: List[str], first: int, count: int) -> None:
        self.context = context
        self._index = {name: first + i for i, name in enumerate(names)}
        self._addresses = [0] * count
        #: What it is set to: rows of a batch, the outputs' shapes by rows, and whose memory.
        self.rows = 0
        self.known: Dict[int, Dict[str, Tuple[int, ...]]] = {}
        self.bound: Any = None

    def set_shape(self, name: str, shape: Tuple[int, ...]) -> bool:
        return bool(self.context.set_binding_shape(self._index[name], shape))

    def shape(self, name: str) -> Tuple[int, ...]:
        return tuple(self.context.get_binding_shape(self._index[name]))

    def bind(self, addresses: Dict[str, int]) -> bool:
        for name, address in addresses.items():
            self._addresses[self._index[name]] = address
        return True

    def start(self, stream: int) -> bool:
        return bool(self.context.execute_async_v2(self._addresses, stream))
