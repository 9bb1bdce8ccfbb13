"""What jetson-stats tells, version by version, in the units of :mod:`edge.telemetry.sources`.

Only its documented properties are read: gpu, engine, memory, power, temperature, fan. jetson-stats is AGPL-3.0: it is
imported by this process alone, and nothing of it is copied.

==========  =========================================================================================================
4.2, 4.3    GPU clocks in kHz; engines by group (``DLA0``: {``DLA0_CORE``: …}); sensors by zone (``CPU``, ``tj``)
7           the same on boards up to Orin; on Thor the GPU's clocks may be NVML's (MHz) and engines stand in a group
            ``JP``; sensors of hwmon are called by their chip (``nvme Composite``) from 7.2 on
==========  =========================================================================================================
"""

import re
from typing import Any, Dict, List, Optional, Tuple

from .files import scaled
from .power import INPUTS
from .thermal import add_sensor, sensor_name

_ENGINE = re.compile(r"^(DLA[0-9]|NVDEC|NVENC|MSENC|NVJPG|VIC|OFA)", re.IGNORECASE)
# Of the clocks of a group the one that is the engine's own: DLA0_CORE before DLA0_FALCON.
_MAIN = ("{}_CORE", "{}")
_OFFLINE = -256


class Jetson4:
    """jetson-stats 4.2 and 4.3."""

    versions: Tuple[str, ...] = ("4.2.", "4.3.")

    def read(self, jtop: Any) -> Dict[str, Any]:
        """``jtop``: a client that is connected. Raises whatever it raises, and for what has another shape."""
        return {
            "gpus": self.gpus(jtop.gpu),
            "engine_clocks": self.engines(jtop.engine),
            "memory": self.emc(jtop.memory),
            "temperatures": self.temperatures(jtop.temperature),
            "power_mw": self.power(jtop.power),
            "fans": self.fans(jtop.fan),
        }

    def gpus(self, found: Any) -> List[Dict[str, Any]]:
        gpus = []
        for gpu in found.values():
            clocks = gpu.get("freq", {})
            gpus.append({
                "load": gpu.get("status", {}).get("load"),
                "mhz": self.gpu_mhz(gpu, clocks.get("cur")),
                "limit_mhz": self.gpu_mhz(gpu, clocks.get("max")),
            })  # fmt: skip
        return gpus

    def gpu_mhz(self, gpu: Dict[str, Any], clock: Optional[float]) -> Optional[float]:
        return scaled(clock, 1e-3)

    def engines(self, found: Any) -> Dict[str, Dict[str, Any]]:
        engines = {}
        for group, clocks in found.items():
            match = _ENGINE.match(group)
            if match and clocks:
                main = [name.format(group) for name in _MAIN if name.format(group) in clocks]
                engines[_engine_name(match.group(1))] = _clock(clocks[main[0] if main else sorted(clocks)[0]])
        return engines

    def emc(self, found: Any) -> Dict[str, Any]:
        emc = found.get("EMC") or {}
        return {"emc_load": emc.get("val"), "emc_mhz": scaled(emc.get("cur"), 1e-3)}

    def temperatures(self, found: Any) -> Dict[str, float]:
        sensors: Dict[str, float] = {}
        for name, sensor in found.items():
            if sensor.get("online", True) and sensor["temp"] != _OFFLINE:
                add_sensor(sensors, sensor_name(name), float(sensor["temp"]))
        return sensors

    def power(self, found: Any) -> Dict[str, float]:
        """jtop takes the board's input out of the rails, and otherwise adds up rails of which some feed others."""
        rails = {name: rail["power"] for name, rail in found.get("rail", {}).items()}
        total = found.get("tot", {})
        if total.get("name") in INPUTS:
            rails[total["name"]] = rails["total"] = total["power"]
        return rails

    def fans(self, found: Any) -> Dict[str, Dict[str, Any]]:
        fans = {}
        for name, fan in found.items():
            speeds, turns = fan.get("speed", []), fan.get("rpm", [])
            for index, speed in enumerate(speeds):
                key = name if len(speeds) == 1 else "{}-{}".format(name, index + 1)
                fans[key] = {"percent": round(speed, 1), "rpm": turns[index] if index < len(turns) else None}
        return fans


class Jetson7(Jetson4):
    """jetson-stats 7."""

    versions = ("7.",)

    def gpu_mhz(self, gpu: Dict[str, Any], clock: Optional[float]) -> Optional[float]:
        # From NVML come MHz, and kHz where those were 0 and devfreq stepped in; no GPU has 100 GHz.
        nvml = gpu.get("power_control") == "nvml"
        return clock if nvml and clock is not None and clock < 1e5 else scaled(clock, 1e-3)

    def engines(self, found: Any) -> Dict[str, Dict[str, Any]]:
        engines = super().engines(found)
        for name, clock in (found.get("JP") or {}).items():
            match = _ENGINE.match(name)
            if match and isinstance(clock, dict):
                engines.setdefault(_engine_name(name), _clock(clock))
        return engines


_ADAPTERS = (Jetson4(), Jetson7())


def adapter_for(version: str) -> Jetson4:
    """The adapter of that version of jetson-stats; the newest for one that is not known here."""
    for adapter in _ADAPTERS:
        if version.startswith(adapter.versions):
            return adapter
    return _ADAPTERS[-1]


def known(version: str) -> bool:
    return any(version.startswith(adapter.versions) for adapter in _ADAPTERS)


def _engine_name(name: str) -> str:
    return "nvenc" if name.upper() == "MSENC" else name.lower()


def _clock(engine: Dict[str, Any]) -> Dict[str, Any]:
    return {"on": engine.get("online"), "mhz": scaled(engine.get("cur"), 1e-3)}
