"""Slots: what the writer writes the reader reads, and memory that is not what it is said to be is refused."""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import List

import pytest

from edge.wire import memory
from edge.wire.memory import SLOTS, SlotReader, Slots


def fill(slots: Slots, slot: int, data: bytes) -> None:
    ctypes.memmove(slots.address(slot), data, len(data))


def test_each_slot_is_read_as_it_was_written() -> None:
    slots = Slots(10000)
    assert slots.slot_size % mmap.PAGESIZE == 0 and slots.slot_size >= 10000
    reader = SlotReader(os.dup(slots.fd), slots.slot_size)
    patterns: List[bytes] = [bytes([n + 1]) * slots.slot_size for n in range(SLOTS)]
    for slot, pattern in enumerate(patterns):
        fill(slots, slot, pattern)
    for slot, pattern in enumerate(patterns):
        assert reader.view(slot) == pattern
    fill(slots, 1, b"\xff" * 10)
    assert reader.view(1)[:12] == b"\xff" * 10 + b"\x02\x02", "the same memory, not a copy"
    assert reader.view(0) == patterns[0]
    slots.close()


def test_the_reader_cannot_write() -> None:
    slots = Slots(100)
    view = SlotReader(os.dup(slots.fd), slots.slot_size).view(0)
    assert view.readonly
    slots.close()


def test_the_readers_memory_outlives_the_writers() -> None:
    slots = Slots(100)
    fill(slots, 0, b"still here")
    view = SlotReader(os.dup(slots.fd), slots.slot_size).view(0)  # the reader itself is gone at once
    slots.close()
    assert view[:10] == b"still here"


def test_closing_leaves_no_descriptor_and_may_be_done_twice() -> None:
    before = len(os.listdir("/proc/self/fd"))
    slots = Slots(100)
    reader = SlotReader(os.dup(slots.fd), slots.slot_size)
    slots.close()
    slots.close()
    assert len(reader.view(0)) == reader.slot_size
    del reader
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("lie", [4097, 1 << 20, 1 << 40, (1 << 64) - 1, 0])
def test_a_lying_size_is_refused(lie: int) -> None:
    # Mapped as it was said, the first read past the end would kill the process.
    slots = Slots(4096)
    fd = os.dup(slots.fd)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ValueError, match="shared memory"):
        SlotReader(fd, lie)
    assert len(os.listdir("/proc/self/fd")) == before - 1, "the descriptor is the reader's, to the end"
    slots.close()


def test_a_descriptor_that_is_no_memory_is_refused() -> None:
    read, write = os.pipe()
    with pytest.raises(ValueError, match="shared memory"):
        SlotReader(read, 4096)
    os.close(write)


def test_without_pythons_own_memfd_create(monkeypatch: pytest.MonkeyPatch) -> None:
    # As before Python 3.8.
    monkeypatch.delattr(os, "memfd_create")
    fd = memory.memfd_create("edge-test")
    try:
        assert os.readlink(f"/proc/self/fd/{fd}").startswith("/memfd:edge-test")
        assert not os.get_inheritable(fd)
        monkeypatch.setattr("platform.machine", lambda: "abacus")
        with pytest.raises(OSError, match="abacus"):
            memory.memfd_create("edge-test")
    finally:
        os.close(fd)
