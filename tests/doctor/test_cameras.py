"""Cameras: real RTSP servers that send, refuse, lack the path or are not there, all looked at together."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

from edge.capture.probe import measured_rate
from edge.doctor.checks import cameras
from edge.doctor.context import Context, Daemon
from edge.doctor.finding import Finding
from scripts.servers import RtspServer, free_port
from tests.capture import clips
from tests.doctor.machines import by_name

Here = Callable[..., Context]


def looked(here: Here, *lines: str, **how: Any) -> Dict[str, Finding]:
    text = ["device: gate-7", "models: {people: {spec: person}}", "cameras:", *(f"  {line}" for line in lines)]
    return by_name(cameras.check(here("\n".join(text) + "\n", **how)))


def test_what_every_kind_of_camera_is_told_as(shared: Path, rtsp_server: Callable[..., RtspServer], here: Here) -> None:
    clip = shared / "media" / "vtest-h264.mp4"
    server = rtsp_server(
        square=clip,
        yard=shared / "media" / "vtest-h265.mp4",
        vp8="launch:videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay name=pay0",
    )
    closed = rtsp_server(square=clip, user="viewer", password="right-word-of-secrecy")
    found = looked(
        here,
        f"square: {{source: '{server.url('square')}', fps: 0.1, size: 320x240}}",
        f"yard: {{source: '{server.url('yard')}', fps: 0.1}}",
        f"vp8: {{source: '{server.url('vp8')}'}}",
        f"lost: {{source: '{server.url('lost')}'}}",
        f"right: {{source: '{closed.url('square')}', username: viewer, password: right-word-of-secrecy, fps: 0.1}}",
        f"wrong: {{source: 'rtsp://viewer:wrong-word-of-secrecy@127.0.0.1:{closed.port}/square'}}",
        f"nobody: {{source: 'rtsp://127.0.0.1:{free_port()}/x'}}",
        "picture: {source: 'test://?size=320x240&rate=10', fps: 0.1}",
        "slow: {source: 'test://?size=320x240&rate=2', fps: 60}",
        "gone: {source: 'file:none.mp4'}",
        "off: {source: 'test://', enabled: false}",
    )
    assert {name: finding.status for name, finding in found.items()} == {
        "square": "ok", "yard": "ok", "vp8": "error", "lost": "error", "right": "ok", "wrong": "error",
        "nobody": "error", "picture": "ok", "slow": "warning", "gone": "error", "off": "skipped",
    }  # fmt: skip
    assert found["square"].message.startswith("h264 768x576, ")
    assert found["square"].message.endswith(" pictures/s, decoded by avdec_h264 in software")
    assert found["yard"].message.startswith("h265 768x576, ")
    assert "it sends VP8" in found["vp8"].message
    assert found["lost"].message.startswith("unreachable: ")
    assert found["wrong"].message.startswith("unauthorized: ") and "edge.yaml:9" in found["wrong"].remedy
    assert found["nobody"].message.startswith("unreachable: ")
    assert found["picture"].message.startswith("raw 320x240, ")
    assert "fewer than the 60" in found["slow"].message
    assert "secrecy" not in str(found)


def test_a_clip_that_is_soon_over(shared: Path, tmp_path: Path, here: Here) -> None:
    clip = clips.cut(shared / "media" / "vtest-h264.mp4", tmp_path / "short.mp4", 3)
    found = looked(here, f"clip: {{source: 'file:{clip}', fps: 0.1}}")["clip"]
    assert found.status == "ok"
    assert found.message.startswith("h264 768x576, ") and found.message.endswith(", then the file is over")


def test_the_rate_begins_with_a_picture_that_was_seen_to_come() -> None:
    second = 1000000000
    assert measured_rate([(0, 3), (second, 5), (2 * second, 15), (3 * second, 25)]) == 10.0
    assert measured_rate([(0, 3), (second, 5)]) is None


def test_one_that_is_silent_does_not_keep_the_others(here: Here) -> None:
    told: List[str] = []
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(5)
        found = looked(
            here,
            f"deaf: {{source: 'rtsp://127.0.0.1:{deaf.getsockname()[1]}/x'}}",
            "picture: {source: 'test://', fps: 0.1}",
            told=told.append,
        )
    assert found["picture"].status == "ok"
    assert found["deaf"].status == "error" and found["deaf"].message.startswith("unreachable: ")
    assert told[0] == "deaf, picture" and told[-1] == ""


def status(**changed: Any) -> Dict[str, Any]:
    camera = {
        "name": "gate", "state": "online", "codec": "h265", "decoder": "nvv4l2decoder",
        "width": 1920, "height": 1080, "fps_in": 24.96, **changed,
    }  # fmt: skip
    return {"cameras": [camera, {"name": "other", "state": "online"}]}


def test_what_the_daemon_has_online_is_not_disturbed(here: Here) -> None:
    source = f"rtsp://127.0.0.1:{free_port()}/x"
    line = f"gate: {{source: '{source}'}}"

    def running(**changed: Any) -> Callable[[], List[Daemon]]:
        return lambda: [Daemon(os.geteuid(), "gate-7", status(**{"source": source, **changed}))]

    found = looked(here, line, daemons=running())["gate"]
    assert found.status == "ok"
    assert found.message.startswith("h265 1920x1080, 25.0 pictures/s, decoded by nvv4l2decoder (as the daemon sees it")
    found = looked(here, line, daemons=running(state="frozen"))["gate"]
    assert found.status == "warning" and found.message.startswith("frozen: ")
    # What the daemon does not have, or has from elsewhere, is asked itself.
    found = looked(here, line, daemons=running(state="unreachable"))["gate"]
    assert found.status == "error" and "no second connection" in found.remedy
    assert looked(here, line, daemons=running(source="rtsp://127.0.0.1/y"))["gate"].status == "error"


def test_there_may_be_none_or_none_looked_at(here: Here) -> None:
    (found,) = cameras.check(here())
    assert found.status == "skipped"
    assert looked(here, "{}")["cameras"].status == "skipped"
    assert looked(here, "a: {source: 'test://'}", cameras=False)["cameras"].message == "not looked at (--no-cameras)"


def test_on_python_36(here: Here, python36: Path, shared: Path, rtsp_server: Callable[..., RtspServer]) -> None:
    server = rtsp_server(square=shared / "media" / "vtest-h264.mp4")
    text = f"""
device: gate-7
workers: {{python: {python36}}}
models: {{people: {{spec: person}}}}
cameras: {{square: {{source: '{server.url("square")}', fps: 0.1}}}}
"""
    found = by_name(cameras.check(here(text)))["square"]
    assert found.status == "ok" and found.message.startswith("h264 768x576, ")


def test_a_probe_that_dies_on_the_way(here: Here, tmp_path: Path) -> None:
    """The first start tells of GStreamer, the ones for cameras crash."""
    python = tmp_path / "python"
    mark = tmp_path / "started"
    python.write_text(f"#!/bin/sh\nif mkdir {mark} 2>/dev/null; then exec {sys.executable} \"$@\"; fi\nkill -SEGV $$\n")
    python.chmod(0o755)
    text = f"device: a\nworkers: {{python: {python}}}\nmodels: {{p: {{spec: person}}}}\n"
    text += "cameras: {a: {source: 'test://'}}\n"
    found = by_name(cameras.check(here(text)))["a"]
    assert found.status == "error" and "crashed (signal 11)" in found.message
