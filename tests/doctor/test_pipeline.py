"""``edge doctor --pipeline``: the line that it prints runs, by a real gst-launch-1.0."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, List

import pytest

from edge.doctor.context import Daemon
from edge.doctor.pipeline import pipeline
from edge.errors import ConfigError, EdgeError
from scripts.servers import RtspServer, free_port
from tests.capture import clips
from tests.doctor.lines import PASSWORD, Here, launched, told


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_file(codec: str, here: Here, shared: Path) -> None:
    clip = shared / "media" / f"vtest-{codec}.mp4"
    found = told(here, f"{{source: 'file:{clip}', loop: true, size: 320x240}}")
    assert (found.codec, found.decoder, found.missing) == (codec, f"avdec_{codec}", [])
    assert any("once" in note for note in found.notes)
    assert "width=(int)320, height=(int)240" in launched(found.line)


def test_test_pictures(here: Here) -> None:
    found = told(here, "{source: 'test://?size=320x240&rate=30&pattern=snow'}")
    assert (found.codec, found.decoder, found.notes) == ("raw", "none", [])
    assert "width=(int)320" in launched(found.line)


@pytest.mark.parametrize(("codec", "said"), [("h264", ""), ("h265", "h265"), ("jpeg", "jpeg")])
def test_an_rtsp_camera(
    codec: str, said: str, here: Here, shared: Path, rtsp_server: Callable[..., RtspServer]
) -> None:
    what = (
        "launch:( videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0 "
        "audiotestsrc is-live=true ! audioconvert ! rtpL16pay name=pay1 )"
    )
    server = rtsp_server(
        cam=what if codec == "jpeg" else shared / "media" / f"vtest-{codec}.mp4",
        user="viewer",
        password=PASSWORD,
    )
    camera = f"{{source: '{server.url('cam')}', username: viewer, password: '{PASSWORD}'}}"
    found = told(here, camera, said)
    assert "secrecy" not in str(found) and "viewer" not in str(found)
    assert any("read -r CAMERA_USER; read -rs CAMERA_PASSWORD" in note for note in found.notes)
    assert any("--codec h265 or jpeg" in note for note in found.notes) == (not said)
    assert f"rtp{codec}depay" in found.line
    assert "GstAppSink:sink.GstPad:sink: caps = video/x-raw" in launched(found.line)


@pytest.mark.parametrize(("path", "codec"), [("locked.mjpg", "jpeg"), ("live.m3u8", "h264")])
def test_a_camera_that_speaks_http(path: str, codec: str, here: Here, http_camera: str) -> None:
    user = ", username: viewer, password: s3cret" if path == "locked.mjpg" else ""
    found = told(here, f"{{source: '{http_camera}/{path}'{user}}}")
    assert found.codec == codec and "s3cret" not in str(found)
    assert "GstAppSink:sink.GstPad:sink: caps = video/x-raw" in launched(found.line, secret="s3cret")


def test_a_secret_in_the_address_is_not_shown(here: Here) -> None:
    found = told(here, "{source: 'http://10.0.0.1/x.mjpg?user=me&password=word-of-secrecy'}")
    assert found.codec == "jpeg" and "multipartdemux" in found.line and "secrecy" not in str(found)
    assert "'location=" not in found.line and "location='http://10.0.0.1/x.mjpg?user=me&password=***'" in found.line
    assert any("put it in" in note for note in found.notes)


def test_what_the_daemon_has_online_is_told(here: Here) -> None:
    source = f"rtsp://127.0.0.1:{free_port()}/x"
    camera = {
        "name": "cam", "state": "online", "source": source, "codec": "h265", "decoder": "libde265dec",
        "note": "decoded in software: avdec_h265 failed",
    }  # fmt: skip
    running: List[Daemon] = [Daemon(os.geteuid(), "gate-7", {"cameras": [camera]})]
    found = told(here, f"{{source: '{source}'}}", daemons=lambda: running)
    assert (found.codec, found.decoder) == ("h265", "libde265dec")
    assert any("running daemon" in note for note in found.notes) and camera["note"] in found.notes
    assert told(here, f"{{source: '{source}'}}", "h264", daemons=lambda: running).codec == "h264"


def test_what_there_is_not(here: Here, tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="has no camera cam2"):
        pipeline(here("device: a\nmodels: {p: {spec: person}}\ncameras: {cam: {source: 'test://'}}\n"), "cam2")
    with pytest.raises(EdgeError, match="cam has no pipeline here: CSI cameras need a Jetson"):
        told(here, "{source: 'csi://0'}")
    with pytest.raises(EdgeError, match="leave --codec out"):
        told(here, "{source: 'test://'}", "h264")
    with pytest.raises(EdgeError, match="cannot be started"):
        told(here, "{source: 'test://'}", workers="workers: {python: /no/such/python}\n")
    with pytest.raises(EdgeError, match="no video stream"):
        told(here, f"{{source: 'file:{clips.sound(tmp_path / 'tone.wav')}'}}")
    with pytest.raises(EdgeError, match="of which configuration"):
        pipeline(here(), "cam")


def test_a_camera_of_a_rejected_configuration(here: Here) -> None:
    text = "device: a b\nmodels: {p: {spec: person}}\ncameras: {cam: {source: 'test://'}, bad: {source: 'no://x'}}\n"
    assert "videotestsrc" in pipeline(here(text), "cam").line
    with pytest.raises(ConfigError):
        pipeline(here(text), "bad")


def test_a_file_that_is_not_there_and_a_device_that_is_not(here: Here) -> None:
    found = told(here, "{source: 'file:none.mp4'}")
    assert "h264parse" in found.line and any("none.mp4" in n and "h264 is taken" in n for n in found.notes)
    found = told(here, "{source: 'usb:///dev/video99?format=mjpeg'}")
    assert "jpegparse" in found.line and "v4l2src name=source device=/dev/video99" in found.line
    assert any("/dev/video99 cannot be opened" in note for note in found.notes)
    assert told(here, "{source: 'usb:///dev/video99'}").codec == "raw"


def test_on_python_36(here: Here, python36: Path, shared: Path) -> None:
    clip = shared / "media" / "vtest-h264.mp4"
    found = told(here, f"{{source: 'file:{clip}'}}", workers=f"workers: {{python: {python36}}}\n")
    assert found.codec == "h264" and "avdec_h264" in launched(found.line)
