"""TensorRT's own plugins, and those that a user names by path."""

import ctypes
import os
from typing import Any, List, Sequence

from ...errors import EngineError
from .api import Api
from .log import Log, checked

# What was loaded stays loaded: a creator whose library is gone takes the process with it.
_kept: List[Any] = []


def load_plugins(api: Api, log: Log, paths: Sequence[str]) -> None:
    """Before a network is parsed or an engine read. Raises EngineError that names the library."""
    mark = log.mark()
    if hasattr(api.trt, "init_libnvinfer_plugins"):
        checked(api.trt.init_libnvinfer_plugins(log.logger, ""), log, mark, "TensorRT's own plugins cannot be loaded")
    for path in paths:
        if not os.path.isfile(path):
            raise EngineError("{}: there is no such plugin library".format(path))
        _kept.append(_load(api, path))


def _load(api: Api, path: str) -> Any:
    """The registry's way where there is one (8.6 on). A library without the functions which that asks for registers its
    plugins when it is loaded, as they all do before."""
    if api.has("IPluginRegistry", "load_library"):
        handle = api.trt.get_plugin_registry().load_library(path)
        if handle is not None:
            return handle
    try:
        return ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
    except OSError as error:
        words = " ".join(str(error).split())[:200]
        raise EngineError(
            "{}: the plugin library cannot be loaded ({}); it must be built for this machine and {}".format(
                path, words, api
            )
        ) from None
