"""Clips as files: every picture of the stream, at its time, as it was, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, List, Optional

import numpy as np
import pytest

from edge.boards import ANY_MACHINE
from edge.capture.clip.gather import Gathering
from edge.capture.clip.write import Written, write
from edge.capture.evidence_fault import EvidenceError
from edge.capture.ring.packet import Packet
from edge.capture.ring.ring import Ring
from tests.capture.clip_files import decoded, probed
from tests.capture.clip_streams import BASE, H264, H265, bare, generated, ring, stream, times

SECOND = 10**9
STREAMS = {
    "h264": generated(45, f"x264enc bframes=0 key-int-max=15 ! {H264}"),
    "b-pictures": generated(45, f"x264enc bframes=3 b-pyramid=true key-int-max=15 ! {H264}"),
    "h265": generated(45, f"x265enc key-int-max=15 ! {H265}"),
    "a long group": generated(300, f"x264enc speed-preset=ultrafast key-int-max=1000 ! {H264}", "width=160,height=120"),
    "one picture": generated(1, f"x264enc ! {H264}"),
    "rarely": generated(6, f"x264enc bframes=0 key-int-max=2 ! {H264}", rate="1/2"),
    "slow and odd": generated(20, f"x264enc ! {H264}", "width=322,height=242", rate="15000/1001"),
}  # fmt: skip
Save = Callable[..., Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clip.mp4"


def save(kept: Ring, path: Path, begin: float = 0, end: float = 1000) -> Written:
    """Everything between these seconds of the stream."""
    clip = Gathering(BASE + int(begin * SECOND), BASE + int(end * SECOND))
    clip.look(kept, 10**9, 0)
    fd = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        return write(clip, fd, [], ANY_MACHINE)
    finally:
        os.close(fd)


@pytest.mark.parametrize("name", STREAMS)
def test_it_is_the_stream(name: str, path: Path, tmp_path: Path) -> None:
    packets = stream(STREAMS[name])
    found = save(ring(packets), path)
    told = probed(path)
    assert told["codec_tag_string"] == ("hvc1" if name == "h265" else "avc1")
    assert (found.codec, found.encoder, found.note) == ("h265" if name == "h265" else "h264", "", "")
    assert len(told["pts"]) == len(packets)
    assert told["flags"][0].startswith("K")
    assert sum(flags.startswith("K") for flags in told["flags"]) == sum(packet.key for packet in packets)
    assert float(told["start_time"]) == 0
    assert np.allclose(told["pts"], times(packets), atol=0.001)
    assert found.start == BASE
    assert abs((found.end - found.start) / 1e9 - float(told["duration"])) < 0.001
    width, height = int(told["width"]), int(told["height"])
    source = bare(packets, tmp_path / ("all.h265" if name == "h265" else "all.h264"))
    assert np.array_equal(decoded(path, width, height), decoded(source, width, height))


def test_the_index_stands_in_front(path: Path) -> None:
    save(ring(stream(STREAMS["h264"])), path)
    data = path.read_bytes()
    assert data[4:8] == b"ftyp" and 0 < data.index(b"moov") < data.index(b"mdat")
    assert data.index(b"moov") < 64


def test_it_begins_at_the_key_picture_before_and_ends_when_the_end_is_past(path: Path) -> None:
    packets = stream(STREAMS["b-pictures"])
    found = save(ring(packets), path, 0.7, 1.2)
    keys = [packet.captured_ns for packet in packets if packet.key]
    assert found.start == max(key for key in keys if key <= BASE + 0.7 * SECOND)
    assert BASE + 1.2 * SECOND <= found.end < BASE + 1.5 * SECOND
    pts = probed(path)["pts"]
    assert np.allclose(np.diff(pts), 1 / 30, atol=0.001), "and none of its pictures is missing"


def varied(packets: List[Packet], gap_ns: int) -> List[Packet]:
    """At no steady rate, and with a time without pictures in the middle."""
    for n, packet in enumerate(packets):
        more = n * n * 100003 + (gap_ns if n >= len(packets) // 2 else 0)
        packet.pts += more
        packet.running += more
    return packets


@pytest.mark.parametrize("gap", [0, 7 * SECOND])
def test_a_rate_that_varies_and_a_gap(gap: int, path: Path) -> None:
    packets = varied(stream(STREAMS["h264"]), gap)
    save(ring(packets), path)
    assert np.allclose(probed(path)["pts"], times(packets), atol=0.001)


def test_time_stamps_that_begin_anew_go_on_by_the_clock(path: Path) -> None:
    first, second = stream(STREAMS["h264"]), stream(STREAMS["h264"], skip=1500000000)
    save(ring([*first, *second]), path)
    pts = probed(path)["pts"]
    assert len(pts) == 90 and np.allclose(np.diff(pts), 1 / 30, atol=0.001)


def test_a_stream_without_times_has_those_of_its_arrival(path: Path) -> None:
    packets = stream(STREAMS["h264"])
    expected = times(packets)
    for packet in packets:
        packet.pts = 2**64 - 1
    save(ring(packets), path)
    assert np.allclose(probed(path)["pts"], expected, atol=0.001)


@pytest.mark.parametrize("hidden", [False, True], ids=["told by its caps", "told by its parameter sets alone"])
def test_another_size_in_the_middle_ends_it(hidden: bool, path: Path) -> None:
    first = stream(STREAMS["h264"])
    larger = generated(30, f"x264enc bframes=0 key-int-max=15 ! {H264}", "width=640,height=480")
    second = stream(larger, skip=2 * SECOND)
    if hidden:
        for packet in second:
            packet.caps = first[0].caps
    found = save(ring([*first, *second]), path)
    told = probed(path)
    assert (len(told["pts"]), told["width"]) == (45, 320)
    assert "another kind of stream" in found.note
    assert found.end < BASE + 2 * SECOND


def test_more_than_the_memory_holds(path: Path) -> None:
    packets = stream(STREAMS["h264"])
    half = sum(packet.size for packet in packets) // 2
    kept = ring(packets[:15], size=10**8)
    clip = Gathering(BASE, BASE + 100 * SECOND)
    clip.look(kept, half, 0)
    for packet in packets[15:]:
        kept.add(packet)
    clip.look(kept, half, 0)
    assert clip.done and clip.size <= half and "memory" in clip.note
    fd = os.open(str(path), os.O_RDWR | os.O_CREAT)
    found = write(clip, fd, [], ANY_MACHINE)
    os.close(fd)
    assert 15 < len(probed(path)["pts"]) < 45 and found.note == clip.note


def test_what_is_no_more_in_memory_is_told(path: Path) -> None:
    packets = stream(STREAMS["h264"])
    for packet in packets:
        packet.running += 20 * SECOND
    found = save(ring(packets), path, 5)
    assert found.note == "it begins 15.0 s late: what was before is not in memory"
    assert found.start == BASE + 20 * SECOND


def test_pictures_that_the_ring_forgot_are_told() -> None:
    packets = stream(generated(90, f"x264enc bframes=0 key-int-max=15 ! {H264}"))
    kept = ring(packets[:15], seconds=0.1)
    clip = Gathering(BASE, BASE + 100 * SECOND)
    clip.look(kept, 10**9, 0)
    for packet in packets[15:]:
        kept.add(packet)
    clip.look(kept, 10**9, 0)
    first = kept.span(0, 2**63)[0].serial - packets[0].serial
    assert first > 15
    assert clip.packets == packets[:15] + packets[first:], "it goes on at a key picture"
    assert "missing" in clip.note


def test_nothing_came(path: Path) -> None:
    with pytest.raises(EvidenceError, match="no key picture"):
        save(ring([]), path)


@pytest.mark.parametrize("damage", ["noise", "no parameter sets"])
def test_a_stream_that_cannot_be_written(damage: str, path: Path) -> None:
    from edge.capture import native
    from edge.capture.gst import Gst
    from edge.capture.ring.buffer import Held

    packets = stream(generated(20, "x264enc bframes=0 key-int-max=5 ! video/x-h264,stream-format=byte-stream"))
    broken: List[Packet] = packets[1:]
    buffers: List[Optional[object]] = []
    for packet in broken:
        data = os.urandom(packet.size) if damage == "noise" else packet.buffer.bytes()
        buffer = Gst.Buffer.new_wrapped(data)
        buffers.append(buffer)
        packet.buffer = Held(native.address(buffer), True)
    broken[0].key = True
    if damage == "no parameter sets":
        broken = [packet for packet in broken if packet is broken[0] or not packet.key]
    with pytest.raises(EvidenceError):
        save(ring(broken), path)
    assert path.stat().st_size == 0


@pytest.mark.parametrize("name", ["h264", "b-pictures", "h265"])
def test_time_stamps_that_have_changed_places(name: str, path: Path, tmp_path: Path) -> None:
    """As a jitter buffer makes them: it is the stream that knows what is shown before what."""
    packets = stream(STREAMS[name])
    expected = times(packets)
    stamps = sorted(packet.pts for packet in packets)
    for packet, pts in zip(packets, stamps):  # in the order of decoding: as wrong as they can be
        packet.running += pts - packet.pts
        packet.pts = pts
    save(ring(packets), path)
    told = probed(path)
    assert np.allclose(told["pts"], expected, atol=0.001)
    source = bare(packets, tmp_path / ("all.h265" if name == "h265" else "all.h264"))
    width, height = int(told["width"]), int(told["height"])
    assert np.array_equal(decoded(path, width, height), decoded(source, width, height))
