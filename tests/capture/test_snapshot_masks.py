"""Nothing of what is masked is left in a snapshot, and labels are shown as they stand."""

from __future__ import annotations

from typing import Any, List

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.boards import ANY_MACHINE
from edge.capture.gst import Gst, exists
from edge.capture.mask import covered
from edge.capture.snapshot import jpeg
from edge.capture.snapshot.colours import to_jpeg
from edge.capture.snapshot.draw import area, draw_box, draw_label, letter_height
from edge.capture.snapshot.picture import Order, drawn
from edge.capture.snapshot.recall import Still
from edge.capture.snapshot.text import letters, literal

Gst.init(None)
SIDE = st.integers(16, 90)
CORNER = st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))
POLYGONS = st.lists(st.lists(CORNER, min_size=3, max_size=6), min_size=1, max_size=3)
BOX = st.lists(st.floats(-0.3, 1.3), min_size=4, max_size=4)


def noise(seed: int, width: int, height: int) -> Still:
    random = np.random.default_rng(seed)
    half = ((height + 1) // 2, (width + 1) // 2)
    shapes = [(height, width), half, half]
    return Still(width, height, [random.integers(0, 256, shape).astype(np.uint8) for shape in shapes])


def order(form: str, box: Any, masks: List[Any]) -> Order:
    return Order(1, None, form, box, "", 90, masks)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SIDE, SIDE, POLYGONS, st.sampled_from(["clean", "boxed", "crop"]), BOX)
def test_pictures_that_differ_under_masks_alone_give_the_same_file(
    width: int, height: int, polygons: List[Any], form: str, box: List[float]
) -> None:
    """So nothing in the file can tell what was there: no pixel, no colour, no ringing."""
    one, other = noise(1, width, height), noise(2, width, height)
    hidden = covered(width, height, polygons)
    tall, wide = hidden.shape
    padded = np.pad(hidden, ((0, tall % 2), (0, wide % 2)), "constant")
    colours = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).any(axis=(1, 3))
    for plane, twin, under in zip(one.planes, other.planes, (hidden, colours, colours)):
        twin[~under] = plane[~under]
    files = [
        jpeg.encode(drawn(still, order(form, box, polygons)), 90, ANY_MACHINE, exists) for still in (one, other)
    ]
    assert files[0] == files[1]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SIDE, SIDE, BOX)
def test_any_crop_is_a_picture(width: int, height: int, box: List[float]) -> None:
    still = drawn(noise(1, width, height), order("crop", box, []))
    assert 1 <= still.width <= width and 1 <= still.height <= height
    assert still.planes[0].shape == (still.height, still.width)
    assert {p.shape for p in still.planes[1:]} == {((still.height + 1) // 2, (still.width + 1) // 2)}
    assert still.width % 2 == 0 and still.height % 2 == 0
    data = jpeg.encode(still, 90, ANY_MACHINE, exists)
    assert cv2.imdecode(np.frombuffer(data, np.uint8), 1).shape[:2] == (still.height, still.width)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("person 0.93", "person 0.93"),
        ("<b>&amp;", "<b>&amp;"),
        ("a\nb\r\x07\x1b[0m", "a\\nb\\r\\x07\\x1b[0m"),
        ("\u202eevil\u200b", "\\u202eevil\\u200b"),
        ("\ud800", "\\ud800"),
        ("Fußgänger 日本", "Fußgänger 日本"),
        ("x" * 500, "x" * 79 + "…"),
    ],
)
def test_what_a_label_shows(label: str, shown: str) -> None:
    assert literal(label) == shown


@pytest.mark.skipif(not exists("textoverlay"), reason="no textoverlay here")
def test_markup_is_shown_and_not_obeyed() -> None:
    plain, marked, entity = letters("x", 20), letters("<b>x</b>", 20), letters("&lt;", 20)
    assert plain is not None and marked is not None and entity is not None
    assert marked.shape[1] > 4 * plain.shape[1] and entity.shape[1] > 2 * plain.shape[1]


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_a_label_can_be_read_on_any_ground(ground: int) -> None:
    shapes = [((360, 640), ground), ((180, 320), 128), ((180, 320), 128)]
    still = Still(640, 360, [np.full(shape, value, np.uint8) for shape, value in shapes])
    box = area(still, [0.4, 0.5, 0.6, 0.9])
    fake = np.zeros((20, 60), np.uint8)
    fake[5:15, 10:50] = 255
    draw_box(still, box)
    draw_label(still, box, fake)
    changed = still.planes[0][box.top - 30 : box.top - 2, box.left : box.left + 60].astype(int)
    assert changed.max() - changed.min() > 200
    assert letter_height(still) >= 14


def test_without_letters_there_is_the_box_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.capture.snapshot.text._fonts", lambda: False)
    assert letters("person", 20) is None


@pytest.mark.parametrize(("bt709", "full"), [(False, False), (True, False), (True, True), (False, True)])
def test_colours(bt709: bool, full: bool) -> None:
    """Against the definition, colour by colour."""
    r, b = (0.2126, 0.0722) if bt709 else (0.299, 0.114)
    for red, green, blue in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)):
        y = r * red + (1 - r - b) * green + b * blue
        cb, cr = (blue - y) / (2 * (1 - b)), (red - y) / (2 * (1 - r))
        values = [y, cb + 128, cr + 128] if full else [16 + y * 219 / 255, 128 + cb * 224 / 255, 128 + cr * 224 / 255]
        shapes = [(3, 5), (2, 3), (2, 3)]
        planes = [np.full(shape, min(255, round(v)), np.uint8) for shape, v in zip(shapes, values)]
        found = [float(plane[0, 0]) for plane in to_jpeg(planes, bt709, full)]
        wanted = 0.299 * red + 0.587 * green + 0.114 * blue
        expected = [wanted, 128 + (blue - wanted) / 1.772, 128 + (red - wanted) / 1.402]
        assert [p.shape for p in to_jpeg(planes, bt709, full)] == shapes
        assert np.allclose(found, np.clip(expected, 0, 255), atol=2.5)
