"""A Jetson's GPU and engines, from the kernel's files.

The GPU's load is in per mille. Engines (DLA, NVDEC, NVENC, VIC) have no load that can be read: what is told is whether
their power is on (runtime_status) and how fast their clock is (devfreq; debugfs where this process may read it).
"""

import re
from typing import Any, Dict, List, Optional

from .files import Files, scaled

_GPU = r"[0-9a-f]+\.(gpu|gv11b|gp10b|ga10b|gb10b)$"
_GPU_DEVICE = re.compile(_GPU)
_GPU_CLOCK = re.compile(_GPU + r"|gpu-gpc-0$")  # the second is Thor's
_ENGINE = re.compile(r"[0-9a-f]+\.(?:nv)?(dla[0-9]|dec|enc|jpg|msenc|vic|ofa)[0-9]?$")
#: What the engines are called here: the encoder is msenc on a Nano.
_NAMES = {"dec": "nvdec", "enc": "nvenc", "msenc": "nvenc", "jpg": "nvjpg"}
_DEBUG_CLOCKS = (("sys/kernel/debug/bpmp/debug/clk/{}", "rate", "state"),
                 ("sys/kernel/debug/clk/{}", "clk_rate", "clk_enable_count"))  # fmt: skip
_DEVICES, _DEVFREQ = "sys/bus/platform/devices", "sys/class/devfreq"


class Chip:
    def __init__(self, files: Files) -> None:
        self._files = files
        self.look()

    def look(self) -> None:
        """Find the GPU's files and the engines."""
        files = self._files
        devices, clocks = files.names(_DEVICES), files.names(_DEVFREQ)
        loads = ["sys/devices/gpu.0/load", "sys/devices/platform/gpu.0/load"]
        loads += ["{}/{}/load".format(_DEVICES, name) for name in devices if _GPU_DEVICE.match(name)]
        loads += files.find("sys/devices/17000000.g*/load") + files.find("sys/devices/platform/*.g*/load")
        self._load = next(filter(files.exists, loads), "")
        self._clock = next(("{}/{}".format(_DEVFREQ, name) for name in clocks if _GPU_CLOCK.match(name)), "")
        self._powers = self._engines(_DEVICES, devices, "power/runtime_status")
        self._clocks = self._engines(_DEVFREQ, clocks, "cur_freq")

    @property
    def has_gpu(self) -> bool:
        return bool(self._load or self._clock)

    def gpus(self) -> List[Dict[str, Any]]:
        if not self.has_gpu:
            return []
        gpu: Dict[str, Any] = {"load": scaled(self._files.number(self._load), 0.1, 1) if self._load else None}
        if self._clock:
            gpu["mhz"] = scaled(self._files.number(self._clock + "/cur_freq"), 1e-6)
            gpu["limit_mhz"] = scaled(self._files.number(self._clock + "/max_freq"), 1e-6)
        return [gpu]

    def engine_clocks(self) -> Dict[str, Dict[str, Any]]:
        found: Dict[str, Dict[str, Any]] = {}
        for name, path in self._powers.items():
            status = self._files.text(path)
            if status in ("active", "suspended"):
                found.setdefault(name, {})["on"] = status == "active"
        for name, path in self._clocks.items():
            found.setdefault(name, {})["mhz"] = scaled(self._files.number(path), 1e-6)
        for name in ("nvdec", "nvenc", "vic"):
            if "mhz" not in found.get(name, {}):
                clock = self._debug_clock("msenc" if name == "nvenc" and not self._has_clock(name) else name)
                if clock:
                    found[name] = dict(clock, **found.get(name, {}))
        return found

    def emc_mhz(self) -> Optional[float]:
        """The memory's clock."""
        thor = self._files.number(_DEVFREQ + "/bwmgr/cur_freq")
        return self._debug_clock("emc").get("mhz") if thor is None else scaled(thor, 1e-6)

    def _engines(self, folder: str, names: List[str], file: str) -> Dict[str, str]:
        found: Dict[str, str] = {}
        for device in names:
            match = _ENGINE.match(device)
            path = "{}/{}/{}".format(folder, device, file)
            if match and self._files.exists(path):
                found.setdefault(_NAMES.get(match.group(1), match.group(1)), path)
        return found

    def _has_clock(self, name: str) -> bool:
        return any(self._files.exists(folder.format(name)) for folder, _, _ in _DEBUG_CLOCKS)

    def _debug_clock(self, name: str) -> Dict[str, Any]:
        for folder, rate, state in _DEBUG_CLOCKS:
            hertz = self._files.number("{}/{}".format(folder.format(name), rate))
            if hertz is not None:
                on = self._files.number("{}/{}".format(folder.format(name), state))
                found: Dict[str, Any] = {"mhz": scaled(hertz, 1e-6)}
                if on is not None:
                    found["on"] = on > 0
                return found
        return {}
