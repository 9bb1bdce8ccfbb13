"""The files by which a Jetson tells of itself: names and layout as L4T's documentation and users of the boards show.

Nano: r32 (ina3221x with IIO files, /sys/devices/pwm-fan). Xavier NX: r32 as well. Orin Nano: r36 (hwmon).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterable, List, Tuple

PROC = {
    "proc/meminfo": "MemTotal:        4051048 kB\nMemFree:          160000 kB\nMemAvailable:    1203048 kB\n"
    "Buffers:           80000 kB\nCached:           900000 kB\nSwapTotal:       2025520 kB\n"
    "SwapFree:        2000944 kB\n",
    "proc/stat": "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 50 0 50 400 0 0 0 0 0 0\ncpu1 50 0 50 400 0 0 0 0 0 0\n"
    "intr 1 2 3\n",
    "proc/uptime": "3600.0 7200.0\n",
}
LATER = "cpu  150 0 150 900 0 0 0 0 0 0\ncpu0 90 0 60 450 0 0 0 0 0 0\ncpu1 60 0 90 450 0 0 0 0 0 0\nintr 1 2 3\n"


def write(root: Path, path: str, text: object) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n" if not str(text).endswith("\n") else str(text))


def _link(root: Path, path: str, target: str) -> None:
    link = root / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(root / target, link.parent))


def _zones(root: Path, zones: Iterable[Tuple[str, object]]) -> None:
    for number, (kind, temp) in enumerate(zones):
        real = f"sys/devices/virtual/thermal/thermal_zone{number}"
        write(root, f"{real}/type", kind)
        if temp is None:  # a sensor whose power is off refuses to be read
            (root / real / "temp").mkdir()
        else:
            write(root, f"{real}/temp", temp)
        _link(root, f"sys/class/thermal/thermal_zone{number}", real)


def _coolers(root: Path, kinds: List[Tuple[str, int, int]]) -> None:
    for number, (kind, state, most) in enumerate(kinds):
        real = f"sys/devices/virtual/thermal/cooling_device{number}"
        for name, value in (("type", kind), ("cur_state", state), ("max_state", most)):
            write(root, f"{real}/{name}", value)
        _link(root, f"sys/class/thermal/cooling_device{number}", real)


def _gpu(root: Path, device: str, name: str, load: int, now: int, most: int) -> None:
    real = f"sys/devices/platform/{device}"
    for file, value in {
        "load": load, "of_node/name": name, "railgate_enable": 1, "enable_3d_scaling": 1, "power/control": "auto",
        f"devfreq/{device}/cur_freq": now, f"devfreq/{device}/max_freq": most, f"devfreq/{device}/min_freq": 114750000,
        f"devfreq/{device}/governor": "nvhost_podgov",
    }.items():  # fmt: skip
        write(root, f"{real}/{file}", value)
    _link(root, f"{real}/devfreq/{device}/device", real)
    _link(root, f"sys/class/devfreq/{device}", f"{real}/devfreq/{device}")
    _link(root, f"sys/bus/platform/devices/{device}", real)


def _engines(root: Path, engines: Dict[str, str]) -> None:
    for device, status in engines.items():
        write(root, f"sys/bus/platform/devices/{device}/power/runtime_status", status)


def _clocks(root: Path, clocks: Dict[str, Tuple[int, int]]) -> None:
    for name, (rate, users) in clocks.items():
        write(root, f"sys/kernel/debug/clk/{name}/clk_rate", rate)
        write(root, f"sys/kernel/debug/clk/{name}/clk_enable_count", users)


def _cpu(root: Path, now: int, limit: int, most: int) -> None:
    for core in range(2):
        folder = f"sys/devices/system/cpu/cpu{core}"
        write(root, f"{folder}/online", 1)
        for kind, values in (("scaling", (now, limit)), ("cpuinfo", (now, most))):
            for name, value in zip(("cur", "max"), values):
                write(root, f"{folder}/cpufreq/{kind}_{name}_freq", value)
            write(root, f"{folder}/cpufreq/{kind}_min_freq", 102000)
        write(root, f"{folder}/cpufreq/scaling_governor", "schedutil")


def _iio_power(root: Path, device: str, rails: List[Tuple[str, int, int]]) -> None:
    real = f"sys/bus/i2c/devices/{device}"
    write(root, f"{real}/name", "ina3221x")
    for number, (rail, millivolts, milliamperes) in enumerate(rails):
        write(root, f"{real}/iio:device0/rail_name_{number}", rail)
        write(root, f"{real}/iio:device0/in_voltage{number}_input", millivolts)
        write(root, f"{real}/iio:device0/in_current{number}_input", milliamperes)
        write(root, f"{real}/iio:device0/in_power{number}_input", millivolts * milliamperes // 1000)
    _link(root, f"sys/bus/i2c/drivers/ina3221x/{device}", real)


def _hwmon(root: Path, number: int, name: str, files: Dict[str, object], device: str = "") -> None:
    real = f"sys/bus/i2c/devices/{device}/hwmon/hwmon{number}" if device else f"sys/devices/virtual/hwmon{number}"
    if device:
        write(root, f"sys/bus/i2c/devices/{device}/name", name)
    for file, value in {"name": name, **files}.items():
        write(root, f"{real}/{file}", value)
    _link(root, f"sys/class/hwmon/hwmon{number}", real)


def _proc(root: Path) -> None:
    for path, text in PROC.items():
        write(root, path, text)


def nano(root: Path) -> Path:
    """Jetson Nano, r32."""
    _proc(root)
    _cpu(root, 1224000, 1479000, 1479000)
    _zones(root, [("AO-therm", 41500), ("CPU-therm", 34000), ("GPU-therm", 31000), ("PLL-therm", 31500),
                  ("PMIC-Die", 100000), ("thermal-fan-est", 33000), ("iwlwifi", 39000)])  # fmt: skip
    _coolers(root, [("pwm-fan", 4, 10), ("cpu-balanced", 0, 66), ("gpu-balanced", 0, 40), ("cpu_heavy", 0, 1)])
    _gpu(root, "57000000.gpu", "gpu", 431, 614400000, 921600000)
    _link(root, "sys/devices/gpu.0", "sys/devices/platform/57000000.gpu")
    _engines(root, {"54480000.nvdec": "active", "544c0000.msenc": "suspended", "54340000.vic": "active"})
    _clocks(root, {"nvdec": (716800000, 1), "msenc": (115200000, 0), "vic03": (627200000, 1), "emc": (1600000000, 1)})
    rails = [("POM_5V_IN", 5120, 1200), ("POM_5V_GPU", 5120, 100), ("POM_5V_CPU", 5120, 300)]
    _iio_power(root, "6-0040", rails)
    write(root, "sys/devices/pwm-fan/target_pwm", 102)
    write(root, "sys/devices/pwm-fan/cur_pwm", 102)
    write(root, "sys/devices/pwm-fan/rpm_measured", 2100)
    return root


def xavier_nx(root: Path) -> Path:
    """Jetson Xavier NX, r32."""
    _proc(root)
    _cpu(root, 1190400, 1420800, 1907200)
    _zones(root, [("CPU-therm", 46000), ("GPU-therm", 45500), ("AUX-therm", 44500), ("AO-therm", 45000),
                  ("PMIC-Die", 50000), ("thermal-fan-est", 45600)])  # fmt: skip
    _coolers(root, [("pwm-fan", 1, 10), ("thermal-cpufreq-0", 0, 24), ("emergency-balanced", 0, 3)])
    _gpu(root, "17000000.gv11b", "gv11b", 872, 854250000, 1109250000)
    _engines(root, {"15880000.nvdla0": "active", "158c0000.nvdla1": "suspended", "15480000.nvdec": "active",
                    "154c0000.nvenc": "suspended", "15340000.vic": "active", "15a80000.nvenc1": "active"})  # fmt: skip
    _clocks(root, {"dla0_core": (1100800000, 1), "dla0_falcon": (640000000, 1), "nvdec": (793600000, 1)})
    _iio_power(root, "7-0040", [("VDD_IN", 4952, 1500), ("VDD_CPU_GPU_CV", 4952, 600), ("VDD_SOC", 4952, 250)])
    write(root, "sys/devices/pwm-fan/target_pwm", 77)
    return root


def orin_nano(root: Path) -> Path:
    """Jetson Orin Nano, r36, at work and hot."""
    _proc(root)
    _cpu(root, 1510400, 1510400, 1510400)
    _zones(root, [("cpu-thermal", 84156), ("gpu-thermal", 86906), ("cv0-thermal", None), ("cv1-thermal", None),
                  ("soc0-thermal", 83500), ("soc1-thermal", 82968), ("tj-thermal", 86906)])  # fmt: skip
    _coolers(root, [("pwm-fan", 3, 3), ("cpufreq-cpu0", 0, 25), ("devfreq-17000000.gpu", 2, 6),
                    ("gpu-throttle-alert", 1, 1), ("cpu-throttle-alert", 0, 1),
                    ("hot-surface-alert", 0, 1)])  # fmt: skip
    _gpu(root, "17000000.gpu", "gpu", 990, 305830000, 624750000)
    _engines(root, {"15480000.nvdec": "active", "15340000.vic": "active", "15540000.nvjpg": "suspended"})
    write(root, "sys/class/devfreq/15480000.nvdec/cur_freq", 524800000)
    write(root, "sys/class/devfreq/15340000.vic/cur_freq", 435200000)
    rails = {"in1_label": "VDD_IN", "in2_label": "VDD_CPU_GPU_CV", "in3_label": "VDD_SOC",
             "in7_label": "sum of shunt voltages", "in7_input": 90}  # fmt: skip
    for number, current in ((1, 1900), (2, 700), (3, 480)):
        rails.update({f"in{number}_input": 5040, f"curr{number}_input": current})
    _hwmon(root, 1, "ina3221", rails, "1-0040")
    _hwmon(root, 2, "pwmfan", {"pwm1": 255})
    _hwmon(root, 3, "pwm_tach", {"rpm": 5512})
    _hwmon(root, 4, "soctherm_oc", {"oc1_event_cnt": 0, "oc3_event_cnt": 37, "oc1_throt_en": 1, "oc3_throt_en": 1})
    return root
