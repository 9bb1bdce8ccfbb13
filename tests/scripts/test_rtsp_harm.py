"""scripts/rtsp_harm.py: what becomes of a stream's packets, and that it is the same each time."""

from __future__ import annotations

import random
from typing import Dict, List, Tuple

import pytest

from scripts.rtsp_harm import HARMS, Harm, Units

MESSAGE = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\n$$$$$"


def frame(number: int, channel: int = 0, size: int = 100) -> bytes:
    """An interleaved RTP packet."""
    payload = bytes([0x80, 96]) + number.to_bytes(2, "big") + bytes(8) + bytes([number % 251]) * size
    return b"$" + bytes([channel]) + len(payload).to_bytes(2, "big") + payload


FRAMES = [frame(n, channel=n % 2, size=20 + n % 90) for n in range(2000)]
STREAM = MESSAGE + b"".join(FRAMES) + MESSAGE


def treated(kind: str, share: float = 0.0, seed: int = 1) -> Tuple[bytes, Dict[str, int]]:
    """The stream after it came through in pieces of any size."""
    counts = {"passed": 0, "harmed": 0, "dropped": 0}
    harm, cuts, out, at = Harm(random.Random(seed), counts), random.Random(0), b"", 0
    while at < len(STREAM):
        size = cuts.randint(1, 700)
        out += harm.treat(STREAM[at : at + size], kind, share)
        at += size
    return out, counts


def units(stream: bytes) -> List[bytes]:
    return [unit for _, unit in Units().feed(stream)]


def test_messages_and_frames_are_told_apart_however_they_come() -> None:
    cut = Units()
    found = [unit for n in range(len(STREAM)) for unit in cut.feed(STREAM[n : n + 1])]
    assert [unit for _, unit in found] == [MESSAGE, *FRAMES, MESSAGE]
    assert [channel for channel, _ in found] == [None, *[n % 2 for n in range(2000)], None]


def test_what_passes_is_not_touched() -> None:
    assert treated("pass") == (STREAM, {"passed": 1000, "harmed": 0, "dropped": 0})


def test_garbage_keeps_the_frames_and_their_headers() -> None:
    out, counts = treated("garbage")
    found = units(out)
    assert found[0] == found[-1] == MESSAGE
    for before, after in zip(FRAMES, found[1:-1]):
        assert (len(after), after[:16]) == (len(before), before[:16])
        assert (after == before) is bool(before[1] % 2), "RTCP is left alone"
    assert counts == {"passed": 0, "harmed": 1000, "dropped": 0}


def test_garbage_packets_keep_the_frames_alone() -> None:
    found = units(treated("garbage-packets")[0])
    assert [len(unit) for unit in found] == [len(MESSAGE), *map(len, FRAMES), len(MESSAGE)]
    assert all(a[:4] == b[:4] and a[4:] != b[4:] for a, b in zip(FRAMES, found[1:-1]))


def test_garbage_streams_keep_nothing() -> None:
    out, _ = treated("garbage-stream")
    assert len(out) == len(STREAM)
    assert not any(word in out for word in (b"RTSP", b"CSeq"))


def test_cut_packets_are_whole_frames() -> None:
    found = units(treated("truncate")[0])[1:-1]
    assert len(found) == 2000
    assert all(after[4:] == before[4:][: len(after) - 4] for before, after in zip(FRAMES, found))
    assert 300 < sum(len(a) < len(b) for a, b in zip(found, FRAMES)) <= 1000
    assert min(map(len, found)) == 16, "down to nothing behind the header"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.2, 1.0])
def test_lost_packets_are_that_share_and_the_rest_is_whole(share: float) -> None:
    out, counts = treated("lose", share)
    assert counts["dropped"] == pytest.approx(1000 * share, abs=30 if 0 < share < 1 else 0)
    assert set(units(out)) <= {MESSAGE, *FRAMES}
    assert len(units(out)) == 2002 - counts["dropped"]


def test_a_stall_lets_messages_alone_through() -> None:
    assert units(treated("stall")[0]) == [MESSAGE, MESSAGE]


@pytest.mark.parametrize("kind", HARMS)
def test_it_is_the_same_harm_each_time(kind: str) -> None:
    assert treated(kind, 0.3) == treated(kind, 0.3)
    if kind != "stall":
        assert treated(kind, 0.3)[0] != treated(kind, 0.3, seed=2)[0]
