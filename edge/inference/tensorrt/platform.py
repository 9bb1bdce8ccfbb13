"""What an engine's key and a person want to know of this machine."""

import ctypes
import os
from typing import Any, Dict, List, Tuple

from ...boards import look
from ...errors import DeviceLost, EngineError, OutOfMemory
from ..cuda import open_device
from .api import Api, load
from .log import Log, checked, failed, make_log
from .memory import MIB, measure
from .plugins import load_plugins


def find_device() -> Tuple[Any, str]:
    """The GPU by pycuda, or None and why there is none. Close it. Raises DeviceLost, OutOfMemory: then there is one."""
    try:
        return open_device(0), ""
    except (DeviceLost, OutOfMemory):
        raise
    except EngineError as error:
        return None, str(error)


def make_builder(api: Api, log: Log) -> Any:
    """Raises EngineError, OutOfMemory or DeviceLost when the GPU does not let it."""
    mark = log.mark()
    try:
        return checked(api.trt.Builder(log.logger), log, mark, "{} cannot build here".format(api))
    except (TypeError, RuntimeError):
        # The bindings' word for a builder that is not there; the log has the reason.
        raise failed(log, mark, "{} cannot build here".format(api)) from None


def platform(order: Dict[str, Any]) -> Dict[str, Any]:
    """The answer to ``{"op": "platform"}``. ``missing`` says what could not be asked, and why."""
    api = load(order.get("module", "tensorrt"))
    log = make_log(api)
    load_plugins(api, log, order.get("plugins", []))
    device, missing = find_device()
    builder = None
    try:
        builder = make_builder(api, log)
        found = look(os.environ.get("EDGE_ROOT", "/"))
        told: Dict[str, Any] = {
            "op": "platform",
            "module": api.name,
            "tensorrt": api.version_text,
            "cuda": cuda_version(device),
            "compute_capability": "",
            "gpu": "",
            "dla_cores": int(builder.num_DLA_cores),
            "memory_mib": measure(None).total // MIB,
            "fast_fp16": _fast(api, builder, "platform_has_fast_fp16"),
            "fast_int8": _fast(api, builder, "platform_has_fast_int8"),
            "board": found.board.name,
            "l4t": found.l4t,
            "missing": missing,
        }
        if device is not None:
            told["compute_capability"] = "{}.{}".format(*device.compute_capability)
            told["gpu"] = device.name
            with device:
                told["memory_mib"] = device.memory()[1] // MIB
        return told
    finally:
        builder = None
        if device is not None:
            device.close()


def cuda_version(device: Any) -> str:
    """Of the driver, as 11.4; empty where there is none. It tells without a context, and without pycuda."""
    if device is not None:
        return "{}.{}".format(*device.driver_version)
    found = ctypes.c_int(0)
    names: List[str] = ["libcuda.so.1", "libcuda.so"]
    for name in names:
        try:
            if ctypes.CDLL(name).cuDriverGetVersion(ctypes.byref(found)) == 0 and found.value:
                return "{}.{}".format(found.value // 1000, found.value % 1000 // 10)
        except (OSError, AttributeError):
            pass
    return ""


def _fast(api: Api, builder: Any, name: str) -> Any:
    """None from TensorRT 11 on, which does not say."""
    return bool(getattr(builder, name)) if api.has("Builder", name) else None
