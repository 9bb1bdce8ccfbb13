"""Preprocessing against a straightforward reference: full-size float conversion, then resize."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import Incompatible
from edge.inference.fit import make_fit
from edge.inference.picture import Picture
from edge.inference.preprocess import Preprocessor

cv2 = pytest.importorskip("cv2")

#: (luma gain, black, red from V, green from U, green from V, blue from U): the usual published constants.
CONSTANTS: Dict[Tuple[str, bool], Tuple[float, ...]] = {
    ("bt601", False): (1.164384, 16.0, 1.596027, -0.391762, -0.812968, 2.017232),
    ("bt709", False): (1.164384, 16.0, 1.792741, -0.213249, -0.532909, 2.112402),
    ("bt601", True): (1.0, 0.0, 1.402, -0.344136, -0.714136, 1.772),
    ("bt709", True): (1.0, 0.0, 1.5748, -0.187324, -0.468124, 1.8556),
}
SPACES = sorted(CONSTANTS)


@pytest.fixture(scope="module")
def photo(shared: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(shared / "media" / "faces" / "1.jpg")))  # (478, 720, 3) bgr


def to_yuv(bgr: np.ndarray, matrix: str, full_range: bool) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The forward conversion, by inverting the published constants; chroma is the mean of its 2x2 pixels."""
    gain, black, rv, gu, gv, bu = CONSTANTS[(matrix, full_range)]
    forward = np.linalg.inv(np.array([[gain, bu, 0.0], [gain, gu, gv], [gain, 0.0, rv]]))
    yuv = bgr.astype(np.float64) @ forward.T + np.array([black, 128.0, 128.0])
    height, width = bgr.shape[:2]
    even = np.pad(yuv, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    chroma = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4.0
    as_bytes = [np.clip(np.rint(p), 0, 255).astype(np.uint8) for p in (yuv[..., 0], chroma[..., 1], chroma[..., 2])]
    return as_bytes[0], as_bytes[1], as_bytes[2]


def padded(plane: np.ndarray, extra: int) -> np.ndarray:
    """The same plane as a view on rows that are ``extra`` bytes longer, read-only as shared memory is."""
    height, width = plane.shape[:2]
    store = np.full((height, width + extra, *plane.shape[2:]), 77, dtype=np.uint8)
    store[:, :width] = plane
    store.flags.writeable = False
    return store[:, :width]


def picture_of(bgr: np.ndarray, kind: str, matrix: str = "bt709", full_range: bool = False, extra: int = 0) -> Picture:
    height, width = bgr.shape[:2]
    planes: List[np.ndarray]
    if kind in ("i420", "nv12"):
        y, u, v = to_yuv(bgr, matrix, full_range)
        planes = [y, u, v] if kind == "i420" else [y, np.dstack([u, v])]
    elif kind == "gray8":
        planes = [to_yuv(bgr, matrix, full_range)[0]]
    else:
        order = {"b": bgr[..., 0], "g": bgr[..., 1], "r": bgr[..., 2]}
        planes = [np.dstack([order.get(letter, np.full_like(bgr[..., 0], 9)) for letter in kind])]
    return Picture(kind, width, height, [padded(p, extra) for p in planes], matrix, full_range)


def reference(picture: Picture, size: Tuple[int, int]) -> np.ndarray:
    """bgr float (h, w, 3) in 0..255 from an I420 or NV12 picture, by the published formulas at full size."""
    gain, black, rv, gu, gv, bu = CONSTANTS[(picture.matrix, picture.full_range)]
    y = picture.planes[0].astype(np.float32)
    chroma = picture.planes[1:] if picture.format == "i420" else [picture.planes[1][..., i] for i in range(2)]
    u, v = (np.kron(c, np.ones((2, 2)))[: y.shape[0], : y.shape[1]].astype(np.float32) - 128.0 for c in chroma)
    luma = gain * (y - black)
    full = np.clip(np.dstack([luma + bu * u, luma + gu * u + gv * v, luma + rv * v]), 0, 255)
    return np.asarray(cv2.resize(full.astype(np.float32), size, interpolation=cv2.INTER_LINEAR))


def run(picture: Picture, size: Tuple[int, int], use_cv2: bool = True, **spec: Any) -> np.ndarray:
    preprocessor = Preprocessor(spec, size, use_cv2=use_cv2)
    out = np.full(preprocessor.item_shape, np.nan, dtype=np.float32)
    preprocessor.write(picture, out)
    return out


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10.0 * np.log10(255.0**2 / max(1e-9, np.mean((a - b) ** 2))))


@pytest.mark.parametrize("use_cv2", [True, False])
@pytest.mark.parametrize("kind", ["i420", "nv12"])
@pytest.mark.parametrize(("matrix", "full_range"), SPACES)
def test_yuv_matches_the_full_size_reference(
    photo: np.ndarray, kind: str, matrix: str, full_range: bool, use_cv2: bool
) -> None:
    picture = picture_of(photo, kind, matrix, full_range, extra=13)
    got = run(picture, (352, 352), use_cv2, color="bgr").transpose(1, 2, 0)
    expected = reference(picture, (352, 352))
    assert psnr(got, expected) >= 35.0
    assert np.abs((got - expected).mean(axis=(0, 1))).max() < 0.5  # no tint: each channel's mean is right


@pytest.mark.parametrize(("matrix", "full_range"), SPACES)
def test_plain_colours_come_back(matrix: str, full_range: bool) -> None:
    for colour in [(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (0, 0, 0), (10, 130, 220)]:
        bgr = np.zeros((32, 48, 3), dtype=np.uint8) + np.array(colour, dtype=np.uint8)
        got = run(picture_of(bgr, "i420", matrix, full_range), (24, 16))
        assert np.abs(got[:, 8, 12] - np.array(colour)).max() <= 3.0, colour


@pytest.mark.parametrize("kind", ["i420", "nv12", "gray8", "bgr", "rgb", "bgrx", "bgra", "rgbx", "rgba"])
@pytest.mark.parametrize("color", ["bgr", "rgb", "gray"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_both_ways_agree(photo: np.ndarray, kind: str, color: str, layout: str) -> None:
    picture = picture_of(photo[:301, :417], kind, extra=3)  # odd sizes, padded rows
    both = [run(picture, (160, 96), use_cv2, color=color, layout=layout) for use_cv2 in (True, False)]
    assert both[0].shape == both[1].shape == Preprocessor({"color": color, "layout": layout}, (160, 96)).item_shape
    difference = np.abs(both[0] - both[1])
    assert difference.max() <= 3.0 and np.mean(difference > 2.0) < 0.001


@pytest.mark.parametrize("kind", ["bgr", "rgb", "bgrx", "rgba"])
def test_packed_formats_keep_their_colours(photo: np.ndarray, kind: str) -> None:
    expected = cv2.resize(photo, (360, 239), interpolation=cv2.INTER_LINEAR).transpose(2, 0, 1)
    assert np.abs(run(picture_of(photo, kind), (360, 239), color="bgr") - expected).max() <= 1.0
    assert np.abs(run(picture_of(photo, kind), (360, 239), color="rgb") - expected[::-1]).max() <= 1.0


def test_grey_is_the_luma(photo: np.ndarray) -> None:
    expected = cv2.cvtColor(cv2.resize(photo, (360, 239)), cv2.COLOR_BGR2GRAY).astype(np.float32)
    assert psnr(run(picture_of(photo, "bgr"), (360, 239), color="gray")[0], expected) > 45.0
    assert psnr(run(picture_of(photo, "nv12", "bt601"), (360, 239), color="gray")[0], expected) > 40.0
    assert psnr(run(picture_of(photo, "gray8", "bt601", True), (360, 239), color="gray")[0], expected) > 40.0


@pytest.mark.parametrize("use_cv2", [True, False])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_scale_mean_and_std(photo: np.ndarray, layout: str, use_cv2: bool) -> None:
    picture = picture_of(photo, "i420")
    raw = run(picture, (64, 48), use_cv2, layout=layout)
    shape = (3, 1, 1) if layout == "nchw" else (3,)

    def made(**spec: Any) -> np.ndarray:
        return run(picture, (64, 48), use_cv2, layout=layout, **spec)

    np.testing.assert_allclose(made(scale=1 / 255.0), raw / 255.0, atol=1e-6)
    np.testing.assert_allclose(made(mean=127, std=128), (raw - 127.0) / 128.0, atol=1e-6)  # the RFB face detector
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    expected = (raw / 255.0 - np.reshape(mean, shape)) / np.reshape(std, shape)
    np.testing.assert_allclose(made(scale=1 / 255.0, mean=mean, std=std), expected, atol=1e-5)


@pytest.mark.parametrize("use_cv2", [True, False])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize(("align", "corner"), [("center", (0, 60)), ("top-left", (0, 0))])
def test_letterbox_pads_with_the_pad_value(layout: str, align: str, corner: Tuple[int, int], use_cv2: bool) -> None:
    white = np.full((100, 200, 3), 255, dtype=np.uint8)
    out = run(
        picture_of(white, "bgr"), (240, 240), use_cv2, layout=layout, fit="letterbox", letterbox_align=align,
        scale=0.5, mean=10.0,
    )  # fmt: skip
    pixels = out.transpose(1, 2, 0) if layout == "nchw" else out
    expected = np.full((240, 240, 3), 114 * 0.5 - 10.0, dtype=np.float32)
    expected[corner[1] : corner[1] + 120] = 255 * 0.5 - 10.0
    np.testing.assert_allclose(pixels, expected)


def test_another_pad_value() -> None:
    out = run(picture_of(np.full((10, 40, 3), 255, np.uint8), "bgr"), (40, 40), fit="letterbox", pad=0)
    assert out[:, 0].max() == 0.0 and out[:, 20].min() == 255.0


def test_pictures_of_many_sizes_share_one_preprocessor(photo: np.ndarray) -> None:
    preprocessor = Preprocessor({"fit": "letterbox"}, (64, 64))
    out = np.empty(preprocessor.item_shape, dtype=np.float32)
    for _ in range(2):
        for width in range(40, 80):
            picture = picture_of(photo[:50, :width], "i420")
            preprocessor.write(picture, out)
            np.testing.assert_array_equal(out, run(picture, (64, 64), fit="letterbox"))


sizes = st.tuples(st.integers(1, 4000), st.integers(1, 4000))


@given(
    picture=sizes,
    size=st.tuples(st.integers(16, 1280), st.integers(16, 1280)),
    align=st.sampled_from(["center", "top-left"]),
    fit=st.sampled_from(["stretch", "letterbox"]),
    corners=st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_boxes_come_back_from_the_input(
    picture: Tuple[int, int], size: Tuple[int, int], align: str, fit: str, corners: List[float]
) -> None:
    made = make_fit(fit, align, picture, size)
    left, top, width, height = made.inner
    assert min(left, top) >= 0 and left + width <= size[0] and top + height <= size[1]
    assert width == size[0] or height == size[1]
    box = np.array([corners])
    forward = (box * ([width, height] * 2) + ([left, top] * 2)) / (list(size) * 2)
    np.testing.assert_allclose(made.to_picture(forward), box, atol=2e-3)  # float32 on a strip of a pixel or more
    outside = made.to_picture(np.array([[-3.0, -0.5, 1.5, 9.0]]))
    assert outside.min() >= 0.0 and outside.max() <= 1.0
    assert made.to_picture(np.zeros((0, 4))).shape == (0, 4)
    if fit == "letterbox" and min(picture) > 100 and min(width, height) > 50:
        assert width / height == pytest.approx(picture[0] / picture[1], rel=0.03)


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    kind=st.sampled_from(["i420", "nv12", "gray8", "bgrx"]),
    extra=st.integers(0, 9),
    fit=st.sampled_from(["stretch", "letterbox"]),
)
def test_any_size_is_filled_and_both_ways_agree(
    shape: Tuple[int, int], size: Tuple[int, int], kind: str, extra: int, fit: str
) -> None:
    rng = np.random.default_rng(shape[0] * 71 + shape[1])
    smooth = cv2.resize(rng.integers(0, 256, (4, 4, 3)).astype(np.uint8), shape[::-1])
    picture = picture_of(smooth.reshape((*shape, 3)), kind, extra=extra)
    both = [run(picture, size, use_cv2, fit=fit) for use_cv2 in (True, False)]
    assert np.isfinite(both[0]).all()
    assert np.abs(both[0] - both[1]).max() <= 3.0


def test_sources_are_left_alone(photo: np.ndarray) -> None:
    picture = picture_of(photo, "i420")
    before = [p.copy() for p in picture.planes]
    run(picture, (720, 478))  # as large as the picture: nothing to resize
    run(picture, (360, 239))
    assert all(np.array_equal(a, b) for a, b in zip(before, picture.planes))


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({"color": "yuv"}, "color"),
        ({"layout": "chwn"}, "layout"),
        ({"fit": "crop"}, "fit"),
        ({"letterbox_align": "left"}, "letterbox_align"),
        ({"mean": [1, 2]}, "mean: 2 numbers for 3 channels"),
        ({"std": 0}, "std"),
    ],
)
def test_a_spec_that_cannot_be(spec: Dict[str, Any], word: str) -> None:
    with pytest.raises(Incompatible, match=word):
        Preprocessor(spec, (32, 32))


def test_byte_inputs_take_pixels_as_they_are(photo: np.ndarray) -> None:
    with pytest.raises(Incompatible, match="uint8"):
        Preprocessor({"scale": 0.1}, (32, 32), dtype=np.uint8)
    preprocessor = Preprocessor({"layout": "nhwc"}, (32, 32), dtype=np.uint8)
    out = np.empty((32, 32, 3), dtype=np.uint8)
    preprocessor.write(picture_of(photo, "bgr"), out)
    assert np.abs(out.astype(int) - cv2.resize(photo, (32, 32)).astype(int)).max() <= 1


def test_half_precision_inputs(photo: np.ndarray) -> None:
    picture = picture_of(photo, "i420")
    preprocessor = Preprocessor({"scale": 1 / 255.0}, (32, 32), dtype=np.float16)
    out = np.empty((3, 32, 32), dtype=np.float16)
    preprocessor.write(picture, out)
    np.testing.assert_allclose(out, run(picture, (32, 32), scale=1 / 255.0), atol=2e-3)


def test_planes_that_are_not_what_the_format_says() -> None:
    plane = np.zeros((10, 10), dtype=np.uint8)
    out = np.empty((3, 8, 8), dtype=np.float32)
    preprocessor = Preprocessor({}, (8, 8))
    for picture in (
        Picture("i420", 10, 10, [plane, plane, plane]),
        Picture("i420", 10, 10, [plane]),
        Picture("yuy2", 10, 10, [plane]),
        Picture("i420", 10, 10, [plane, plane[:5, :5], plane[:5, :5]], matrix="bt2020"),
    ):
        with pytest.raises(ValueError):
            preprocessor.write(picture, out)
    with pytest.raises(ValueError, match="expected"):
        preprocessor.write(Picture("gray8", 10, 10, [plane]), np.empty((8, 8, 3), dtype=np.float32))
