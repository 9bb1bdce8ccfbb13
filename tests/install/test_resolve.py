"""Everything that is installed on a board has a built wheel for its processor, its Python and its C library."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scripts.servers import ROOT

RESOLVE = ROOT / "scripts" / "resolve_aarch64"


def resolve(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RESOLVE), *words],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("target", "python"), [("jetpack-4.6", "3.8"), ("jetpack-5", "3.8"), ("jetpack-6", "3.10"), ("jetpack-7", "3.12")]
)
def test_there_are_wheels_of_it_all(target: str, python: str) -> None:
    done = resolve(target)
    if done.returncode == 3:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{target}: Python {python}, ")
    for name in ("numpy", "pydantic", "pydantic_core", "PyYAML", "paho-mqtt", "asyncinotify", "onnxruntime"):
        assert f" {name} " in done.stdout


def test_without_an_index_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens at port 9 of this machine, and names are not asked for.
    for name, value in {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "",
        "PIP_TIMEOUT": "2", "PIP_CONFIG_FILE": "/dev/null", "NO_PROXY": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    done = resolve("jetpack-6")
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("no package index can be reached") and done.stderr.count("\n") == 1


def test_a_package_without_a_wheel_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """An index that holds nothing for it is no missing network."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    done = resolve("jetpack-6")
    assert done.returncode == 1
    assert "jetpack-6: pip finds no wheels for all of it" in done.stderr and "numpy" in done.stderr
