"""What is read from the kernel's files, on boards made of files and on machines where something is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest

from edge.telemetry.reading import Reading
from edge.telemetry.sources import kernel
from edge.telemetry.sources.kernel import Kernel
from edge.telemetry.sources.thermal import sensor_name
from tests.telemetry.boards import LATER, nano, orin_nano, write, xavier_nx

NO_NVML = "no-such-library.so"


def told(board: Kernel) -> Dict[str, Any]:
    return Reading.of({"source": board.name, "values": board.read()}).payload()


def second(root: Path) -> Dict[str, Any]:
    """The second reading: a processor's load is that between two."""
    board = Kernel(str(root), NO_NVML)
    board.read()
    write(root, "proc/stat", LATER)
    return told(board)


def test_a_nano(tmp_path: Path) -> None:
    assert second(nano(tmp_path)) == {
        "source": "sysfs",
        "throttling": [],
        "gpus": [{"load": 43.1, "mhz": 614, "limit_mhz": 922}],
        "engine_clocks": {
            "nvdec": {"on": True, "mhz": 717},
            "nvenc": {"on": False, "mhz": 115},
            "vic": {"on": True},
        },
        "cpu": {"load": 50, "cores": [50, 50], "mhz": 1224, "limit_mhz": 1479, "max_mhz": 1479},
        "memory": {"total_mib": 3956, "used_mib": 2781, "swap_total_mib": 1978, "swap_used_mib": 24, "emc_mhz": 1600},
        "temperatures": {"ao": 41.5, "cpu": 34, "gpu": 31, "pll": 31.5, "iwlwifi": 39},
        "power_mw": {"POM_5V_IN": 6144, "POM_5V_GPU": 512, "POM_5V_CPU": 1536, "total": 6144},
        "fans": {"pwm-fan": {"percent": 40, "rpm": 2100}},
    }


def test_a_xavier_nx(tmp_path: Path) -> None:
    found = second(xavier_nx(tmp_path))
    assert found["gpus"] == [{"load": 87.2, "mhz": 854, "limit_mhz": 1109}]
    assert found["engine_clocks"] == {
        "dla0": {"on": True},
        "dla1": {"on": False},
        "nvdec": {"on": True, "mhz": 794},
        "nvenc": {"on": False},
        "vic": {"on": True},
    }
    # A power mode of 15 W holds the processor at 1.42 GHz: that is no throttling.
    assert found["cpu"]["limit_mhz"] == 1421 and found["cpu"]["max_mhz"] == 1907
    assert found["throttling"] == []
    assert found["temperatures"] == {"cpu": 46, "gpu": 45.5, "aux": 44.5, "ao": 45}
    assert found["power_mw"]["total"] == found["power_mw"]["VDD_IN"] == 7428
    assert found["fans"] == {"pwm-fan": {"percent": 30.2}}


def test_an_orin_nano(tmp_path: Path) -> None:
    found = second(orin_nano(tmp_path))
    assert found["gpus"] == [{"load": 99, "mhz": 306, "limit_mhz": 625}]
    assert found["engine_clocks"] == {
        "nvdec": {"on": True, "mhz": 525},
        "vic": {"on": True, "mhz": 435},
        "nvjpg": {"on": False},
    }
    assert found["temperatures"] == {"cpu": 84.2, "gpu": 86.9, "soc0": 83.5, "soc1": 83, "tj": 86.9}
    assert found["power_mw"] == {"VDD_IN": 9576, "VDD_CPU_GPU_CV": 3528, "VDD_SOC": 2419, "total": 9576}
    assert found["fans"] == {"pwmfan": {"percent": 100, "rpm": 5512}}
    assert found["throttling"] == ["devfreq-17000000.gpu 2 of 6", "gpu-throttle-alert 1 of 1"]


def test_over_current_counts_from_the_last_look(tmp_path: Path) -> None:
    board = Kernel(str(orin_nano(tmp_path)), NO_NVML)
    board.read()
    write(tmp_path, "sys/class/hwmon/hwmon4/oc3_event_cnt", 40)
    assert "instantaneous over-current" in board.read()["throttling"]
    assert "instantaneous over-current" not in board.read()["throttling"]


def test_no_total_where_some_rails_feed_others(tmp_path: Path) -> None:
    root = orin_nano(tmp_path)
    write(root, "sys/class/hwmon/hwmon1/in1_label", "VDD_GPU_SOC")
    write(root, "sys/class/hwmon/hwmon1/in2_label", "NC")
    found = second(root)
    assert found["power_mw"] == {"VDD_GPU_SOC": 9576, "VDD_SOC": 2419}


def test_the_input_of_a_thor(tmp_path: Path) -> None:
    for name, value in (("name", "ina238"), ("power1_input", 28500000), ("in1_input", 12000), ("curr1_input", 2375)):
        write(tmp_path, f"sys/class/hwmon/hwmon0/{name}", value)
    write(tmp_path, "sys/class/devfreq/bwmgr/cur_freq", 4266000000)
    found = second(tmp_path)
    assert found["power_mw"] == {"VIN": 28500, "total": 28500}
    assert found["memory"]["emc_mhz"] == 4266


def test_nothing_at_all(tmp_path: Path) -> None:
    assert told(Kernel(str(tmp_path), NO_NVML)) == {"source": "sysfs", "throttling": []}


@pytest.mark.parametrize("text", ["", "garbage", "nan", "1e400", "-999999999", "\0\0", "12 34 x", "\xff" * 5000])
@pytest.mark.parametrize("board", [nano, orin_nano])
def test_garbage_in_every_file(board: Any, text: str, tmp_path: Path) -> None:
    root = board(tmp_path)
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    before = Kernel(str(root), NO_NVML)
    before.read()
    for file in files:
        file.write_text(text, encoding="latin-1")
    for machine in (before, Kernel(str(root), NO_NVML)):
        found = told(machine)
        assert not found.get("temperatures")
        assert all(gpu.get("load", 0) >= 0 for gpu in found.get("gpus", []))


def test_a_driver_that_comes_late(tmp_path: Path) -> None:
    board = Kernel(str(tmp_path), NO_NVML)
    assert not board.jetson
    nano(tmp_path)
    for _ in range(kernel.LOOK_EVERY):
        found = board.read()
    assert board.jetson
    assert found["temperatures"]["gpu"] == 31


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("CPU-therm", "cpu"), ("cpu-thermal", "cpu"), ("tj-thermal", "tj"), ("Tboard_tegra", "tboard"),
        ("BCPU-therm", "bcpu"), ("x86_pkg_temp", "x86_pkg_temp"), ("GPU", "gpu"), ("nvme Composite", "nvme composite"),
        ("PMIC-Die", ""), ("thermal-fan-est", ""), ("thermal", ""), ("PMIC", ""),
    ],
)  # fmt: skip
def test_names_of_sensors(raw: str, name: str) -> None:
    assert sensor_name(raw) == name
