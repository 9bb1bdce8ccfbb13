"""Plugin libraries and small interfaces that a caller may derive from. No plugin computes here."""

import ctypes
from typing import Any, List

from simulated_gpu import board

from .base import Native, Value
from .log import say


class IPluginRegistry(Native):
    error_recorder = Value()
    parent_search_enabled = Value(True)

    def __init__(self) -> None:
        super().__init__()
        self._libraries: List[Any] = []

    plugin_creator_list = property(lambda self: [])
    all_creators = property(lambda self: [])
    all_creators_recursive = property(lambda self: [])

    def load_library(self, plugin_path: str) -> Any:
        """A handle, or None for what cannot be loaded."""
        try:
            self._libraries.append(ctypes.CDLL(plugin_path))
        except OSError:
            return None
        return self._libraries[-1]

    def deregister_library(self, handle: Any) -> None:
        self._libraries.remove(handle)

    def get_plugin_creator(self, type: str, version: str, plugin_namespace: str = "") -> Any:
        return None

    def get_creator(self, type: str, version: str, plugin_namespace: str = "") -> Any:
        return None

    def register_creator(self, creator: Any, plugin_namespace: str = "") -> bool:
        return False

    def deregister_creator(self, creator: Any) -> bool:
        return False


_registry = IPluginRegistry()


def get_plugin_registry() -> IPluginRegistry:
    return _registry


def get_builder_plugin_registry(capability: Any) -> IPluginRegistry:
    return _registry


def init_libnvinfer_plugins(logger: Any, namespace: str) -> bool:
    if board.VERSION < (10,):
        say(logger, "VERBOSE", "Registered plugin creator - ::EfficientNMS_TRT version 1")
    return True


class IProfiler(Native):
    def report_layer_time(self, layer_name: str, ms: float) -> None:
        raise NotImplementedError


class Profiler(IProfiler):
    def report_layer_time(self, layer_name: str, ms: float) -> None:
        print(f"{layer_name}: {ms}ms")


class IProgressMonitor(Native):
    def phase_start(self, phase_name: str, parent_phase: Any, num_steps: int) -> None:
        raise NotImplementedError

    def step_complete(self, phase_name: str, step: int) -> bool:
        raise NotImplementedError

    def phase_finish(self, phase_name: str) -> None:
        raise NotImplementedError


class IErrorRecorder(Native):
    MAX_DESC_LENGTH = 127

    def num_errors(self) -> int:
        raise NotImplementedError

    get_error_code = get_error_desc = has_overflowed = clear = report_error = num_errors


class IGpuAllocator(Native):
    def allocate(self, size: int, alignment: int, flags: int) -> int:
        raise NotImplementedError

    reallocate = deallocate = free = allocate_async = deallocate_async = allocate


class IOutputAllocator(Native):
    tensorrt_version = property(lambda self: int("".join(board.RELEASE.version.split(".")[:3])))

    def reallocate_output(self, tensor_name: str, memory: int, size: int, alignment: int) -> int:
        raise NotImplementedError

    def notify_shape(self, tensor_name: str, shape: Any) -> None:
        raise NotImplementedError
