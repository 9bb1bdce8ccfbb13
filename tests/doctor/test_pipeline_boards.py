"""``edge doctor --pipeline`` on simulated boards: the line has their elements, and runs there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from edge.doctor.context import Context
from edge.doctor.pipeline import Pipeline
from edge.doctor.system import System
from scripts.servers import RtspServer
from tests.doctor.lines import launched, told
from tests.doctor.machines import PATIENCE
from tests.simulation.jetson import Jetson


class OnBoard:
    """A simulated board's pipelines, and gst-launch-1.0 there."""

    def __init__(self, jetson: Jetson, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jetson, self._folder = jetson, folder
        self.environment: Dict[str, str] = jetson.environment()
        for key, value in self.environment.items():
            monkeypatch.setenv(key, value)

    def here(self, config: str, **how: Any) -> Context:
        path = self._folder / "edge.yaml"
        path.write_text(config)
        return Context(System(self.jetson.root), path, **how)

    def told(self, camera: str, codec: str = "") -> Pipeline:
        return told(self.here, camera, codec)


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., OnBoard]:
    """``board(release, kind, without=())``"""

    def make(release: str, kind: str, **how: Any) -> OnBoard:
        folder = tmp_path / "board"
        folder.mkdir()
        try:
            return OnBoard(Jetson(release, kind, folder, **how), tmp_path, monkeypatch)
        except LookupError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))

    return make


BOARDS = pytest.mark.parametrize(("release", "kind"), [("r32", "nano"), ("r35", "agx-xavier"), ("r36", "agx-orin")])


@BOARDS
def test_a_csi_camera(release: str, kind: str, board: Callable[..., OnBoard]) -> None:
    on = board(release, kind)
    options = "size=640x480&rate=30&flip=rotate-180&exposure=1ms..20ms&gain=1..8&white-balance=daylight&denoise=fast"
    found = on.told(f"{{source: 'csi://1?{options}', size: 320x240}}")
    assert found.board.endswith(f"({release})") and not found.missing
    assert "exposuretimerange='1000000 20000000'" in found.line
    said = launched(found.line, on.environment)
    assert "source.GstPad:src: caps = video/x-raw(memory:NVMM)" in said
    assert "width=(int)320, height=(int)240" in said


@BOARDS
def test_an_rtsp_camera_of_a_board(
    release: str, kind: str, board: Callable[..., OnBoard], shared: Path, rtsp_server: Callable[..., RtspServer]
) -> None:
    on = board(release, kind)
    server = rtsp_server(cam=shared / "media" / "vtest-h265.mp4")
    found = on.told(f"{{source: '{server.url('cam')}', size: 320x240}}", "h265")
    assert found.decoder == "nvv4l2decoder" and "nvvidconv" in found.line
    assert "enable-max-performance=true" in found.line
    said = launched(found.line, on.environment)
    assert "decoder.GstPad:src: caps = video/x-raw(memory:NVMM)" in said


@pytest.mark.parametrize(
    ("options", "codec"), [("", "jpeg"), ("?format=mjpeg&size=640x480", "jpeg"), ("?format=raw&size=640x480", "raw")]
)
@pytest.mark.parametrize(("release", "kind"), [("r32", "nano"), ("r36", "agx-orin")])
def test_a_usb_camera_is_asked_what_it_offers(
    options: str, codec: str, release: str, kind: str, board: Callable[..., OnBoard]
) -> None:
    on = board(release, kind)
    found = on.told(f"{{source: 'usb:///dev/video0{options}', size: 320x240}}")
    assert found.codec == codec and ("jpegparse" in found.line) == (codec == "jpeg")
    assert not any("cannot be looked at" in note for note in found.notes)
    assert not options or "width=640,height=480,framerate=" in found.line
    assert "width=(int)320, height=(int)240" in launched(found.line, on.environment)


def test_properties_are_those_that_the_element_has(board: Callable[..., OnBoard]) -> None:
    """Thor's decoder has no enable-max-performance."""
    found = board("r38", "thor").told("{source: 'rtsp://10.0.0.1/x'}")
    assert found.decoder == "nvv4l2decoder" and "enable-max-performance" not in found.line


def test_a_board_that_is_not_known_is_a_note(board: Callable[..., OnBoard]) -> None:
    on = board("r36", "agx-orin")
    (on.jetson.root / "proc/device-tree/compatible").write_bytes(b"nvidia,p9999-0000\0nvidia,tegra234\0")
    (on.jetson.root / "proc/device-tree/model").write_bytes(b"A maker's own\0")
    found = on.told("{source: 'csi://0'}")
    assert any("it is taken for a Jetson Orin Nano" in note for note in found.notes)


def test_what_is_missing_is_named_with_its_package(board: Callable[..., OnBoard]) -> None:
    on = board("r36", "agx-orin", without=["nvv4l2decoder"])
    found = on.told("{source: 'rtsp://10.0.0.1/x'}")
    assert found.decoder == "avdec_h264" and not found.missing
    assert any("nvv4l2decoder is not there" in note and "nvidia-l4t-gstreamer" in note for note in found.notes)


def test_a_line_that_cannot_run_says_so(board: Callable[..., OnBoard]) -> None:
    on = board("r36", "agx-orin", without=["nvvidconv", "nvarguscamerasrc"])
    found = on.told("{source: 'csi://0'}")
    assert [each["element"] for each in found.missing] == ["nvarguscamerasrc", "nvvidconv"]
    words = "nvarguscamerasrc, nvvidconv is missing (apt-get install nvidia-l4t-camera nvidia-l4t-gstreamer)"
    assert any(words in note for note in found.notes)
    assert "nvarguscamerasrc" in found.line and "nvvidconv" in found.line


def test_the_whole_command(board: Callable[..., OnBoard], shared: Path, tmp_path: Path) -> None:
    """What it prints is a script."""
    on = board("r35", "agx-xavier")
    on.here(
        "device: gate-7\nmodels: {people: {spec: person}}\n"
        f"cameras: {{cam: {{source: 'file:{shared / 'media' / 'vtest-h264.mp4'}'}}}}\n"
    )
    command = [sys.executable, "-m", "edge", "doctor", "-c", str(tmp_path / "edge.yaml"), "--pipeline"]
    done = subprocess.run([*command, "cam"], capture_output=True, text=True, timeout=2 * PATIENCE, env=on.environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# cam on Jetson AGX Xavier (r35): h264, decoded by nvv4l2decoder\n")
    assert "memory:NVMM" in launched(done.stdout, on.environment)
    done = subprocess.run(
        [*command, "cam", "--json"], capture_output=True, text=True, timeout=2 * PATIENCE, env=on.environment
    )
    assert '"decoder": "nvv4l2decoder"' in done.stdout
    done = subprocess.run([*command, "gate"], capture_output=True, text=True, timeout=2 * PATIENCE, env=on.environment)
    assert done.returncode == 1 and "has no camera gate" in done.stderr
