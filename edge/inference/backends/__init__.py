"""What runs a network. ``open_backend`` picks one; each is imported only when it is used."""

from typing import Any, Dict

from ...errors import EngineError
from .base import Backend, Preparer, Query, Slot

__all__ = ["Backend", "Preparer", "Query", "Slot", "open_backend"]


def open_backend(name: str, model: Dict[str, Any], options: Dict[str, Any]) -> Backend:
    """Load ``model`` (a ModelSpec's worker dict) on backend ``name``. Raises EngineError."""
    if name == "onnxruntime":
        try:
            from .onnxruntime import OnnxRuntime
        except ImportError as error:
            raise EngineError(
                "onnxruntime cannot be imported by the workers' Python ({}); install it there: pip install "
                "onnxruntime".format(error)
            ) from error
        return OnnxRuntime(model, options)
    if name == "tensorrt":
        from .tensorrt import TensorRT

        return TensorRT(model, options)
    raise EngineError("there is no backend {!r}; there are onnxruntime and tensorrt".format(name))
