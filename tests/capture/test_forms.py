"""Whatever form a camera's video has, its pictures are right: in software, and on boards made of doubles."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, Optional, Tuple

import pytest

from edge.wire.messages import BT709, FULL_RANGE
from tests.capture import forms
from tests.capture.forms import Form
from tests.capture.harness import CaptureHarness, clip
from tests.simulation.jetson import Jetson

PLACES = ("software", "r32", "r35", "r36", "r38")
BOARDS = {"r32": "nano", "r35": "agx-xavier", "r36": "agx-orin", "r38": "thor"}
SCALED = (320, 180)

#: Of 640x368, as 640x360 is coded. (libav takes a crop at the left by multiples of 32 alone.)
CROPPED = ("-bsf:v", "h264_metadata=crop_left=64:crop_right=32:crop_top=8:crop_bottom=24")
FORMS = [
    Form("h265", (640, 360), "yuv420p10le"),
    Form("h265", (640, 360), "yuv444p"),
    Form("h265", (640, 360), "yuv422p10le"),
    Form("h264", (640, 360), "yuv422p"),
    Form("h264", (640, 360), "yuv420p10le"),
    # 4:2:0 has no odd sizes, in H.264 and H.265 not by cropping either; 4:4:4 and JPEG have.
    Form("h264", (641, 361), "yuv444p"),
    Form("jpeg", (641, 361), "yuvj420p"),
    Form("jpeg", (640, 360), "yuvj422p"),
    Form("h264", (1366, 768)),
    Form("h265", (1366, 768)),
    Form("h264", (853, 480), "yuv444p"),
    Form("h264", (854, 480)),
    Form("h265", (3840, 2160)),
    Form("h264", (1080, 1920)),
    Form("h264", (640, 360), more=CROPPED),
]
#: What NVIDIA's decoder has no surface for, as the simulation has it: a software decoder takes over, and it is said.
NO_SURFACE = ("yuv422p", "yuv422p10le", "yuv444p")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms")


@pytest.fixture
def environment(tmp_path: Path) -> Callable[[str], Optional[Dict[str, str]]]:
    def make(place: str) -> Optional[Dict[str, str]]:
        if place == "software":
            return None
        try:
            (tmp_path / place).mkdir()
            return Jetson(place, BOARDS[place], tmp_path / place).environment()
        except LookupError as e:
            pytest.skip(str(e))

    return make


def shown(form: Form) -> Tuple[int, int]:
    return (544, 336) if form.more is CROPPED else form.size


def converted(form: Form) -> str:
    """What the software's scaler does to colours of which nothing is said: from what the size implies to BT.601."""
    return "" if form.codec == "jpeg" or form.size[1] <= 576 else ":in_color_matrix=bt709:out_color_matrix=bt601"


#: Unscaled, a board's release makes no difference.
EACH = [(place, scaled) for place in PLACES for scaled in (False, True) if scaled or place in ("software", "r35")]


@pytest.mark.parametrize(("place", "scaled"), EACH, ids=[f"{p}-{'scaled' if s else 'whole'}" for p, s in EACH])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_content_is_right(
    form: Form, place: str, scaled: bool, folder: Path, environment: Callable[[str], Optional[Dict[str, str]]]
) -> None:
    path = forms.make(form, folder)
    size = SCALED if scaled else shown(form)
    wish = {"size": list(SCALED), "fps": 10} if scaled else {}
    avoid = ["nvv4l2decoder"] if place != "software" and refused(form) else []
    with CaptureHarness(clip(path, loop=True, **wish), environment=environment(place), avoid=avoid) as worker:
        online = worker.wait_for("online")
        assert (online["width"], online["height"]) == size
        assert bool(online["memory"]) == (place != "software" and not avoid)
        _, planes = worker.picture()
    how = converted(form) if scaled and not online["memory"] else ""
    assert forms.likeness(planes, forms.decoded(path, size, full=form.codec == "jpeg", how=how)) >= 30


def refused(form: Form) -> bool:
    """By the board's decoder."""
    return form.codec != "jpeg" and (form.pixels in NO_SURFACE or (form.codec, form.pixels) == ("h264", "yuv420p10le"))


@pytest.mark.parametrize("form", [f for f in FORMS if refused(f)], ids=str)
def test_what_a_board_has_no_surface_for_is_told(
    form: Form, folder: Path, environment: Callable[[str], Optional[Dict[str, str]]]
) -> None:
    with CaptureHarness(clip(forms.make(form, folder)), environment=environment("r35")) as worker:
        farewell = worker.ended()
    assert (farewell["state"], farewell["broken"]) == ("unreachable", "nvv4l2decoder")
    assert farewell["reason"].startswith("the decoder nvv4l2decoder does not work here: ")


# ---- two fields in one picture -----------------------------------------------------------------------------------

INTERLACED = {
    "mbaff": ("-flags", "+ildct+ilme", "-x264opts", "tff=1"),
    "bottom field first": ("-flags", "+ildct+ilme", "-x264opts", "bff=1"),
    "fields that are said, not coded": ("-x264opts", "fake-interlaced=1:tff=1"),
}


def woven(folder: Path, kind: str) -> Path:
    """Pictures of 25 a second, of two fields each that were taken one after the other."""
    mode = "interleave_bottom" if kind.startswith("bottom") else "interleave_top"
    path = folder / kind.replace(" ", "-").replace(",", "")
    path.mkdir(exist_ok=True)
    filters = f"gblur=sigma=3,tinterlace={mode}"
    return forms.make(Form("h264", (640, 480), more=INTERLACED[kind], filters=filters), path, pictures=8, rate=20)


@pytest.mark.parametrize("scaled", [False, True], ids=["whole", "scaled"])
@pytest.mark.parametrize("kind", INTERLACED)
def test_fields_are_taken_apart_in_software(kind: str, scaled: bool, folder: Path) -> None:
    path = woven(folder, kind)
    size = (320, 240) if scaled else (640, 480)
    wish = {"size": list(size), "fps": 10} if scaled else {}
    with CaptureHarness(clip(path, loop=True, **wish)) as worker:
        assert worker.wait_for("online")["note"] == ""
        _, planes = worker.picture()
    apart = forms.decoded(path, size, "bwdif=mode=send_field:deint=all")
    assert forms.likeness(planes, apart) >= 30


@pytest.mark.parametrize("place", ["r32", "r35", "r36", "r38"])
def test_a_board_leaves_them_together_and_it_is_told(
    place: str, folder: Path, environment: Callable[[str], Optional[Dict[str, str]]]
) -> None:
    path = woven(folder, "mbaff")
    with CaptureHarness(clip(path, loop=True), environment=environment(place)) as worker:
        online = worker.wait_for("online")
        assert online["memory"] == "NVMM" and "its pictures are interlaced" in online["note"]
        _, planes = worker.picture()
    assert forms.likeness(planes, forms.decoded(path, (640, 480))) >= 30


# ---- what colours the numbers mean -------------------------------------------------------------------------------


def told(matrix: str, full: bool = False) -> Tuple[str, ...]:
    span = "on" if full else "off"
    return ("-x264opts", f"colormatrix={matrix}:colorprim={matrix}:transfer={matrix}:fullrange={span}")


COLOURS = [
    # size, what the stream says of its colours, and what follows
    ((1280, 720), told("bt709"), BT709),
    ((1280, 720), told("smpte170m"), 0),
    ((640, 360), told("bt709"), BT709),
    ((640, 360), told("bt709", full=True), BT709 | FULL_RANGE),
    ((640, 360), (), 0),
]


@pytest.mark.parametrize("scaled", [False, True], ids=["whole", "scaled"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("size", "more", "flags"), COLOURS)
def test_the_colours_are_the_stream_s(
    size: Tuple[int, int],
    more: Tuple[str, ...],
    flags: int,
    place: str,
    scaled: bool,
    folder: Path,
    environment: Callable[[str], Optional[Dict[str, str]]],
) -> None:
    sub = folder / ("colours-" + "-".join(more).replace("=", "-").replace(":", "-"))
    sub.mkdir(exist_ok=True)
    path = forms.make(Form("h264", size, more=more), sub)
    wish = {"size": list(SCALED), "fps": 10} if scaled else {}
    with CaptureHarness(clip(path, loop=True, **wish), environment=environment(place)) as worker:
        header, planes = worker.picture()
    assert header.flags == flags
    # The numbers are those of the stream: nothing has converted them to what they are not said to be.
    size = header.width, header.height
    assert forms.likeness(planes, forms.decoded(path, size, full=bool(flags & FULL_RANGE))) >= 30


@pytest.mark.parametrize("place", PLACES)
def test_a_large_picture_that_says_nothing_is_bt709(
    place: str, folder: Path, environment: Callable[[str], Optional[Dict[str, str]]]
) -> None:
    path = forms.make(Form("h264", (1280, 720)), folder)
    wish = {"size": list(SCALED), "fps": 10}
    with CaptureHarness(clip(path, loop=True, **wish), environment=environment(place)) as worker:
        header, _ = worker.picture()
    if place == "software":
        # What scales also converts, to what a small picture is taken for.
        assert header.flags == 0
    else:
        assert header.flags == BT709
