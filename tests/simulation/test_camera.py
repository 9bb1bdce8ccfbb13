"""nvarguscamerasrc: what its sensors see, and how it fails."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Tuple

import pytest

from tests.simulation.conftest import run
from tests.simulation.jetson import Jetson
from tests.simulation.picture import ROUND, camera_picture, planes, psnr

CAMERA = "nvarguscamerasrc name=camera sensor-id={} ! video/x-raw(memory:NVMM),width={},height={},framerate={}/1"
REST = " ! nvvidconv ! video/x-raw,format=NV12 ! appsink name=sink sync=false"


def watch(
    jetson: Jetson, sensor: int = 0, size: Tuple[int, int] = (640, 480), fps: int = 30, **wish: Any
) -> Dict[str, Any]:
    """A run of the camera; with ``data``, of what it sees."""
    return run(jetson, CAMERA.format(sensor, *size, fps) + REST, **wish)


def number_of(data: bytes, size: Tuple[int, int], sensor: int) -> Tuple[int, float]:
    """The picture's number as its square tells it, and how like that picture it is."""
    ours = planes(data, "NV12", *size)
    best = max(range(ROUND), key=lambda n: psnr(ours[0], camera_picture(n, *size, sensor=sensor)[0]))
    return best, min(psnr(a, b) for a, b in zip(ours, camera_picture(best, *size, sensor=sensor)))


@pytest.mark.parametrize("sensor", [0, 1])
def test_the_picture_moves(jetson: Jetson, sensor: int) -> None:
    data = jetson.root.parent / "pictures"
    found = watch(jetson, sensor, frames=8, data=str(data))["frames"]
    content, length = data.read_bytes(), found[0]["size"]
    numbers = []
    for n in range(8):
        number, like = number_of(content[n * length : (n + 1) * length], (640, 480), sensor)
        assert like > 60
        numbers.append(number)
    assert numbers == sorted(set(numbers)), numbers


def test_it_is_live_at_the_rate_of_its_caps(make_jetson: Callable[..., Jetson]) -> None:
    found = watch(make_jetson("r36"), fps=10, frames=12)["frames"]
    assert found[-1]["pts"] - found[0]["pts"] >= 1.0e9


def test_without_caps_it_is_full_hd(make_jetson: Callable[..., Jetson]) -> None:
    found = run(make_jetson("r35"), "nvarguscamerasrc name=camera num-buffers=1 ! fakesink", pads=["camera.src"])
    caps = found["pads"]["camera.src"]
    assert "width=(int)1920, height=(int)1080" in caps and "framerate=(fraction)30/1" in caps


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ("sensor-id=2", "Invalid camera device specified 2 specified, 1 max index"),
        ("sensor-mode=5", "Invalid sensor mode 5 selected 5 present"),
        ("sensor-mode=0", "Frame Rate specified is greater than supported"),
    ],
)
def test_what_it_cannot_open_ends_without_an_error(jetson: Jetson, properties: str, said: str) -> None:
    found = run(jetson, f"nvarguscamerasrc {properties}" + REST)
    assert found["frames"] == []
    assert [message["type"] for message in found["messages"]] == ["eos"]
    assert said in found["stderr"]


def test_no_camera_at_all(make_jetson: Callable[..., Jetson]) -> None:
    found = run(make_jetson("r35", sensors=0), "nvarguscamerasrc" + REST)
    assert [message["type"] for message in found["messages"]] == ["eos"]
    assert "No cameras available" in found["stderr"]


def test_silence_becomes_eos(jetson: Jetson) -> None:
    jetson.order("camera:0 silent")
    found = watch(jetson)
    assert found["frames"] == []
    assert [message["type"] for message in found["messages"]] == ["eos"]
    assert found["messages"][0]["at"] - found["began"] >= 2.9


@pytest.mark.parametrize("release", ["r32", "r35"])
def test_no_frames_become_an_error(release: str, make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson(release)
    jetson.order("camera:0 stall")
    found = watch(jetson)
    error = found["messages"][0]
    assert (error["domain"], error["text"], error["debug"]) == ("NvArgusCameraSrc", "TIMEOUT", "Argus Error Status")
    assert error["at"] - found["began"] >= 4.9


@pytest.mark.parametrize("name", ["TIMEOUT", "DISCONNECTED", "CANCELLED", "UNAVAILABLE"])
def test_an_argus_error(jetson: Jetson, name: str) -> None:
    jetson.order("camera:1 error " + name)
    found = watch(jetson, sensor=1)
    error = found["messages"][0]
    assert found["frames"] == []
    assert (error["type"], error["domain"], error["text"]) == ("error", "NvArgusCameraSrc", name)
    assert error["source"] == "camera"
    assert len(watch(jetson, sensor=0, frames=3)["frames"]) == 3, "the other sensor is fine"


def fails_while_it_plays(jetson: Jetson, *lines: str) -> Dict[str, Any]:
    """What a running camera does once it is ordered to fail."""
    timer = threading.Timer(1.5, jetson.order, lines)
    timer.start()
    try:
        return watch(jetson)
    finally:
        timer.cancel()
        timer.join()


def test_it_fails_while_it_plays(make_jetson: Callable[..., Jetson]) -> None:
    found = fails_while_it_plays(make_jetson("r35"), "camera:0 error DISCONNECTED")
    assert found["messages"][0]["text"] == "DISCONNECTED"


@pytest.mark.parametrize("stale", [False, True])
def test_the_last_frame_again_and_again(make_jetson: Callable[..., Jetson], stale: bool) -> None:
    jetson = make_jetson("r35")
    jetson.order("camera:0 repeat" + (" stale" if stale else ""))
    data = jetson.root.parent / "pictures"
    found: List[Dict[str, Any]] = watch(jetson, frames=6, data=str(data))["frames"]
    content, length = data.read_bytes(), found[0]["size"]
    assert len({content[n * length : (n + 1) * length] for n in range(6)}) == 1
    assert len({frame["pts"] for frame in found}) == (1 if stale else 6)


def test_a_timeout_ends_it(make_jetson: Callable[..., Jetson]) -> None:
    found = run(make_jetson("r32"), "nvarguscamerasrc timeout=1" + REST)
    assert [message["type"] for message in found["messages"]] == ["eos"]


@pytest.mark.parametrize(
    ("value", "kept"), [("34000 358733000", True), ("34000", False), ("5 6", False), ("34000 358733001", False)]
)
def test_a_range_that_is_none_is_forgotten(make_jetson: Callable[..., Jetson], value: str, kept: bool) -> None:
    line = f'nvarguscamerasrc name=camera exposuretimerange="{value}" num-buffers=1' + REST
    found = run(make_jetson("r35"), line, values=["camera.exposuretimerange"])
    assert len(found["frames"]) == 1
    assert found["values"] == {"camera.exposuretimerange": value if kept else None}
