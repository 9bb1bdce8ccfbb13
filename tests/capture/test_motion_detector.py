"""What is motion and what is not: scenes of every kind, made of numbers, and the clips of real cameras."""

from __future__ import annotations

from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np
import pytest

from edge.capture.mask import Polygon
from edge.capture.motion.cells import Sampler, grid
from edge.capture.motion.detector import Detector
from edge.capture.motion.luma import Luma
from tests.capture.forms import ffmpeg
from tests.capture.scenes import FPS, SECOND, SIZE, Noise, Scene, measured, plane, room, walker

ROOM = room()
LEFT = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]


def still(_at: float) -> np.ndarray:
    return ROOM.copy()


def dark(_at: float) -> np.ndarray:
    return ROOM * 0.15 + 16


def glow(by: float) -> np.ndarray:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return by * np.exp(-(((x - 460) / 70) ** 2) - ((y - 120) / 70) ** 2)


def detector(sensitivity: float = 0.5, masks: Sequence[Polygon] = ()) -> Detector:
    form = grid(SIZE[1], SIZE[0])
    assert form is not None
    return Detector(form.rows, form.columns, sensitivity, masks)


def moved(scene: Scene, noise: Noise, seconds: float = 20, **how: object) -> List[float]:
    """When there was motion."""
    return [at for at, share in measured(scene, noise, seconds, detector(**how)) if share]  # type: ignore[arg-type]


# ---- what is measured ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "stride"),
    [(3840, 2160, 3840), (1920, 1080, 1920), (768, 576, 800), (638, 358, 640), (322, 182, 324), (17, 9, 20)],
)
@pytest.mark.parametrize("step", [1, 2])
def test_cells_are_means_of_what_is_read_of_them(width: int, height: int, stride: int, step: int) -> None:
    memory = np.random.default_rng(1).integers(0, 256, (height, stride * step), dtype=np.uint8)
    picture = memory[:, step - 1 : width * step : step]
    form = grid(width, height)
    found = Sampler().cells(Luma(memory.ctypes.data, width, height, stride * step, step))
    assert form is not None and found is not None and found.shape == (form.rows, form.columns)
    assert form.columns <= 160 and width - form.columns * form.size < form.size
    apart = form.size // form.lines
    whole = picture[: form.rows * form.size, : form.columns * form.size].astype(float)
    parts = whole.reshape(form.rows, form.size, form.columns, form.size)[:, apart // 2 :: apart][:, : form.lines]
    assert np.abs(found - parts.mean(axis=(1, 3))).max() < 0.01


def test_a_picture_that_is_too_small_has_no_cells() -> None:
    picture = np.zeros((3, 640), np.uint8)
    assert Sampler().cells(plane(picture)) is None


# ---- what is none ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sensitivity", [0.5, 0.8])
@pytest.mark.parametrize("scene", [still, dark], ids=["still", "dark"])
@pytest.mark.parametrize("sigma", [1, 4, 10])
def test_noise_is_not_motion(scene: Scene, sigma: float, sensitivity: float) -> None:
    assert moved(scene, Noise(sigma), 8, sensitivity=sensitivity) == []


def test_a_rain_of_noise_is_motion_for_some_seconds_at_most() -> None:
    for rain in (0.01, 0.05):
        assert [at for at in moved(still, Noise(2, rain=rain)) if at > 3] == []


@pytest.mark.parametrize("seconds", [0.4, 1.0])
def test_a_lamp_that_flickers_is_motion_for_some_seconds_only(seconds: float) -> None:
    def flickers(at: float) -> np.ndarray:
        return ROOM + (glow(60) if at % (2 * seconds) >= seconds else 0)

    times = moved(flickers, Noise(2), 30)
    assert times and times[-1] < 12


def test_a_slow_drift_and_clouds_are_no_motion() -> None:
    assert moved(lambda at: ROOM * (1 + at / 200) - at / 2, Noise(2), 30) == []
    assert moved(lambda at: ROOM * (0.8 + 0.2 * np.sin(at / 3)), Noise(2), 30) == []


@pytest.mark.parametrize("factor", [0.3, 0.7, 1.6])
def test_light_that_is_switched_everywhere_counts_once_at_most(factor: float) -> None:
    def switched(at: float) -> np.ndarray:
        return ROOM * (factor if at >= 8 else 1)

    assert len(moved(switched, Noise(2))) <= 1
    turned = moved(lambda at: room(7) if at >= 8 else ROOM.copy(), Noise(2))
    assert turned == [8.0], "as for a camera that is turned"


def test_a_lamp_that_is_switched_on_is_motion_until_it_has_been_seen_for_some_seconds() -> None:
    times = moved(lambda at: ROOM + (glow(60) if at >= 8 else 0), Noise(2))
    assert times[0] == 8.0 and times[-1] < 14


def test_a_tree_behind_a_mask_is_none_and_beside_it_somebody_is() -> None:
    rng = np.random.default_rng(2)
    swaying = [room(20 + n)[100:200, 50:150] for n in range(8)]

    def tree(_at: float) -> np.ndarray:
        picture = ROOM.copy()
        picture[100:200, 50:150] = swaying[rng.integers(8)]
        return picture

    assert moved(tree, Noise(2), 10), "it does move"
    assert moved(tree, Noise(2), 10, masks=[LEFT]) == []
    assert moved(walker(tree, 0.01, 3, 40, 2), Noise(2), masks=[LEFT])[0] > 4, "past the mask"


# ---- what is motion --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "noise", "by", "nearly_always"),
    [
        (still, Noise(2), 25, 0.95),
        (still, Noise(8), 30, 0.95),
        (dark, Noise(3), 10, 0.95),
        (still, Noise(2, rain=0.01), 30, 0.7),
    ],
    ids=["day", "noise", "night", "rain"],
)
@pytest.mark.parametrize(("area", "speed"), [(0.01, 1.0), (0.01, 0.25), (0.003, 1.0)])
def test_somebody_who_walks_is(
    scene: Scene, noise: Noise, by: float, nearly_always: float, area: float, speed: float
) -> None:
    begins = 8.0
    shares = measured(walker(scene, area, speed, by, begins), noise, 20, detector())
    whole = begins + 1 / speed  # all of the figure is in the picture
    assert not [at for at, share in shares if share and at < begins]
    times = [at for at, share in shares if share]
    assert times[0] <= whole, "and in the first of them"
    later = [share for at, share in shares if at > whole + 1 / FPS]
    assert np.mean([share > 0 for share in later]) > nearly_always
    assert np.median(later) < 4 * area


def test_sensitivity_says_how_little_is_enough() -> None:
    faint = walker(still, 0.003, 1, 6, 5)
    assert moved(faint, Noise(1), 12, sensitivity=0.9)
    assert not moved(faint, Noise(1), 12, sensitivity=0.2)


def test_what_stays_is_no_motion_any_more_and_is_when_it_leaves() -> None:
    def parked(at: float) -> np.ndarray:
        picture = ROOM.copy()
        if 6 <= at < 26:
            picture[150:250, 300:420] = 20
        return picture

    times = moved(parked, Noise(2), 40)
    assert times[0] == 6.0
    assert not [at for at in times if 16 < at < 26 or at > 36]
    assert 26.0 in times


def test_pictures_far_apart_are_compared_as_well() -> None:
    """As key pictures alone: four seconds apart."""
    found, one, noise = [], detector(), Noise(2)
    scene = walker(still, 0.01, 0.5, 30, 60)
    for at in range(0, 80, 4):
        picture = noise.onto(scene(at))
        shape = Sampler().cells(plane(picture))
        assert shape is not None
        if one.look(shape, at * SECOND):
            found.append(at)
    assert found[:3] == [64, 68, 72]


# ---- real cameras ----------------------------------------------------------------------------------------------------


def pictures(clip: Path, size: Tuple[int, int], seconds: float) -> np.ndarray:
    width, height = size
    data = ffmpeg("-t", str(seconds), "-i", str(clip), "-r", str(FPS), "-f", "rawvideo", "-pix_fmt", "gray", "-")
    return np.frombuffer(data, np.uint8).reshape(-1, height, width)


@pytest.mark.parametrize(
    ("clip", "size"), [("street-1080p30.mp4", (1920, 1080)), ("vtest-h264.mp4", (768, 576))], ids=["street", "square"]
)
def test_people_who_walk_are_motion_in_nearly_every_picture(shared: Path, clip: str, size: Tuple[int, int]) -> None:
    shares = []
    one = None
    for number, picture in enumerate(pictures(shared / "media" / clip, size, 7)):
        found = Sampler().cells(plane(picture))
        assert found is not None
        one = one or Detector(*found.shape, sensitivity=0.5)
        shares.append(one.look(found, number * SECOND // FPS))
    assert len(shares) >= 30
    assert np.mean([share > 0 for share in shares[2:]]) >= 0.97
    assert max(shares[2:]) < 0.2


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_still_picture_of_a_real_camera_with_noise_is_quiet_however_it_is_encoded(
    shared: Path, tmp_path: Path, codec: str
) -> None:
    """Key pictures look otherwise than those between them, and at few bits it pumps."""
    clip = tmp_path / "still.mp4"
    first = tmp_path / "first.png"
    ffmpeg("-i", str(shared / "media" / "vtest-h264.mp4"), "-frames:v", "1", str(first))
    quiet = ["-x265-params", "log-level=none"] if codec == "libx265" else []
    ffmpeg(
        "-loop", "1", "-framerate", "10", "-i", str(first), "-t", "12",
        "-vf", "scale=512:384,noise=alls=12:allf=t,format=yuv420p",
        "-c:v", codec, "-preset", "ultrafast", "-b:v", "200k", "-maxrate", "200k", "-bufsize", "200k", "-g", "20",
        *quiet, str(clip),
    )  # fmt: skip
    one, shares = None, []
    for number, picture in enumerate(pictures(clip, (512, 384), 12)):
        found = Sampler().cells(plane(picture))
        assert found is not None
        one = one or Detector(*found.shape, sensitivity=0.5)
        shares.append(one.look(found, number * SECOND // FPS))
    assert len(shares) >= 55
    assert [n for n, share in enumerate(shares) if share] == []
