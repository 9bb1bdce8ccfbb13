"""The worker with jetson-stats as it is: each version's own client, and a service of its own classes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from edge.telemetry.reading import Reading
from tests.support.worker import WorkerHarness
from tests.telemetry.boards import nano, orin_nano, xavier_nx
from tests.telemetry.jetson_stats import VERSIONS, Service, environment, planted

MODULE, INTERVAL = "edge.telemetry.worker", 0.2
EXPECTED: Dict[str, Dict[str, Any]] = {
    "nano": {
        "gpus": [{"load": 43.1, "mhz": 614, "limit_mhz": 922}],
        "engine_clocks": {
            "nvdec": {"on": True, "mhz": 717}, "nvenc": {"on": False, "mhz": 115}, "vic": {"on": True, "mhz": 627},
        },
        "temperatures": {"ao": 41.5, "cpu": 34, "gpu": 31, "pll": 31.5, "iwlwifi": 39},
        "power_mw": {"POM_5V_IN": 6144, "POM_5V_GPU": 512, "POM_5V_CPU": 1536, "total": 6144},
        "fans": {"pwm-fan": {"percent": 40, "rpm": 2100}},
    },
    "xavier_nx": {
        "gpus": [{"load": 87.2, "mhz": 854, "limit_mhz": 1109}],
        "engine_clocks": {"dla0": {"on": True, "mhz": 1101}, "nvdec": {"on": True, "mhz": 794}},
        "temperatures": {"ao": 45, "aux": 44.5, "cpu": 46, "gpu": 45.5},
        "power_mw": {"VDD_IN": 7428, "VDD_CPU_GPU_CV": 2971, "VDD_SOC": 1238, "total": 7428},
        "fans": {"pwm-fan": {"percent": 30.2}},
    },
    "orin_nano": {
        "gpus": [{"load": 99, "mhz": 306, "limit_mhz": 625}],
        "temperatures": {"cpu": 84.2, "gpu": 86.9, "soc0": 83.5, "soc1": 83, "tj": 86.9},
        "power_mw": {"VDD_IN": 9576, "VDD_CPU_GPU_CV": 3528, "VDD_SOC": 2419, "total": 9576},
        "fans": {"pwmfan": {"percent": 100, "rpm": 5512}},
    },
}  # fmt: skip
BOARDS: Dict[str, Callable[[Path], Path]] = {"nano": nano, "xavier_nx": xavier_nx, "orin_nano": orin_nano}


def told_by_jtop(root: Path, packages: Path, python: str) -> Dict[str, Any]:
    with WorkerHarness(MODULE, "telemetry", python, environment(root, packages)) as worker:
        worker.control.send({"op": "open", "interval": INTERVAL, "last": True})
        while True:
            message = worker.wait_for("reading")
            if str(message["source"]).startswith("jtop"):
                worker.control.send({"op": "stop"})
                return Reading.of(message).payload()


def check(board: str, version: str, found: Dict[str, Any]) -> None:
    assert found["source"] == f"jtop {version}"
    assert "note" not in found
    for section, values in EXPECTED[board].items():
        if section == "engine_clocks" and version.startswith("7."):  # there a clock that has a rate is on
            values = {name: {**clock, "on": True} for name, clock in values.items()}
        assert found[section] == values, section
    # What jtop does not tell, or less well, is the kernel's word.
    assert found["memory"]["total_mib"] == 3956
    assert ("gpu-throttle-alert 1 of 1" in found["throttling"]) == (board == "orin_nano")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_on_every_board(version: str, board: str, root: Path) -> None:
    packages = planted(version, BOARDS[board](root))
    with Service(root, packages):
        check(board, version, told_by_jtop(root, packages, sys.executable))


def test_on_jetpack_4s_python(python36: Path, root: Path) -> None:
    packages = planted("4.2.12", nano(root))
    with Service(root, packages, str(python36)):
        check("nano", "4.2.12", told_by_jtop(root, packages, str(python36)))
