"""The daemon's packages against the bounds of its own metadata."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Any

import pytest

from edge.doctor.checks import packages
from edge.doctor.checks.packages import Requirement, older, requirements
from edge.doctor.system import Ran
from tests.doctor.machines import Tree, by_name


def test_what_is_installed_here_is_good(tree: Tree) -> None:
    found = by_name(packages.daemon(tree.context()))
    assert {name: finding.status for name, finding in found.items()} == {"python": "ok", "packages": "ok"}
    assert f"pydantic {metadata.version('pydantic')}" in found["packages"].message


def test_a_package_that_is_too_old_missing_or_broken(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name == "PyYAML":
            raise metadata.PackageNotFoundError(name)
        return "2.4.9" if name == "pydantic" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    found = by_name(packages.daemon(tree.context()))
    assert found["pydantic"].message == "2.4.9 is too old; 2.5 or newer is needed"
    assert found["PyYAML"].message == "is not installed" and "pip install 'PyYAML>=6.0'" in found["PyYAML"].remedy
    assert found["paho-mqtt"].status == "error"
    assert found["packages"].status == "ok" and "PyYAML" not in found["packages"].message


def test_a_checkout_that_is_not_installed(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    def distribution(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", distribution)
    assert by_name(packages.daemon(tree.context()))["packages"].status == "warning"


def test_bounds_are_read() -> None:
    lines = ["numpy>=1.21.6", "pydantic (>=2.5)", 'onnxruntime>=1.14; extra == "cpu"', "plain", "a[b]>=1"]
    assert requirements(lines) == [
        Requirement("numpy", "1.21.6"),
        Requirement("pydantic", "2.5"),
        Requirement("plain", None),
        Requirement("a", "1"),
    ]


@pytest.mark.parametrize(
    ("version", "least", "expected"),
    [("2.10", "2.5", False), ("2.5", "2.5", False), ("2.5.0", "2.5", False), ("2.4.9", "2.5", True),
     ("1.9.dev0", "1.21.6", True), ("6.0+local7", "6.0", False), ("3.6.9", "3.6", False)],
)  # fmt: skip
def test_versions_are_compared_by_their_numbers(version: str, least: str, expected: bool) -> None:
    assert older(version, least) is expected


def test_the_journals_library(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_name(packages.journal(tree.context()))["journal"].status == "skipped"
    tree.write("/run/systemd/system/x")
    tree.commands["systemctl"] = Ran(0, "LoadState=not-found\n")
    monkeypatch.setitem(sys.modules, "systemd.journal", None)
    assert by_name(packages.journal(tree.context()))["journal"].status == "warning"
