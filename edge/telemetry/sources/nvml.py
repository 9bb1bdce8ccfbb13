"""An NVIDIA GPU of a PC, by NVML: the driver's own library, called through ctypes.

Structures and numbers are those of nvml.h. A function that a GPU does not support gives nothing. The memory in use is
with what the driver reserves for itself.
"""

import ctypes
from typing import Any, Dict, List, Optional, Tuple

_LIBRARY = "libnvidia-ml.so.1"
_MOST_GPUS = 16
_SENSOR_GPU, _CLOCK_SM = 0, 1
_MIB = 1 << 20
#: Bits of nvmlDeviceGetCurrentClocksThrottleReasons that mean trouble. Idling, set clocks and the power cap (0x4, which
#: any busy GPU meets) do not.
_REASONS = (
    (0x08, "slowdown by hardware"),
    (0x20, "thermal slowdown by the driver"),
    (0x40, "thermal slowdown by hardware"),
    (0x80, "power brake"),
)


class _Utilisation(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class Nvml:
    """Raises OSError where there is no such library, or no driver behind it."""

    def __init__(self, library: str = _LIBRARY) -> None:
        self._library = ctypes.CDLL(library)
        if self._call("nvmlInit_v2") is None:
            raise OSError("NVML finds no driver")
        count = self._value("nvmlDeviceGetCount_v2", ctypes.c_uint)
        self._gpus: List[Tuple[str, ctypes.c_void_p]] = []
        for index in range(min(int(count or 0), _MOST_GPUS)):
            handle = ctypes.c_void_p()
            if self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(handle)) is not None:
                name = ctypes.create_string_buffer(96)
                self._call("nvmlDeviceGetName", handle, name, ctypes.c_uint(96))
                self._gpus.append((name.value.decode("utf-8", "replace"), handle))

    def __len__(self) -> int:
        return len(self._gpus)

    def read(self) -> Dict[str, Any]:
        """``gpus``, ``temperatures``, ``power_mw``, ``fans`` and ``throttling``."""
        found: Dict[str, Any] = {"gpus": [], "temperatures": {}, "power_mw": {}, "fans": {}, "throttling": []}
        for index, (name, gpu) in enumerate(self._gpus):
            key = "gpu" if len(self._gpus) == 1 else "gpu{}".format(index)
            found["gpus"].append(self._gpu(name, gpu))
            sensor = ctypes.c_int(_SENSOR_GPU)
            for section, number in (
                ("temperatures", self._value("nvmlDeviceGetTemperature", ctypes.c_uint, gpu, sensor)),
                ("power_mw", self._value("nvmlDeviceGetPowerUsage", ctypes.c_uint, gpu)),
            ):
                if number is not None:
                    found[section][key] = number
            speed = self._value("nvmlDeviceGetFanSpeed", ctypes.c_uint, gpu)
            if speed is not None:
                found["fans"][key] = {"percent": speed}
            reasons = self._value("nvmlDeviceGetCurrentClocksThrottleReasons", ctypes.c_ulonglong, gpu)
            for bit, words in _REASONS:
                if int(reasons or 0) & bit:
                    found["throttling"].append("{}: {}".format(key, words))
        return found

    def _gpu(self, name: str, gpu: ctypes.c_void_p) -> Dict[str, Any]:
        found: Dict[str, Any] = {"name": name}
        load, memory, sampling = _Utilisation(), _Memory(), ctypes.c_uint()
        if self._call("nvmlDeviceGetUtilizationRates", gpu, ctypes.byref(load)) is not None:
            found["load"] = load.gpu
        if self._call("nvmlDeviceGetMemoryInfo", gpu, ctypes.byref(memory)) is not None:
            found.update(memory_total_mib=memory.total // _MIB, memory_used_mib=memory.used // _MIB)
        for key, function in (("decoder_load", "Decoder"), ("encoder_load", "Encoder")):
            percent = ctypes.c_uint()
            function = "nvmlDeviceGet{}Utilization".format(function)
            if self._call(function, gpu, ctypes.byref(percent), ctypes.byref(sampling)) is not None:
                found[key] = percent.value
        clock = ctypes.c_int(_CLOCK_SM)
        found["mhz"] = self._value("nvmlDeviceGetClockInfo", ctypes.c_uint, gpu, clock)
        found["limit_mhz"] = self._value("nvmlDeviceGetMaxClockInfo", ctypes.c_uint, gpu, clock)
        return found

    def _value(self, function: str, kind: Any, *arguments: Any) -> Optional[int]:
        value = kind()
        return None if self._call(function, *(arguments + (ctypes.byref(value),))) is None else int(value.value)

    def _call(self, function: str, *arguments: Any) -> Optional[bool]:
        """True; None for a function that this library or this GPU does not have."""
        try:
            return True if getattr(self._library, function)(*arguments) == 0 else None
        except AttributeError:
            return None
