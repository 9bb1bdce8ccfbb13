"""How to build: flags, pools, profiles, devices, and the timing cache."""

import json
from typing import Any, Dict, List, Optional, Tuple

from simulated_gpu import board, memory

from . import placement
from .base import Dims, Native, Value, sides
from .enums import MADE, BuilderFlag, DataType, DeviceType, ProfilingVerbosity
from .log import fail, say
from .plan import IHostMemory, host_memory

_KIB = 1 << 10
_MAGIC = b"timing cache of "


class IOptimizationProfile(Native):
    extra_memory_target = Value(1.0)

    def __init__(self) -> None:
        super().__init__()
        self._shapes: Dict[str, Tuple[Tuple[int, ...], ...]] = {}

    def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:
        three = sides(min), sides(opt), sides(max)
        if len({len(s) for s in three}) != 1 or any(a > b or b > c for a, b, c in zip(*three)):
            raise ValueError(f"The shapes of {input} do not satisfy min <= opt <= max: {three}")
        self._shapes[input] = three

    def get_shape(self, input: str) -> List[Any]:
        return [Dims(shape) for shape in self._shapes.get(input, ())]

    def set_shape_input(self, input: str, min: Any, opt: Any, max: Any) -> None:
        raise NotImplementedError("shape tensors as inputs are not simulated")

    def get_shape_input(self, input: str) -> List[Any]:
        return []

    def __bool__(self) -> bool:
        return bool(self._shapes)

    __nonzero__ = __bool__


class ITimingCache(Native):
    """``entries``: what was measured, by layer."""

    def __init__(self, entries: Optional[Dict[str, float]] = None) -> None:
        super().__init__()
        self._entries: Dict[str, float] = dict(entries or {})

    def serialize(self) -> IHostMemory:
        return host_memory(_stamp() + json.dumps(self._entries, sort_keys=True).encode())

    def combine(self, input_cache: "ITimingCache", ignore_mismatch: bool = False) -> bool:
        self._entries.update(input_cache._entries)
        return True

    def reset(self) -> bool:
        self._entries = {}
        return True


def _stamp() -> bytes:
    return _MAGIC + f"{board.RELEASE.version} {board.BOARD.gpu}\n".encode()


class IBuilderConfig(Native):
    algorithm_selector = Value()
    avg_timing_iterations = Value(1, int)
    builder_optimization_level = Value(3, int)
    engine_capability = Value(MADE["EngineCapability"].STANDARD)
    hardware_compatibility_level = Value(
        MADE["HardwareCompatibilityLevel"].NONE if "HardwareCompatibilityLevel" in MADE else None
    )
    int8_calibrator = Value()
    l2_limit_for_tiling = Value(0, int)
    max_aux_streams = Value(-1, int)
    max_num_tactics = Value(-1, int)
    max_workspace_size = Value(16 << 20, int)
    min_timing_iterations = Value(1, int)
    plugins_to_serialize = Value([])
    profile_stream = Value(0, int)
    profiling_verbosity = Value(ProfilingVerbosity.LAYER_NAMES_ONLY, ProfilingVerbosity)
    progress_monitor = Value()
    quantization_flags = Value(0, int)
    flags = Value(0, int)
    default_device_type = Value(DeviceType.GPU, DeviceType)
    DLA_core = Value(-1, int)

    def __init__(self, builder: Any) -> None:
        super().__init__()
        self._builder = builder
        self._profiles: List[IOptimizationProfile] = []
        self._calibration_profile: Optional[IOptimizationProfile] = None
        self._devices: Dict[Any, Any] = {}
        self._pools: Dict[Any, int] = {}
        self._cache: Optional[ITimingCache] = None
        self._previews: Dict[Any, bool] = {}
        self._tactic_sources = 7
        if board.VERSION < (11,):
            self._flags = 1 << int(BuilderFlag.TF32)

    def set_flag(self, flag: Any) -> None:
        _expect(flag, BuilderFlag, "set_flag")
        obey, prefer = (BuilderFlag.__members__.get(w + "_PRECISION_CONSTRAINTS") for w in ("OBEY", "PREFER"))
        if flag in (obey, prefer) and obey is not None:
            other = prefer if flag == obey else obey
            if self.get_flag(other):
                text = f"k{flag.name} cannot be set if k{other.name} is set."
                fail(self._builder._logger, 3, "builderConfig.cpp::setFlag::65", "IBuilderConfig::setFlag", text)
                return
        self._flags = self.flags | 1 << int(flag)

    def clear_flag(self, flag: Any) -> None:
        _expect(flag, BuilderFlag, "clear_flag")
        self._flags = self.flags & ~(1 << int(flag))

    def get_flag(self, flag: Any) -> bool:
        _expect(flag, BuilderFlag, "get_flag")
        return bool(self.flags >> int(flag) & 1)

    def set_quantization_flag(self, flag: Any) -> None:
        self._quantization_flags = self.quantization_flags | 1 << int(flag)

    def clear_quantization_flag(self, flag: Any) -> None:
        self._quantization_flags = self.quantization_flags & ~(1 << int(flag))

    def get_quantization_flag(self, flag: Any) -> bool:
        return bool(self.quantization_flags >> int(flag) & 1)

    def set_preview_feature(self, feature: Any, enable: bool) -> None:
        self._previews[feature] = enable

    def get_preview_feature(self, feature: Any) -> bool:
        return self._previews.get(feature, False)

    def set_tactic_sources(self, tactic_sources: int) -> bool:
        self._tactic_sources = int(tactic_sources)
        return True

    def get_tactic_sources(self) -> int:
        return self._tactic_sources

    def reset(self) -> None:
        self.__init__(self._builder)  # type: ignore[misc]

    def set_memory_pool_limit(self, pool: Any, pool_size: int) -> None:
        _expect(pool, MADE["MemoryPoolType"], "set_memory_pool_limit")
        place = ("builderConfig.cpp::setMemoryPoolLimit::204", "IBuilderConfig::setMemoryPoolLimit")
        if pool.name.startswith("DLA") and (pool_size < 4 * _KIB or pool_size & (pool_size - 1)):
            text = "Parameter check failed, condition: poolSize >= 4096 && isPowerOfTwo(poolSize)"
            fail(self._builder._logger, 3, place[0], place[1], text)
            return
        if pool.name.startswith("WORKSPACE") and pool_size > memory.total_bytes():
            text = "Requested workspace pool limit exceeds the device's global memory. It is limited to that."
            say(self._builder._logger, "WARNING", text)
            pool_size = memory.total_bytes()
        self._pools[pool] = int(pool_size)

    def get_memory_pool_limit(self, pool: Any) -> int:
        if pool in self._pools:
            return self._pools[pool]
        default = {"WORKSPACE": memory.total_bytes(), "DLA_MANAGED_SRAM": 1 << 20, "DLA_LOCAL_DRAM": 1 << 30}
        default["DLA_GLOBAL_DRAM"] = 512 << 20
        return 0 if pool.name.startswith("DLA") and not board.DLA_CORES else default.get(pool.name, 0)

    def _workspace(self) -> int:
        pools = MADE.get("MemoryPoolType")
        if pools is None or (self.__dict__.get("_max_workspace_size") and pools.WORKSPACE not in self._pools):
            return int(self.max_workspace_size)
        return self.get_memory_pool_limit(pools.WORKSPACE)

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        self._profiles.append(profile)
        return len(self._profiles) - 1

    num_optimization_profiles = property(lambda self: len(self._profiles))

    def set_calibration_profile(self, profile: IOptimizationProfile) -> bool:
        self._calibration_profile = profile
        return True

    def get_calibration_profile(self) -> Optional[IOptimizationProfile]:
        return self._calibration_profile

    def create_timing_cache(self, serialized_timing_cache: Any) -> Optional[ITimingCache]:
        data = bytes(serialized_timing_cache)
        if not data:
            return ITimingCache()
        first, _, rest = data.partition(b"\n")
        if not first.startswith(_MAGIC) or first + b"\n" != _stamp():
            text = "Invalid or mismatched serialized timing cache: an empty one is made."
            say(self._builder._logger, "WARNING", text)
            return ITimingCache()
        return ITimingCache(json.loads(rest.decode()))

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
        self._cache = cache
        return True

    def get_timing_cache(self) -> Optional[ITimingCache]:
        return self._cache

    def set_device_type(self, layer: Any, device_type: Any) -> None:
        _expect(device_type, DeviceType, "set_device_type")
        self._devices[layer] = device_type

    def get_device_type(self, layer: Any) -> Any:
        return self._devices.get(layer, self.default_device_type)

    def is_device_type_set(self, layer: Any) -> bool:
        return layer in self._devices

    def reset_device_type(self, layer: Any) -> None:
        self._devices.pop(layer, None)

    def can_run_on_DLA(self, layer: Any) -> bool:
        if not board.DLA_CORES:
            return False
        reason = placement.refusal(layer._network._graph, layer._layer, placement.width_of(self))
        if reason:
            say(self._builder._logger, "VERBOSE", f"{layer.name}: {reason}")
        return not reason


def _expect(value: Any, kind: Any, call: str) -> None:
    """Numbers are no members: the bindings refuse them."""
    if not isinstance(value, kind):
        raise TypeError(f"{call}(): incompatible function arguments: {value!r} is no {kind.__name__}")


__all__ = ["DataType", "IBuilderConfig", "IOptimizationProfile", "ITimingCache"]
