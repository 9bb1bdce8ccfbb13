"""Everything that can be had without jtop: the kernel's files, and NVML on a PC."""

from typing import Any, Dict, Optional

from .chip import Chip
from .files import Files
from .machine import Machine
from .nvml import Nvml
from .power import Fans, Power
from .thermal import Thermal

#: Drivers come late after a boot and fans are plugged in: what there is is looked for again, every so many readings.
LOOK_EVERY = 60


class Kernel:
    """``nvml`` is loaded where the files tell of no GPU; ``library`` is what it is called."""

    def __init__(self, root: str = "/", library: Optional[str] = None) -> None:
        files = Files(root)
        self._chip, self._thermal, self._machine = Chip(files), Thermal(files), Machine(files)
        self._power, self._fans = Power(files), Fans(files)
        self._library = library
        self._nvml: Optional[Nvml] = None
        self._readings = 0
        self._find_nvml()

    @property
    def name(self) -> str:
        return "sysfs" if self._nvml is None else "sysfs and NVML"

    @property
    def jetson(self) -> bool:
        """Whether the files tell of a Jetson's GPU."""
        return self._chip.has_gpu

    def read(self) -> Dict[str, Any]:
        """By the sections of :mod:`edge.telemetry.sources`."""
        self._readings += 1
        if self._readings % LOOK_EVERY == 0:
            for part in (self._chip, self._thermal, self._power, self._fans):
                part.look()
            self._find_nvml()
        found: Dict[str, Any] = {
            "gpus": self._chip.gpus(),
            "engine_clocks": self._chip.engine_clocks(),
            "cpu": self._machine.cpu(),
            "memory": dict(self._machine.memory(), emc_mhz=self._chip.emc_mhz()),
            "temperatures": self._thermal.temperatures(),
            "power_mw": self._power.read(),
            "fans": self._fans.read(),
            "throttling": self._thermal.throttling(),
        }
        if self._nvml is not None:
            more = self._nvml.read()
            found["gpus"] = more["gpus"]
            found["throttling"] = found["throttling"] + more["throttling"]
            for section in ("temperatures", "power_mw", "fans"):
                found[section].update(more[section])
        return found

    def _find_nvml(self) -> None:
        if self._nvml is not None or self._chip.has_gpu:
            return
        try:
            nvml = Nvml() if self._library is None else Nvml(self._library)
        except OSError:
            return
        self._nvml = nvml if len(nvml) else None
