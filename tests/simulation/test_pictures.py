"""What comes out is what went in: decoded, scaled, converted, turned and cropped as the same by software."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest

from tests.simulation.conftest import run
from tests.simulation.jetson import Jetson
from tests.simulation.picture import camera_picture, planes, psnr

DB = 30.0
#: The converter's own way is the nearest sample; this one is the software scaler's default too.
SMOOTH = "nvvidconv interpolation-method=Bilinear"
PARSE = {"h264": "h264parse", "h265": "h265parse", "jpeg": "jpegparse"}
DECODE = {"h264": "avdec_h264", "h265": "avdec_h265", "jpeg": "avdec_mjpeg"}
ENCODE = {
    "h264": "x264enc speed-preset=ultrafast ! video/x-h264,stream-format=byte-stream",
    "h265": "x265enc speed-preset=ultrafast ! video/x-h265,stream-format=byte-stream",
    "jpeg": "jpegenc quality=95",
}
Planes = List[np.ndarray]


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``make_clip(codec, width, height, form="I420")``: four pictures, as a bare stream; made once."""
    folder = tmp_path_factory.mktemp("clips")

    def make(codec: str, width: int, height: int, form: str = "I420") -> Path:
        path = folder / f"{width}x{height}-{form}.{codec}"
        if not path.exists():
            line = (
                "videotestsrc num-buffers=4 pattern=smpte75 ! "
                f"video/x-raw,format={form},width={width},height={height} ! {ENCODE[codec]} ! filesink location={path}"
            )
            subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True, timeout=150)
        return path

    return make


def source(path: Path, codec: str) -> str:
    demux = "qtdemux ! " if path.suffix == ".mp4" else ""
    return f"filesrc location={path} ! {demux}{PARSE[codec]}"


def pictures(jetson: Jetson, line: str, form: str, size: Tuple[int, int], count: int = 4) -> List[Planes]:
    """The first pictures that a line gives."""
    data = jetson.root.parent / "pictures"
    caps = f"video/x-raw,format={form},width={size[0]},height={size[1]},pixel-aspect-ratio=1/1"
    found = run(jetson, f"{line} ! {caps} ! appsink name=sink sync=false", frames=count, data=str(data))
    assert len(found.get("frames", [])) == count, found
    content, length = data.read_bytes(), found["frames"][0]["size"]
    return [planes(content[n * length : (n + 1) * length], form, *size) for n in range(count)]


def likeness(ours: List[Planes], theirs: List[Planes], peak: int = 255) -> float:
    """Of the plane that is least like the other."""
    assert len(ours) == len(theirs)
    return min(psnr(a, b, peak) for x, y in zip(ours, theirs) for a, b in zip(x, y))


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("size", [(640, 360), (320, 240), (416, 416), (333, 187), (1536, 1152)])
def test_people_on_a_square(
    codec: str, size: Tuple[int, int], make_jetson: Callable[..., Jetson], shared: Path
) -> None:
    jetson = make_jetson("r35")
    clip = source(shared / "media" / f"vtest-{codec}.mp4", codec)
    ours = pictures(jetson, f"{clip} ! nvv4l2decoder ! {SMOOTH}", "NV12", size)
    software = "videoscale add-borders=false ! videoconvert"
    theirs = pictures(jetson, f"{clip} ! {DECODE[codec]} ! {software}", "I420", size)
    assert likeness(ours, theirs) >= DB


@pytest.mark.parametrize(
    ("codec", "size", "to"),
    [
        ("h264", (3840, 2160), (640, 360)),
        ("h265", (3840, 2160), (640, 360)),
        ("jpeg", (3840, 2160), (640, 360)),
        ("h264", (1080, 1920), (360, 640)),
        ("h264", (770, 434), (770, 434)),
        ("h265", (722, 406), (361, 203)),
        ("jpeg", (641, 481), (321, 241)),
        ("jpeg", (641, 481), (641, 481)),
    ],
)
def test_large_and_odd_sizes(
    codec: str,
    size: Tuple[int, int],
    to: Tuple[int, int],
    jetson: Jetson,
    make_clip: Callable[..., Path],
) -> None:
    clip = source(make_clip(codec, *size), codec)
    ours = pictures(jetson, f"{clip} ! nvv4l2decoder mjpeg=1 ! {SMOOTH}", "NV12", to)
    theirs = pictures(jetson, f"{clip} ! {DECODE[codec]} ! videoscale add-borders=false ! videoconvert", "I420", to)
    assert likeness(ours, theirs) >= DB


def test_ten_bits(jetson: Jetson, make_clip: Callable[..., Path]) -> None:
    clip = source(make_clip("h265", 640, 360, form="I420_10LE"), "h265")
    found = run(
        jetson, f"{clip} ! nvv4l2decoder name=decoder ! appsink name=sink sync=false", frames=2, pads=["decoder.src"]
    )
    assert found["pads"]["decoder.src"].startswith("video/x-raw(memory:NVMM), format=(string)P010_10LE, width=(int)640")
    ours = pictures(jetson, f"{clip} ! nvv4l2decoder ! {SMOOTH}", "NV12", (320, 180))
    theirs = pictures(jetson, f"{clip} ! avdec_h265 ! videoscale ! videoconvert", "I420", (320, 180))
    assert likeness(ours, theirs) >= DB


def test_h264_of_ten_bits_is_refused(jetson: Jetson, make_clip: Callable[..., Path]) -> None:
    clip = source(make_clip("h264", 640, 360, form="I420_10LE"), "h264")
    (error, *_) = run(jetson, f"{clip} ! nvv4l2decoder ! fakesink")["messages"]
    assert (error["type"], error["source"]) == ("error", "nvv4l2decoder0")


TURNS: Dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda p: p,
    "counterclockwise": lambda p: np.rot90(p, 1),
    "rotate-180": lambda p: np.rot90(p, 2),
    "clockwise": lambda p: np.rot90(p, -1),
    "horizontal-flip": lambda p: p[:, ::-1],
    "upper-right-diagonal": lambda p: np.rot90(p, 2).T,
    "vertical-flip": lambda p: p[::-1],
    "upper-left-diagonal": lambda p: p.T,
}


@pytest.mark.parametrize("method", sorted(TURNS))
def test_turned(method: str, make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r36")
    turn = TURNS[method]
    camera = "nvarguscamerasrc ! video/x-raw(memory:NVMM),width=640,height=480,framerate=30/1"
    (straight,) = pictures(jetson, f"{camera} ! nvvidconv", "I420", (640, 480), count=1)
    width, height = turn(straight[0]).shape[1], turn(straight[0]).shape[0]
    (ours,) = pictures(jetson, f"{camera} ! nvvidconv flip-method={method}", "I420", (width, height), count=1)
    assert likeness([ours], [[turn(plane) for plane in straight]]) >= DB


def test_a_part_is_a_rectangle_of_coordinates(jetson: Jetson) -> None:
    camera = "nvarguscamerasrc ! video/x-raw(memory:NVMM),width=640,height=480,framerate=30/1"
    (ours,) = pictures(
        jetson, f"{camera} ! nvvidconv left=160 right=480 top=120 bottom=360", "I420", (320, 240), count=1
    )
    whole = camera_picture(1, 640, 480)
    theirs = [whole[0][120:360, 160:480], *(plane[60:180, 80:240] for plane in whole[1:])]
    assert likeness([ours], [theirs]) >= DB


def test_a_part_outside_the_picture_ends_it(make_jetson: Callable[..., Jetson]) -> None:
    # As margins these would be a frame of 16 pixels; as coordinates they are nothing.
    line = "nvarguscamerasrc ! nvvidconv left=16 right=16 top=16 bottom=16 ! video/x-raw,format=NV12 ! fakesink"
    (error, *_) = run(make_jetson("r35"), line)["messages"]
    assert "reason error (-5)" in error["debug"]


def decoded(jetson: Jetson, clip: Path, how: str, **wish: Any) -> List[int]:
    """Which pictures of a clip of ten a second come out."""
    line = f"{source(clip, 'h264')} ! nvv4l2decoder name=decoder {how} ! appsink name=sink sync=false max-buffers=1"
    return [round(frame["pts"] / 1e8) for frame in run(jetson, line, **wish)["frames"]]


def test_skipping_and_dropping(jetson: Jetson, shared: Path) -> None:
    clip = shared / "media" / "vtest-h264.mp4"
    assert decoded(jetson, clip, "", frames=25) == list(range(25))
    # It has a key picture every two seconds.
    assert decoded(jetson, clip, "skip-frames=decode_key", frames=4) == [0, 20, 40, 60]
    assert decoded(jetson, clip, "skip-frames=2 drop-frame-interval=2", frames=3) == [0, 40, 80]
    assert decoded(jetson, clip, "drop-frame-interval=5", frames=4) == [0, 5, 10, 15]
    # No picture of it is one that no other refers to.
    assert decoded(jetson, clip, "skip-frames=decode_non_ref", frames=25) == list(range(25))


def test_skipping_begins_and_ends_while_it_plays(make_jetson: Callable[..., Jetson], shared: Path) -> None:
    wish = {"frames": 60, "set": [[8, "decoder", "skip-frames", 2], [20, "decoder", "skip-frames", 0]]}
    found = decoded(make_jetson("r35"), shared / "media" / "vtest-h264.mp4", "", **wish)
    (first, *_, last) = (n for n, (a, b) in enumerate(zip(found, found[1:])) if b - a > 1)
    assert found[:first] == list(range(first)), "all before"
    assert all(n % 20 == 0 for n in found[first + 1 : last + 1]), "key pictures alone"
    assert found[last + 1] % 20 == 0, "and all again from a key picture on, for what is between cannot be decoded"
    assert found[last + 1 :] == list(range(found[last + 1], found[last + 1] + len(found) - last - 1))
