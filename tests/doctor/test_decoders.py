"""Decoders: the one that the board's table chooses, and whether it decodes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Dict

import pytest

from edge.doctor.checks import cameras, gstreamer
from edge.doctor.context import Context
from edge.doctor.finding import Finding
from edge.doctor.system import System
from tests.doctor.machines import PATIENCE, by_name
from tests.simulation.jetson import Jetson


@pytest.fixture
def on_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Context]:
    """``on_board(release, kind, *orders, config="", …)``: a context there; Jetson's own words beside."""

    def make(release: str, kind: str, *orders: str, config: str = "device: a\n", **how: object) -> Context:
        folder = tmp_path / "board"
        folder.mkdir()
        try:
            jetson = Jetson(release, kind, folder, **how)  # type: ignore[arg-type]
        except LookupError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
        jetson.order(*orders)
        for key, value in jetson.environment().items():
            monkeypatch.setenv(key, value)
        path = tmp_path / "edge.yaml"
        path.write_text(config)
        return Context(System(jetson.root), path, patience=PATIENCE)

    return make


@pytest.fixture
def looked(on_board: Callable[..., Context]) -> Callable[..., Dict[str, Finding]]:
    """The same, and what is found of GStreamer."""
    return lambda *what, **how: by_name(gstreamer.check(on_board(*what, **how)))


@pytest.mark.parametrize(("release", "kind"), [("r32", "tx2"), ("r35", "xavier-nx"), ("r36", "orin-nano")])
def test_a_board_decodes_in_hardware(release: str, kind: str, looked: Callable[..., Dict[str, Finding]]) -> None:
    found = looked(release, kind)
    for codec in ("h264", "h265", "jpeg"):
        assert (found[codec].status, found[codec].message) == ("ok", "nvv4l2decoder, in hardware")
    assert found["elements"].message.endswith(", CSI cameras")


def test_on_its_own_python(looked: Callable[..., Dict[str, Finding]], python36: Path) -> None:
    found = looked("r32", "nano", config=f"device: a\nworkers: {{python: {python36}}}\n")
    assert found["h265"].message == "nvv4l2decoder, in hardware" and found["elements"].status == "ok"


def test_a_decoder_that_gives_no_picture_is_not_one(looked: Callable[..., Dict[str, Finding]]) -> None:
    found = looked("r36", "agx-orin", "decoder silent")["h264"]
    assert found.status == "warning"
    assert found.message.startswith("avdec_h264, in software: nvv4l2decoder does not work here: ")
    assert "no picture" in found.message and "gst-inspect-1.0" in found.remedy


def test_a_decoder_that_is_not_there(looked: Callable[..., Dict[str, Finding]]) -> None:
    found = looked("r35", "agx-xavier", without=["nvv4l2decoder", "nvvidconv"])
    assert (found["h265"].status, found["h265"].message, found["h265"].remedy) == (
        "warning", "avdec_h265, in software: nvv4l2decoder is missing", "apt-get install nvidia-l4t-gstreamer",
    )  # fmt: skip


def test_a_camera_is_looked_at_by_what_works(on_board: Callable[..., Context], shared: Path) -> None:
    clip = shared / "media" / "vtest-h264.mp4"
    config = f"device: a\nmodels: {{p: {{spec: person}}}}\ncameras: {{cam: {{source: 'file:{clip}', fps: 0.1}}}}\n"
    context = on_board("r36", "agx-orin", config=config)
    found = by_name(cameras.check(context))["cam"]
    assert found.status == "ok" and "decoded by nvv4l2decoder in hardware (NVMM)" in found.message


def test_a_camera_that_software_decodes_on_a_board(on_board: Callable[..., Context], shared: Path) -> None:
    clip = shared / "media" / "vtest-h264.mp4"
    config = f"device: a\nmodels: {{p: {{spec: person}}}}\ncameras: {{cam: {{source: 'file:{clip}', fps: 0.1}}}}\n"
    context = on_board("r36", "agx-orin", config=config, without=["nvv4l2decoder"])
    found = by_name(cameras.check(context))["cam"]
    assert found.status == "warning" and "decoded by avdec_h264 in software" in found.message
    assert "nvv4l2decoder is not there; it is in nvidia-l4t-gstreamer" in found.message
