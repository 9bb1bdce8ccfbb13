"""Running an engine whose tensors are spoken of by name: TensorRT 8.5 and later."""

from typing import Any, Dict, List, Tuple

from ..tensorrt.api import Api, enum_name, numpy_dtype
from .tensorrt_tensor import Tensor


class NamedEngine:
    """Answers as ``BoundEngine`` does. Results are TensorRT's own: None or False is for the caller to tell of."""

    def __init__(self, api: Api, engine: Any) -> None:
        self._api, self._engine = api, engine

    def tensors(self) -> List[Tensor]:
        """Inputs and outputs in the engine's order. Raises Incompatible for a type that numpy does not have."""
        return [self._tensor(self._engine.get_tensor_name(i)) for i in range(self._engine.num_io_tensors)]

    def _tensor(self, name: str) -> Tensor:
        engine = self._engine
        mode = engine.get_tensor_mode(name)
        plain = (
            engine.get_tensor_location(name) == self._api.trt.TensorLocation.DEVICE
            and not engine.is_shape_inference_io(name)
            and enum_name(engine.get_tensor_format(name)) == "LINEAR"
        )
        return Tensor(
            name, mode == self._api.trt.TensorIOMode.INPUT, tuple(engine.get_tensor_shape(name)),
            numpy_dtype(self._api, engine.get_tensor_dtype(name)), plain,
        )  # fmt: skip

    def largest(self, name: str) -> Tuple[int, ...]:
        """The first profile's largest shape of an input."""
        return tuple(self._engine.get_tensor_profile_shape(name, 0)[2])

    def run(self, context: Any, profile: int) -> "NamedRun":
        return NamedRun(context)


class NamedRun:
    """An execution context. ``profile`` has been set on it."""

    def __init__(self, context: Any) -> None:
        self.context = context
        #: What it is set to: rows of a batch, the outputs' shapes by rows, and whose memory.
        self.rows = 0
        self.known: Dict[int, Dict[str, Tuple[int, ...]]] = {}
        self.bound: Any = None

    def set_shape(self, name: str, shape: Tuple[int, ...]) -> bool:
        return bool(self.context.set_input_shape(name, shape))

    def shape(self, name: str) -> Tuple[int, ...]:
        return tuple(self.context.get_tensor_shape(name))

    def bind(self, addresses: Dict[str, int]) -> bool:
        return all(self.context.set_tensor_address(name, address) for name, address in addresses.items())

    def start(self, stream: int) -> bool:
        return bool(self.context.execute_async_v3(stream))
