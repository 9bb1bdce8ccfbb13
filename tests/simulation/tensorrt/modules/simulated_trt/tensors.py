"""An engine's inputs and outputs: by number, as bindings up to 9, and by name, from 8.5 on."""

from typing import Any, Dict, List, Optional, Union

from .base import Dims, Native
from .enums import MADE, DataType, TensorFormat, TensorLocation
from .log import fail


class Tensors(Native):
    """``header``: the plan's, with inputs, outputs and profiles."""

    def __init__(self, header: Dict[str, Any], logger: Any) -> None:
        super().__init__()
        # Like the real one it needs no runtime any more, but a logger.
        self._logger = logger
        self._inputs: List[Dict[str, Any]] = header["inputs"]
        self._outputs: List[Dict[str, Any]] = header["outputs"]
        self._io = {tensor["name"]: tensor for tensor in self._inputs + self._outputs}
        self._names = [tensor["name"] for tensor in self._inputs + self._outputs]
        self._profiles: List[Dict[str, Any]] = header["profiles"]

    num_optimization_profiles = property(lambda self: len(self._profiles))
    num_io_tensors = property(lambda self: len(self._names))
    num_bindings = property(lambda self: len(self._names) * len(self._profiles))

    # Bindings: by number, a set of all for each profile.

    def __len__(self) -> int:
        return int(self.num_bindings)

    def __getitem__(self, key: Union[int, str]) -> Any:
        if isinstance(key, str):
            return self.get_binding_index(key)
        if not 0 <= key < self.num_bindings:
            raise IndexError("Out of bounds")
        return self.get_binding_name(key)

    def get_binding_name(self, index: int) -> Optional[str]:
        if not 0 <= index < self.num_bindings:
            return None
        profile, place = divmod(index, len(self._names))
        return self._names[place] + (f" [profile {profile}]" if profile else "")

    def get_binding_index(self, name: str) -> int:
        return next((n for n in range(self.num_bindings) if self.get_binding_name(n) == name), -1)

    def _tensor_of(self, key: Union[int, str]) -> Dict[str, Any]:
        """A tensor by its name, or by its binding's number or name."""
        if isinstance(key, str):
            key = key.split(" [profile ")[0]
            if key not in self._io:
                raise IndexError(f"no tensor has the name {key}")
            return self._io[key]
        return self._io[self._names[key % len(self._names)]]

    def binding_is_input(self, binding: Union[int, str]) -> bool:
        return self._tensor_of(binding) in self._inputs

    def get_binding_shape(self, binding: Union[int, str]) -> Any:
        return Dims(self._tensor_of(binding)["shape"])

    def get_binding_dtype(self, binding: Union[int, str]) -> Any:
        return DataType.__members__[self._tensor_of(binding)["kind"]]

    def get_location(self, binding: Union[int, str]) -> Any:
        return TensorLocation.DEVICE

    def get_binding_format(self, index: int) -> Any:
        return TensorFormat.LINEAR

    def get_binding_format_desc(self, index: int) -> str:
        return "Row major linear FP32 format (kLINEAR)"

    def get_binding_bytes_per_component(self, index: int) -> int:
        return -1

    def get_binding_components_per_element(self, index: int) -> int:
        return -1

    def get_binding_vectorized_dim(self, index: int) -> int:
        return -1

    def is_shape_binding(self, binding: int) -> bool:
        return False

    def is_execution_binding(self, binding: int) -> bool:
        return True

    def get_profile_shape(self, profile_index: int, binding: Union[int, str]) -> List[Any]:
        return [Dims(shape) for shape in self._profiles[profile_index].get(self._tensor_of(binding)["name"], [])]

    def get_profile_shape_input(self, profile_index: int, binding: Any) -> List[Any]:
        raise RuntimeError("it is no shape binding")

    # Tensors: by name.

    def get_tensor_name(self, index: int) -> Optional[str]:
        return self._names[index] if 0 <= index < len(self._names) else None

    def _asked(self, name: str, call: str) -> Optional[Dict[str, Any]]:
        if name not in self._io:
            text = f"Given invalid tensor name: {name}. Get valid tensor names with getIOTensorName()"
            fail(self._logger, 3, f"engine.cpp::{call}::2410", f"ICudaEngine::{call}", text)
        return self._io.get(name)

    def get_tensor_mode(self, name: str) -> Any:
        found, modes = self._asked(name, "getTensorIOMode"), MADE["TensorIOMode"]
        return modes.NONE if found is None else modes.INPUT if found in self._inputs else modes.OUTPUT

    def get_tensor_shape(self, name: str) -> Any:
        found = self._asked(name, "getTensorShape")
        return Dims([-1] if found is None else found["shape"])

    def get_tensor_dtype(self, name: str) -> Any:
        found = self._asked(name, "getTensorDataType")
        return DataType.FLOAT if found is None else DataType.__members__[found["kind"]]

    def get_tensor_location(self, name: str) -> Any:
        return TensorLocation.DEVICE

    def get_tensor_format(self, name: str, profile_index: int = 0) -> Any:
        return TensorFormat.LINEAR

    def get_tensor_format_desc(self, name: str, profile_index: int = 0) -> str:
        return "Row major linear FP32 format (kLINEAR)"

    def get_tensor_bytes_per_component(self, name: str, profile_index: int = 0) -> int:
        return -1

    get_tensor_components_per_element = get_tensor_vectorized_dim = get_tensor_bytes_per_component

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> List[Any]:
        return [Dims(shape) for shape in self._profiles[profile_index].get(name, [])]

    def get_tensor_profile_values(self, name: str, profile_index: int) -> List[Any]:
        return []

    def is_shape_inference_io(self, name: str) -> bool:
        return False
