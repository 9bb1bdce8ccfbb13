"""What the builder is told beside the network: precision, device, memory, profile, caches."""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from ...errors import BuildFailed, Incompatible
from .api import Api
from .calibrate import Calibration
from .files import read_file, replace_file
from .log import Log, checked
from .network import Network
from .precision import Precision

_POOLS = (
    ("DLA_MANAGED_SRAM", "sram_kib"),
    ("DLA_LOCAL_DRAM", "local_dram_mib"),
    ("DLA_GLOBAL_DRAM", "global_dram_mib"),
)


class Target(NamedTuple):
    """``core``: the DLA's, None for the GPU."""

    core: Optional[int]
    gpu_fallback: bool

    @property
    def dla(self) -> bool:
        return self.core is not None


def check_core(api: Api, builder: Any, core: int) -> None:
    """Raises Incompatible where there is no such core. Every TensorRT has the calls; the builder knows of the cores."""
    cores = builder.num_DLA_cores
    if core >= cores:
        found = "{} DLA cores".format(cores) if cores else "no DLA"
        words = "it is to run on DLA core {}, and {} finds {} here; use device: gpu"
        raise Incompatible(words.format(core, api, found))


class Config:
    """``handle`` is TensorRT's; what it only points to is kept here as long."""

    def __init__(self, api: Api, log: Log, builder: Any) -> None:
        self._api, self._log, self._builder = api, log, builder
        self.warnings: List[str] = []
        self._kept: List[Any] = []
        mark = log.mark()
        self.handle = checked(builder.create_builder_config(), log, mark, "no build can be configured")
        # Without it the inspector tells no layer's type, device or precision.
        self.handle.profiling_verbosity = api.trt.ProfilingVerbosity.DETAILED

    def flag(self, name: str, on: bool = True) -> None:
        value = getattr(self._api.trt.BuilderFlag, name)
        self.handle.set_flag(value) if on else self.handle.clear_flag(value)

    def precision(self, chosen: Precision, calibration: Optional[Calibration]) -> None:
        for name, on in sorted(chosen.flags.items()):
            self.flag(name, on)
        self.warnings.extend(chosen.warnings)
        if calibration is not None:
            self._kept.append(calibration)
            self.handle.int8_calibrator = calibration.calibrator

    def device(self, target: Target, pools: Dict[str, int]) -> None:
        """The whole network on the DLA where it can."""
        if target.core is None:
            return
        trt = self._api.trt
        self.handle.default_device_type = trt.DeviceType.DLA
        self.handle.DLA_core = target.core
        if target.gpu_fallback:
            self.flag("GPU_FALLBACK")
        if hasattr(trt.BuilderFlag, "PREFER_PRECISION_CONSTRAINTS"):
            self.flag("PREFER_PRECISION_CONSTRAINTS")
        if not self._api.has("IBuilderConfig", "set_memory_pool_limit"):
            return
        for pool, key in _POOLS:
            if pools.get(key):
                self._pool(pool, pools[key] << (10 if key.endswith("_kib") else 20), key)

    def workspace(self, size: int) -> None:
        """In bytes."""
        if self._api.has("IBuilderConfig", "set_memory_pool_limit"):
            self._pool("WORKSPACE", size, "workspace")
        else:
            self.handle.max_workspace_size = size

    def _pool(self, pool: str, size: int, what: str) -> None:
        kind, mark = getattr(self._api.trt.MemoryPoolType, pool), self._log.mark()
        self.handle.set_memory_pool_limit(kind, size)
        if self.handle.get_memory_pool_limit(kind) != size:
            raise BuildFailed("{} of {} bytes is refused: {}".format(what, size, self._log.errors_since(mark)))

    def optimization_level(self, level: Optional[int]) -> None:
        if level is None:
            return
        if not self._api.has("IBuilderConfig", "builder_optimization_level"):
            self.warnings.append("optimization_level: {} has none (it came with 8.6)".format(self._api))
            return
        self.handle.builder_optimization_level = level

    def profile(self, network: Network, batch: Dict[str, int], calibration: Optional[Calibration]) -> None:
        """Where the file leaves the shape open; when that is settled by now, min, opt and max are the same, as the DLA
        wants it. Each context that runs beside others wants its own profile: here there is one."""
        if not network.opened:
            return
        mark = self._log.mark()
        settled = network.shape[0]
        shapes = [(settled if settled > 0 else batch[key],) + network.shape[1:] for key in ("min", "opt", "max")]
        profile = self._profile(network, shapes)
        if self.handle.add_optimization_profile(profile) < 0:
            raise BuildFailed("batches of {min} to {max}: {0}".format(self._log.errors_since(mark), **batch))
        if calibration is not None and settled < 0:
            profile = self._profile(network, [(calibration.batch,) + network.shape[1:]] * 3)
            what = "calibration in batches of {}".format(calibration.batch)
            checked(self.handle.set_calibration_profile(profile), self._log, mark, what)

    def _profile(self, network: Network, shapes: List[Any]) -> Any:
        mark = self._log.mark()
        profile = checked(self._builder.create_optimization_profile(), self._log, mark, "no profile")
        try:
            profile.set_shape(network.input, *shapes)
            right = bool(profile)
        except ValueError:  # the one thing that the bindings do raise for
            right = False
        if not right:
            words = self._log.errors_since(mark) or "they do not fit one another"
            raise BuildFailed("batches of {}: {}".format([shape[0] for shape in shapes], words))
        self._kept.append(profile)
        return profile

    def timing_cache(self, path: str) -> None:
        """What earlier builds on this GPU have measured. One that does not fit is left aside, and replaced."""
        if not path:
            return
        data = b""
        if os.path.isfile(path):
            data = read_file(path)
        mark = self._log.mark()
        for content in (data, b""):
            cache = self.handle.create_timing_cache(content)
            if cache is not None and self.handle.set_timing_cache(cache, False):
                self._kept.append(cache)
                # It is refused, or taken for an empty one and only the log says so.
                if data and (not content or any("timing cache" in line.lower() for line in self._log.since(mark))):
                    self.warnings.append("{}: it was made by another TensorRT or GPU; it is begun anew".format(path))
                return
        self.warnings.append("{}: {} takes no timing cache".format(path, self._api))

    def save_timing_cache(self, path: str, temporary: str) -> None:
        """After a build. Raises EngineError when it cannot be written."""
        cache = self.handle.get_timing_cache() if path else None
        data = cache.serialize() if cache is not None else None
        if data is not None:
            replace_file(path, data, temporary)
