"""Entries as bytes, and squeezed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events.spool import Entry
from edge.events.spool.dictionary import DICTIONARY
from edge.events.spool.record import Damaged, pack_all, spans, unpack
from edge.events.spool.squeeze import BASE, Squeezer
from tests.events.event_samples import samples
from tests.events.spool.spools import payload

_text = st.text(max_size=40)
_entry = st.tuples(st.sampled_from(["event", "picture"]), _text, _text, st.binary(max_size=300))
_EVENTS = [Entry(i + 1, "event", e.camera or "", e.type, e.to_json()) for i, e in enumerate(samples().values())]


def _squeezer() -> Squeezer:
    def find(number: int) -> bytes:
        if number != BASE:
            raise Damaged("no such dictionary")
        return DICTIONARY

    return Squeezer(find)


@given(st.lists(_entry, max_size=10))
def test_any_entry_comes_back(made: list) -> None:
    entries = [Entry(i + 5, *e) for i, e in enumerate(made)]
    assert list(unpack(pack_all(entries), 5)) == entries
    if entries:
        squeezed = _squeezer().squeeze(entries)
        assert _squeezer().entries(squeezed + bytes(50), entries[-1].n) == entries, "what follows is ignored"


def test_real_events_come_back_and_are_lines() -> None:
    assert list(unpack(pack_all(_EVENTS), 1)) == _EVENTS
    assert pack_all(_EVENTS) == b"".join(e.payload + b"\n" for e in _EVENTS)


def test_a_camera_that_is_not_what_the_json_says_is_kept_as_it_was_put() -> None:
    said = payload(1).replace(b'"camera":"yard"', b'"camera":"ya\\"rd"')
    entries = [Entry(1, "event", 'ya"rd', "zone.enter", said), Entry(2, "event", "other", "zone.leave", payload(2))]
    assert list(unpack(pack_all(entries), 1)) == entries


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, by: int) -> None:
    squeezed = bytearray(_squeezer().squeeze(_EVENTS[:5]))
    at %= len(squeezed)
    squeezed[at] ^= by
    try:
        assert _squeezer().entries(bytes(squeezed), 5) == _EVENTS[:5]  # a bit of padding that means nothing
    except Damaged:
        pass


def test_a_cut_one_is_noticed() -> None:
    squeezed = _squeezer().squeeze(_EVENTS)
    for length in range(1, len(squeezed), 7):
        with pytest.raises(Damaged):
            _squeezer().entries(squeezed[:length], 5)


def test_samples_make_it_smaller() -> None:
    entries = [Entry(n, "event", "gate", "zone.enter", payload(n)) for n in range(1, 41)]
    one = _squeezer()
    kept = one.sample(entries[:24])
    two = Squeezer(lambda number: DICTIONARY if number == BASE else kept)
    two.using = 2
    assert len(two.squeeze(entries[36:])) < len(one.squeeze(entries[36:]))
    assert two.entries(two.squeeze(entries[36:]), 40) == entries[36:]


def test_spans_have_no_gaps_and_are_bounded() -> None:
    entries = [Entry(n, "event", "", "", b"x" * 10) for n in (1, 2, 3, 4, 7, 8, 20)]
    assert [[e.n for e in part] for part in spans(entries, 3, 1000)] == [[1, 2, 3], [4], [7, 8], [20]]
    assert [[e.n for e in part] for part in spans(entries, 9, 15)] == [[n] for n in (1, 2, 3, 4, 7, 8, 20)]
    assert list(spans([], 3, 3)) == []
