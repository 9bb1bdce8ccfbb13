"""The brightness of a picture is read where it lies, however its memory is made up."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any, List

import numpy as np
import pytest

from edge.capture.frozen import sample
from tests.capture.test_deep_pictures import planes_of, sample_of

pytestmark = pytest.mark.filterwarnings("ignore:DynamicImporter:ImportWarning")  # gi's, on Python 3.11
WIDTH, HEIGHT = 64, 36


@pytest.mark.parametrize("form", ["I420", "NV12", "GRAY8", "P010_10LE"])
def test_it_is_the_one_that_is_delivered(form: str) -> None:
    from edge.capture.motion.luma import luma
    from edge.capture.picture import LayoutReader

    picture = sample_of(form)
    delivered = planes_of(picture)[0] if form != "GRAY8" else None
    with luma(picture, LayoutReader().read(picture)) as plane:
        assert plane is not None and (plane.width, plane.height) == (642, 362)
        lines = [ctypes.string_at(plane.address + y * plane.stride, 642 * plane.step) for y in range(362)]
        found = np.array([list(line[plane.step - 1 :: plane.step]) for line in lines])
        points = sample(*plane)
    assert delivered is None or (found == delivered).all()
    assert found.std() > 20
    rows, columns = ((2 * np.arange(count) + 1) * size // (2 * count) for count, size in ((36, 362), (64, 642)))
    assert points == found[np.ix_(rows, columns)].astype(np.uint8).tobytes()


def buffer_of(parts: List[bytes]) -> Any:
    """A buffer whose bytes lie in so many memories."""
    from edge.capture.gst import Gst

    buffer = Gst.Buffer.new_wrapped(parts[0])
    for part in parts[1:]:
        buffer = buffer.append(Gst.Buffer.new_wrapped(part))
    assert buffer.n_memory() == len(parts)
    return buffer


@pytest.mark.parametrize("cut", [WIDTH * HEIGHT, WIDTH * HEIGHT // 2], ids=["a memory a plane", "within the plane"])
def test_memory_in_several_pieces(cut: int) -> None:
    from edge.capture import native
    from edge.capture.motion.luma import luma
    from edge.capture.picture import Layout

    layout = Layout(0, 0, WIDTH, HEIGHT, WIDTH * HEIGHT * 3 // 2, (0, WIDTH * HEIGHT, 0), (WIDTH, WIDTH, 0))
    data = np.random.default_rng(4).integers(0, 256, layout.size, dtype=np.uint8).tobytes()
    buffer = buffer_of([data[:cut], data[cut:]])
    with luma(SimpleNamespace(buffer=native.address(buffer)), layout) as plane:  # type: ignore[arg-type]
        assert plane is not None
        assert ctypes.string_at(plane.address, WIDTH * HEIGHT) == data[: WIDTH * HEIGHT]
    short = buffer_of([data[: WIDTH * HEIGHT - 1]])
    with luma(SimpleNamespace(buffer=native.address(short)), layout) as plane:  # type: ignore[arg-type]
        assert plane is None, "never read past its end"
