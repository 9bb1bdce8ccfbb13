"""A slot is given back once, when the last lane has read it, and in the order in which slots were filled."""

from __future__ import annotations

import threading
from typing import Iterator, List, Tuple

import pytest

from edge.inference.camera import CameraLink, view
from edge.inference.job import Job
from edge.wire.channel import Channel
from edge.wire.messages import BT709, FORMATS, FULL_RANGE, PictureHeader

HEADER = PictureHeader(0, 0, 0, 1, 1, 1, 2, 3, 8, 6, (0, 48, 60), (8, 4, 4), -1.0)
PICTURE = view(HEADER, memoryview(bytes(72)))


def job(users: int, released: List[int]) -> Job:
    return Job(1, HEADER, PICTURE, users, lambda: released.append(1))


@pytest.mark.parametrize("users", [1, 2, 5])
def test_released_once_by_the_last_of_its_lanes(users: int) -> None:
    released: List[int] = []
    made = job(users, released)
    for _ in range(users):
        assert not released and not made.read
        made.done_with_pixels()
    assert released == [1] and made.read


def test_released_once_whatever_the_threads_do() -> None:
    for _ in range(50):
        released: List[int] = []
        made = job(8, released)
        threads = [threading.Thread(target=made.done_with_pixels) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert released == [1]


@pytest.fixture
def link() -> Iterator[Tuple[CameraLink, Channel]]:
    ours, theirs = Channel.pair()
    yield CameraLink(1, "gate", [1], ours), theirs
    ours.close()
    theirs.close()


def test_slots_become_free_in_the_order_in_which_they_were_filled(link: Tuple[CameraLink, Channel]) -> None:
    # The writer goes on with the slot before the last: were the younger picture's release counted while the older is
    # still being read, the writer would write over that one.
    camera, _ = link
    older, younger = job(2, []), job(1, [])
    camera.held.extend([older, younger])
    assert camera.freed() == 0
    younger.done_with_pixels()
    older.done_with_pixels()
    assert camera.freed() == 0, "the older has one reader left"
    older.done_with_pixels()
    assert camera.freed() == 2
    assert camera.freed() == 0


# ---- a picture's planes ----------------------------------------------------------------------------------------------


def test_planes_lie_where_the_header_says() -> None:
    memory = memoryview(bytes(range(200)))
    header = HEADER._replace(width=5, height=3, offsets=(10, 40, 60), strides=(8, 4, 6), flags=BT709 | FULL_RANGE)
    picture = view(header, memory)
    assert [p.shape for p in picture.planes] == [(3, 5), (2, 3), (2, 3)]
    assert picture.planes[0][:, 0].tolist() == [10, 18, 26]
    assert picture.planes[1].tolist() == [[40, 41, 42], [44, 45, 46]]
    assert picture.planes[2].tolist() == [[60, 61, 62], [66, 67, 68]]
    assert (picture.matrix, picture.full_range) == ("bt709", True)
    assert (view(HEADER, memory).matrix, view(HEADER, memory).full_range) == ("bt601", False)


@pytest.mark.parametrize("name", FORMATS)
def test_planes_fill_their_slot_to_the_last_byte_and_no_further(name: str) -> None:
    number = FORMATS.index(name)
    shapes = {"i420": (8, 4, 4), "nv12": (8, 8, 0), "gray8": (8, 0, 0), "rgba": (32, 0, 0), "bgrx": (32, 0, 0)}
    strides = shapes[name]
    rows = (6, 3, 3)
    offsets = (0, strides[0] * 6, strides[0] * 6 + strides[1] * 3)
    size = sum(s * r for s, r in zip(strides, rows))
    header = HEADER._replace(format=number, strides=strides, offsets=offsets)
    assert sum(p.nbytes for p in view(header, memoryview(bytes(size))).planes) == size
    with pytest.raises(ValueError, match="does not fit"):
        view(header, memoryview(bytes(size - 1)))
    with pytest.raises(ValueError, match="does not fit"):
        view(header._replace(strides=(strides[0] - 1, *strides[1:])), memoryview(bytes(size)))


@pytest.mark.parametrize(("width", "height"), [(0, 6), (8, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        view(HEADER._replace(width=width, height=height), memoryview(bytes(72)))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format"):
        view(HEADER._replace(format=len(FORMATS)), memoryview(bytes(72)))
