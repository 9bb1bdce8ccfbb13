"""The runtime: plans become engines, or are refused with the words of the real one."""

from typing import Any, Dict, Optional

from simulated_gpu import board, faults
from simulated_gpu.errors import CudaFault

from . import plugins
from .base import Native, Value
from .engine import ICudaEngine, loaded
from .log import fail, register, say
from .plan import Damaged, unpack


class Runtime(Native):
    error_recorder = Value()
    gpu_allocator = Value()
    max_threads = Value(1, int)
    engine_host_code_allowed = Value(False, bool)
    temporary_directory = Value("", str)
    tempfile_control_flags = Value(3, int)

    def __init__(self, logger: Any) -> None:
        super().__init__()
        self._logger = register(logger, "InferRuntime")
        self._core = -1

    logger = property(lambda self: self._logger)
    num_DLA_cores = property(lambda self: board.DLA_CORES)

    @property
    def DLA_core(self) -> int:
        return self._core

    @DLA_core.setter
    def DLA_core(self, core: int) -> None:
        if not 0 <= core < max(1, board.DLA_CORES):
            text = f"Parameter check failed, condition: dlaCore >= 0 && dlaCore < {board.DLA_CORES}"
            fail(self._logger, 3, "runtime.cpp::setDLACore::22", "IRuntime::setDLACore", text)
            return
        self._core = int(core)

    def get_plugin_registry(self) -> Any:
        return plugins.get_plugin_registry()

    def load_runtime(self, path: str) -> Any:
        return None

    def deserialize_cuda_engine(self, serialized_engine: Any) -> Optional[ICudaEngine]:
        order = faults.ordered("deserialize", "none")
        try:
            if order is not None:
                raise Damaged(order or "by order")
            header, data = unpack(bytes(serialized_engine))
        except Damaged as error:
            text = f"Serialization assertion magicTagRead == kMAGIC_TAG failed.Magic tag does not match [{error}]"
            return self._refuse(1, "stdArchiveReader.cpp::StdArchiveReader::32", text, "Serialization")
        if header["tensorrt"] != board.RELEASE.version:
            text = (
                "Serialization assertion stdVersionRead == serializationVersion failed.Version tag does not match. "
                f"Note: Current Version: {_tag(board.RELEASE.version)}, Serialized Engine Version: "
                f"{_tag(header['tensorrt'])}"
            )
            return self._refuse(1, "stdArchiveReader.cpp::StdArchiveReader::40", text, "Serialization")
        built, mine = ("{}.{}".format(*pair) for pair in (header["compute"], board.BOARD.compute))
        if built != mine:
            text = "The engine plan file is generated on an incompatible device, expecting compute"
            return self._refuse(6, "", f"{text} {mine} got compute {built}, please rebuild.")
        if header["board"] != board.BOARD_NAME:
            say(self._logger, "WARNING", "Using an engine plan file across different models of devices is not "
                "recommended and is likely to affect performance or even cause errors.")  # fmt: skip
        return self._opened(header, data)

    def _opened(self, header: Dict[str, Any], data: bytes) -> Optional[ICudaEngine]:
        core = max(self._core, 0)
        if header["dla_blocks"]:
            if not board.DLA_CORES:
                text = "the engine has DLA layers, and this platform no DLA"
                return self._refuse(1, "dlaUtils.cpp::deserialize::250", text, "DLA")
            if loaded.get(core, 0) + header["dla_blocks"] > board.RELEASE.loadables:
                text = "Failed to load programming session"
                return self._refuse(1, "nvdla/dlaUtils.cpp::deserialize::259", text, "DLA")
        try:
            engine = ICudaEngine(self, header, data, core)
        except CudaFault as fault:
            fail(self._logger, 1, "defaultAllocator.cpp::allocate::20", "[allocate]", str(fault))
            text = f"Requested amount of GPU memory ({header['weights']} bytes) could not be allocated."
            text += " There may not be enough free memory for allocation to succeed."
            say(self._logger, "ERROR", text)
            return self._refuse(4, "runtime.cpp::deserializeCudaEngine::50", "")
        mib = header["weights"] >> 20
        say(self._logger, "INFO", "[MemUsageChange] TensorRT-managed allocation in engine deserialization: CPU +0, GPU "
            f"+{mib}, now: CPU 0, GPU {mib} (MiB)")  # fmt: skip
        return engine

    def _refuse(self, code: int, place: str, text: str, kind: str = "") -> None:
        call = "IRuntime::deserializeCudaEngine"
        if code == 6 and board.VERSION < (10,):
            say(self._logger, "ERROR", "6: " + text)
        elif text:
            fail(self._logger, code, place, call, text, kind)
        if board.VERSION < (10,):
            fail(self._logger, 4, "runtime.cpp::deserializeCudaEngine::50", call, "Engine deserialization failed.")


def _tag(version: str) -> int:
    """A number that differs by version, as the serialisation's does."""
    parts = [int(part) for part in version.split(".")]
    return parts[0] * 24 + parts[1]
