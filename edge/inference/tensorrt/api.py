"""The TensorRT that the workers' Python has, and what it knows: asked for by name of class and attribute.

TensorRT-RTX counts its versions from 1 and has the classes of TensorRT 11; so nothing here is decided by a number.
"""

import importlib
import re
from types import ModuleType
from typing import Any, Tuple

import numpy as np

from ...errors import EngineError, Incompatible

#: TensorRT's data types by the names of its enum. ``trt.nptype`` fails with newer numpys up to TensorRT 8.5.2.
_DTYPES = {
    "FLOAT": "float32",
    "HALF": "float16",
    "INT8": "int8",
    "INT32": "int32",
    "INT64": "int64",
    "UINT8": "uint8",
    "BOOL": "bool",
}
#: TensorRT-RTX's wheels bring the second; the first is a package around it that need not be there.
_MODULES = {"tensorrt_rtx": ("tensorrt_rtx", "tensorrt_rtx_bindings")}


class Api:
    """``trt`` is the module; ``version`` its first four numbers, missing ones 0."""

    def __init__(self, trt: ModuleType, name: str) -> None:
        self.trt: Any = trt
        self.name = name
        self.version_text = str(getattr(trt, "__version__", ""))
        self.version = _numbers(self.version_text)
        #: Tensors are spoken of by name (8.5 on), else by the numbers of bindings.
        self.names = self.has("ICudaEngine", "num_io_tensors")
        #: Precision comes from the network's own types, and there are no flags for it (11 on).
        self.strongly_typed = not self.has("BuilderFlag", "FP16")

    def has(self, class_name: str, attribute: str) -> bool:
        """Whether this TensorRT has the class, and that has the attribute."""
        return hasattr(getattr(self.trt, class_name, None), attribute)

    def __str__(self) -> str:
        return "{} {}".format("TensorRT-RTX" if self.name == "tensorrt_rtx" else "TensorRT", self.version_text)


def load(module: str = "tensorrt") -> Api:
    """Import TensorRT. Raises EngineError where this Python has none that can be imported."""
    reasons = []
    for name in _MODULES.get(module, (module,)):
        try:
            return Api(importlib.import_module(name), module)
        except Exception as error:  # a broken library raises whatever it likes
            reasons.append(" ".join(str(error).split())[:200] or type(error).__name__)
    raise EngineError(
        "{} cannot be imported by the workers' Python ({}); it comes with JetPack (package python3-libnvinfer), "
        "or name the Python that has it under workers.python".format(module, "; ".join(reasons))
    )


def numpy_dtype(api: Api, data_type: Any) -> np.dtype:
    """numpy's type for one of TensorRT's. Raises Incompatible for one that numpy does not have."""
    name = enum_name(data_type)
    try:
        return np.dtype(_DTYPES[name])
    except KeyError:
        raise Incompatible("{} has a tensor of type {}, which numpy does not have".format(api, name)) from None


def enum_name(value: Any) -> str:
    """``FLOAT`` for ``DataType.FLOAT``."""
    return str(getattr(value, "name", None) or value).rsplit(".", 1)[-1]


def _numbers(text: str) -> Tuple[int, int, int, int]:
    numbers = [int(n) for n in re.findall(r"\d+", text)[:4]] + [0] * 4
    return (numbers[0], numbers[1], numbers[2], numbers[3])
