"""What every Linux machine tells: processors and memory."""

from typing import Any, Dict, List, Optional

from .files import Files, scaled

_FREQUENCIES = (("mhz", "scaling_cur_freq"), ("limit_mhz", "scaling_max_freq"), ("max_mhz", "cpuinfo_max_freq"))


class Machine:
    def __init__(self, files: Files) -> None:
        self._files = files
        self._before: Dict[str, List[float]] = {}

    def cpu(self) -> Dict[str, Any]:
        """Load since the last call, of all and of each core; the fastest core's clock, and how far it may go.

        ``limit_mhz`` below ``max_mhz`` is as often the power mode (nvpmodel) as it is heat, so that it counts as no
        throttling.
        """
        loads = {}
        for line in self._files.text("proc/stat").splitlines():
            name, _, rest = line.partition(" ")
            if not name.startswith("cpu"):
                break
            ticks = [float(word) for word in rest.split()[:8] if word.isdigit()]
            if len(ticks) < 5:
                continue
            before = self._before.get(name)
            self._before[name] = ticks
            if before is None or len(before) != len(ticks):
                continue
            passed = [now - then for now, then in zip(ticks, before)]
            if sum(passed) > 0 and min(passed[3:5]) >= 0:
                loads[name] = round(100.0 * (1.0 - (passed[3] + passed[4]) / sum(passed)), 1)  # idle, and waiting
        found: Dict[str, Any] = {"load": loads.pop("cpu", None), "cores": list(loads.values())}
        for key, file in _FREQUENCIES:
            paths = self._files.find("sys/devices/system/cpu/cpu[0-9]*/cpufreq/" + file)
            kilohertz = [hz for hz in map(self._files.number, paths) if hz is not None]
            found[key] = scaled(max(kilohertz), 1e-3) if kilohertz else None
        return found

    def memory(self) -> Dict[str, Optional[float]]:
        """MiB; what is used is what cannot be had without swapping."""
        kib: Dict[str, float] = {}
        for line in self._files.text("proc/meminfo").splitlines():
            name, _, rest = line.partition(":")
            words = rest.split()
            if words and words[0].isdigit():
                kib[name] = float(words[0])
        return {
            "total_mib": scaled(kib.get("MemTotal"), 1.0 / 1024),
            "used_mib": _difference(kib, "MemTotal", "MemAvailable"),
            "swap_total_mib": scaled(kib.get("SwapTotal"), 1.0 / 1024),
            "swap_used_mib": _difference(kib, "SwapTotal", "SwapFree"),
        }


def _difference(kib: Dict[str, float], all_of_it: str, free: str) -> Optional[float]:
    if all_of_it not in kib or free not in kib:
        return None
    return round((kib[all_of_it] - kib[free]) / 1024)
