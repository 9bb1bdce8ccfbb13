"""The workers' interpreter: real ones that have what is needed, lack some of it, or do not run at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict

import pytest

from edge.doctor import probe
from edge.doctor.checks import cameras, gstreamer, workers
from edge.doctor.context import Context
from edge.doctor.finding import Finding
from scripts.servers import SYSTEM_PYTHON
from tests.doctor.machines import by_name

Here = Callable[..., Context]


def with_python(here: Here, python: object) -> Context:
    return here(f"device: a\nworkers: {{python: '{python}'}}\nmodels: {{p: {{spec: person}}}}\n")


def program(path: Path, *lines: str) -> Path:
    """A shell script in place of an interpreter."""
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return path


def interpreter(path: Path, **environment: str) -> Path:
    """This interpreter, with that environment."""
    exports = [f"export {key}='{value}'" for key, value in environment.items()]
    return program(path, *exports, f'exec {sys.executable} "$@"')


def statuses(found: Dict[str, Finding]) -> Dict[str, str]:
    return {name: finding.status for name, finding in found.items()}


def test_this_interpreter_has_all(here: Here) -> None:
    context = here()
    found = by_name(workers.check(context))
    assert set(statuses(found).values()) == {"ok"}
    assert found["python"].message.endswith(", the daemon's own")
    assert found["onnxruntime"].message.endswith(", on the CPU")
    found = by_name(gstreamer.check(context))
    assert {"version", "elements", "h264", "h265", "jpeg"} <= set(found)
    assert found["h264"].message.endswith("avdec_h264, in software")


def test_python_36_is_good_enough(here: Here, python36: Path) -> None:
    context = with_python(here, python36)
    found = by_name(workers.check(context))
    assert found["python"].message == f"3.6.{found['python'].message.split('.')[2].split(',')[0]}, {python36}"
    assert found["gi"].status == found["numpy"].status == "ok"
    assert found["onnxruntime"].status == "error" and f"{python36} -m pip install" in found["onnxruntime"].remedy
    assert by_name(gstreamer.check(context))["h264"].status == "ok"


@pytest.mark.parametrize("command", ["exit 0", "echo no such thing >&2; exit 9", "kill -SEGV $$"])
def test_what_is_no_interpreter(command: str, tmp_path: Path, here: Here) -> None:
    context = with_python(here, program(tmp_path / "python", command))
    found = by_name(workers.check(context))
    assert statuses(found) == {"python": "error"}
    assert "edge.yaml:2" in found["python"].remedy
    assert "exit 9" not in command or "status 9: no such thing" in found["python"].message
    assert "SEGV" not in command or "signal 11" in found["python"].message
    assert by_name(gstreamer.check(context))["version"].status == "skipped"
    assert by_name(cameras.check(context))["cameras"].status == "skipped"


@pytest.mark.parametrize("kind", ["missing", "folder", "not executable"])
def test_an_interpreter_that_cannot_be_started(kind: str, tmp_path: Path, here: Here) -> None:
    path = tmp_path / "python"
    if kind == "folder":
        path.mkdir()
    elif kind == "not executable":
        path.write_text("")
    found = by_name(workers.check(with_python(here, path)))
    assert statuses(found) == {"python": "error"}
    assert f"{path} cannot be started: " in found["python"].message


def test_a_bare_virtual_environment(tmp_path: Path, here: Here) -> None:
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    context = with_python(here, tmp_path / "venv" / "bin" / "python")
    found = by_name(workers.check(context))
    assert statuses(found) == {
        "python": "ok", "gi": "error", "numpy": "error", "cv2": "warning", "onnxruntime": "error",
    }  # fmt: skip
    assert "python3-gi" in found["gi"].remedy and "No module named 'gi'" in found["gi"].message
    assert by_name(gstreamer.check(context))["version"].status == "skipped"


def test_a_library_that_kills_the_process(tmp_path: Path, here: Here) -> None:
    (tmp_path / "cv2.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    python = interpreter(tmp_path / "python", PYTHONPATH=str(tmp_path))
    found = by_name(workers.check(with_python(here, python)))
    assert statuses(found)["cv2"] == "warning" and "signal 11) importing cv2" in found["cv2"].message
    assert statuses(found)["onnxruntime"] == "skipped" and statuses(found)["numpy"] == "ok"


def test_a_library_that_hangs(tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "onnxruntime.py").write_text("import select\nselect.select([], [], [])\n")
    python = interpreter(tmp_path / "python", PYTHONPATH=str(tmp_path))
    context = with_python(here, python)
    assert not isinstance(context.gstreamer, str)
    real = probe.Probe.look_at_clock

    def look(self: probe.Probe) -> None:
        if self.messages and self.messages[-1] == {"op": "importing", "module": "onnxruntime"}:
            self._deadline = 0.0
        real(self)

    monkeypatch.setattr(probe.Probe, "look_at_clock", look)
    found = by_name(workers.check(context))
    assert (found["onnxruntime"].status, found["cv2"].status) == ("error", "ok")
    assert "hangs importing onnxruntime" in found["onnxruntime"].message


@pytest.fixture(scope="module")
def plugins() -> Path:
    """GStreamer's folder of plugins."""
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c",
         "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None);"
         "print(Gst.Registry.get().find_plugin('app').get_filename())"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Path(done.stdout.strip()).parent


@pytest.mark.parametrize(
    ("without", "name", "status", "package"),
    [
        (("libgstlibav", "libgstopenh264"), "h264", "error", "gstreamer1.0-libav gstreamer1.0-plugins-bad"),
        (("libgstlibav", "libgstde265"), "h265", "warning", "gstreamer1.0-libav gstreamer1.0-plugins-bad"),
        (("libgstvideoparsersbad",), "h265", "warning", "gstreamer1.0-plugins-bad"),
        (("libgstapp.",), "elements", "error", "gstreamer1.0-plugins-base"),
        (("libgstrtsp.",), "elements", "warning", "gstreamer1.0-plugins-good"),
    ],
)
def test_missing_elements_are_named_with_their_package(
    without: object, name: str, status: str, package: str, plugins: Path, tmp_path: Path, here: Here
) -> None:
    some = tmp_path / "plugins"
    some.mkdir()
    for plugin in plugins.iterdir():
        if not plugin.name.startswith(without):  # type: ignore[arg-type]
            (some / plugin.name).symlink_to(plugin)
    python = interpreter(
        tmp_path / "python",
        GST_PLUGIN_SYSTEM_PATH_1_0=str(some),
        GST_PLUGIN_PATH_1_0="",
        GST_REGISTRY_1_0=str(tmp_path / "registry"),
    )
    found = by_name(gstreamer.check(with_python(here, python)))[name]
    assert found.status == status and found.remedy == f"apt-get install {package}"


def test_nothing_is_left_behind(here: Here) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    context = here()
    answer = context.gstreamer
    assert not isinstance(answer, str) and answer.failure == ""
    assert answer.process.returncode == 0
    assert sorted(os.listdir("/proc/self/fd")) == before
