"""Binary messages come out as they went in, and what is no whole message is refused."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire import messages
from edge.wire.messages import Credit, Memory, PictureHeader, ResultHeader, Times, pack_result, unpack_result

U8 = st.integers(0, 2**8 - 1)
U16 = st.integers(0, 2**16 - 1)
U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
F32 = st.floats(width=32, allow_nan=False)
THREE = st.tuples(U32, U32, U32)

CREDITS = st.builds(Credit, st.booleans(), U32)
MEMORIES = st.builds(Memory, U64)
PICTURES = st.builds(PictureHeader, U8, U8, U8, U32, U64, I64, I64, I64, U32, U32, THREE, THREE, F32)
RESULTS = st.builds(ResultHeader, U32, U16, U64, st.builds(Times, *[I64] * 7), U32, U32, U32, U8)


@given(st.one_of(CREDITS, MEMORIES, PICTURES))
def test_what_is_packed_is_unpacked(message: Any) -> None:
    assert type(message).unpack(message.pack()) == message


@given(RESULTS, st.integers(0, 40), st.data())
def test_a_result_carries_its_boxes(header: ResultHeader, count: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(F32, min_size=6 * count, max_size=6 * count))
    boxes = struct.pack(f"<{6 * count}f", *values)
    unpacked, rest = unpack_result(pack_result(header, boxes))
    assert unpacked == header
    assert bytes(rest) == boxes


def test_each_kind_begins_with_its_own_byte_and_none_looks_like_json() -> None:
    times = Times(*range(7))
    picture = PictureHeader(0, 0, 0, 1, 1, 0, 0, 0, 4, 2, (0, 8, 10), (4, 2, 2), -1.0)
    first = [
        Credit(True, 1).pack()[0],
        Memory(4096).pack()[0],
        picture.pack()[0],
        pack_result(ResultHeader(1, 1, 1, times, 4, 2), b"")[0],
    ]
    assert first == [messages.CREDIT, messages.MEMORY, messages.PICTURE, messages.RESULT]
    assert len(set(first)) == 4
    assert ord("{") not in first


@given(RESULTS, st.integers(1, 5), st.integers(1, 23))
def test_a_result_whose_length_is_not_what_it_says_is_refused(header: ResultHeader, count: int, cut: int) -> None:
    whole = pack_result(header, bytes(24 * count))
    with pytest.raises(ValueError, match=f"{count} boxes"):
        unpack_result(whole[:-cut])
    with pytest.raises(ValueError, match=f"{count} boxes"):
        unpack_result(whole + bytes(cut))


@pytest.mark.parametrize("kind", [Credit, Memory, PictureHeader])
def test_a_message_cut_short_is_refused(kind: Any) -> None:
    whole = {
        Credit: Credit(True, 7),
        Memory: Memory(4096),
        PictureHeader: PictureHeader(0, 0, 0, 1, 1, 0, 0, 0, 4, 2, (0, 8, 10), (4, 2, 2), -1.0),
    }[kind].pack()
    for length in range(1, len(whole)):
        with pytest.raises(ValueError, match="message"):
            kind.unpack(whole[:length])
    with pytest.raises(ValueError, match="message"):
        kind.unpack(whole + b"\0")
