"""The unit as it stands in the repository: what systemd-analyze says of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from scripts.servers import ROOT
from tests.systemd.machine import in_ci

UNIT = ROOT / "systemd" / "edge.service"


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        assert not in_ci(), "no systemd-analyze"
        pytest.skip("no systemd-analyze here")
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True
    )


def settings() -> Dict[str, List[str]]:
    found: Dict[str, List[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def test_it_is_exposed_to_two_of_ten_at_most() -> None:
    """10 is the worst; a unit that only names a user has 9.2."""
    done = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    if "unrecognized option" in done.stderr:
        assert not in_ci(), done.stderr
        pytest.skip("this systemd-analyze is too old")
    found = re.search(r"Overall exposure level for edge.service: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found.group(1)) <= 2.0, done.stdout


def test_every_line_of_it_is_understood(tmp_path: Path) -> None:
    program = tmp_path / "current" / "bin" / "edge"
    program.parent.mkdir(parents=True)
    program.symlink_to("/bin/true")
    unit = tmp_path / "edge.service"
    unit.write_text(UNIT.read_text().replace("/opt/edge", str(tmp_path)))
    done = analyze("verify", "--man=no", str(unit))
    assert [line for line in done.stderr.splitlines() if "edge.service" in line] == []


def test_what_an_unattended_device_needs_is_in_it() -> None:
    unit = settings()
    assert unit["Restart"] == ["always"] and unit["StartLimitIntervalSec"] == ["0"]
    assert "RestartPreventExitStatus" not in unit and "RestartSteps" not in unit
    assert unit["Type"] == ["notify"], "notify-reload needs systemd 253"
    # An older systemd skips a group that it does not know: in a list of what is allowed, all that it holds.
    assert all(value.startswith("~") for value in unit["SystemCallFilter"])
    # What would keep cameras on a Jetson's own connectors, or CUDA, from working.
    assert unit["PrivateTmp"] == ["no"] and "/tmp" in unit["ReadWritePaths"]
    assert not {"DynamicUser", "PrivateDevices", "PrivateUsers", "MemoryDenyWriteExecute"} & set(unit)


def test_the_first_configuration_is_a_right_one(tmp_path: Path) -> None:
    from edge.config import load

    config = tmp_path / "edge.yaml"
    text = (ROOT / "systemd" / "edge.yaml").read_text().replace("DEVICE ", "device-1 ")
    config.write_text(text)
    assert load(str(config)).cameras == {}
    # The example in it, too.
    begin, example = text.split("# cameras:\n")
    config.write_text(begin + "cameras:\n" + re.sub(r"(?m)^# ", "", example))
    assert list(load(str(config)).cameras) == ["gate"]
