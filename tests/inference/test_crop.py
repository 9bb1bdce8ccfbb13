"""A crop is the picture's own pixels: no copy, and prepared as a picture of its size is."""

from __future__ import annotations

from typing import Dict, List, Tuple

import numpy as np
import pytest

from edge.inference.crop import crop, to_whole
from edge.inference.picture import Picture
from edge.inference.preprocess import Preprocessor

Box = Tuple[float, float, float, float]
BOXES = [(0, 0, 1, 1), (0.31, 0.22, 0.64, 0.71), (0.5, 0.5, 1.4, 1.2), (-0.3, -0.1, 0.2, 0.3), (0.9, 0.8, 1, 1)]
NOTHING = [(0.5, 0.5, 0.5, 0.9), (1.0, 0.2, 1.3, 0.5), (0.6, 0.2, 0.4, 0.5), (float("nan"), 0, 1, 1)]


def picture(kind: str, width: int, height: int) -> Picture:
    half = ((height + 1) // 2, (width + 1) // 2)
    shapes: Dict[str, List[Tuple[int, ...]]] = {
        "i420": [(height, width), half, half],
        "nv12": [(height, width), (*half, 2)],
        "gray8": [(height, width)],
        "rgba": [(height, width, 4)],
    }
    rng = np.random.default_rng(7)
    planes = []
    for shape in shapes[kind]:
        padded = rng.integers(0, 256, (shape[0], shape[1] + 6, *shape[2:])).astype(np.uint8)
        planes.append(padded[:, : shape[1]])  # rows of a slot may be longer than the picture
    return Picture(kind, width, height, planes)


@pytest.mark.parametrize("kind", ["i420", "nv12", "gray8", "rgba"])
@pytest.mark.parametrize("size", [(64, 48), (61, 45)])
@pytest.mark.parametrize("box", BOXES)
def test_a_crop_is_those_pixels(kind: str, size: Tuple[int, int], box: Box) -> None:
    whole = picture(kind, *size)
    found = crop(whole, box)
    assert found is not None
    part, place = found
    x1, y1, x2, y2 = (round(v * n) for v, n in zip(place, size * 2))
    # All that was asked for, and no more than the next even pixels.
    for low, high, begin, end, length in ((x1, x2, box[0], box[2], size[0]), (y1, y2, box[1], box[3], size[1])):
        assert -1e-9 <= max(0.0, begin) * length - low < 2
        assert -1e-9 <= high - min(1.0, end) * length < 2
    assert (part.width, part.height) == (x2 - x1, y2 - y1)
    assert np.array_equal(part.planes[0], whole.planes[0][y1:y2, x1:x2])
    assert all(np.shares_memory(a, b) and a.strides == b.strides for a, b in zip(part.planes, whole.planes))
    if len(whole.planes) > 1:
        # Each pixel keeps the chroma that it has in the whole picture.
        full = [np.repeat(np.repeat(p, 2, 0), 2, 1)[: size[1], : size[0]][y1:y2, x1:x2] for p in whole.planes[1:]]
        mine = [np.repeat(np.repeat(p, 2, 0), 2, 1)[: y2 - y1, : x2 - x1] for p in part.planes[1:]]
        assert all(np.array_equal(a, b) for a, b in zip(mine, full))
    copied = part._replace(planes=[np.ascontiguousarray(plane) for plane in part.planes])
    for use_cv2 in (True, False):
        preprocessor = Preprocessor({"fit": "letterbox", "scale": 1 / 255}, (32, 24), use_cv2=use_cv2)
        outs = [np.empty(preprocessor.item_shape, np.float32) for _ in range(2)]
        assert preprocessor.write(part, outs[0]) == preprocessor.write(copied, outs[1])
        assert np.array_equal(*outs)


@pytest.mark.parametrize("box", NOTHING)
def test_a_box_without_pixels_is_no_crop(box: Box) -> None:
    assert crop(picture("i420", 64, 48), box) is None


def test_what_is_found_in_a_crop_lies_in_the_picture() -> None:
    whole = picture("nv12", 64, 48)
    found = crop(whole, (0.25, 0.5, 0.75, 1.0))
    assert found is not None
    boxes = np.array([[0.0, 0.0, 1.0, 1.0], [0.5, 0.25, 0.75, 0.5]], np.float32)
    to_whole(boxes, found.box)
    np.testing.assert_allclose(boxes, [[0.25, 0.5, 0.75, 1.0], [0.5, 0.625, 0.625, 0.75]], atol=1e-6)
