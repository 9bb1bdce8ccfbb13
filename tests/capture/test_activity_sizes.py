"""What sizes of packets tell: of real encoders, over scenes in which somebody walks in (scripts/bench/scenes.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

import pytest

from edge.capture.activity.kinds import Kinds, Seen
from edge.capture.activity.sizes import Sizes
from edge.capture.activity.switch import HAND, KEEP, LOSE, MOST_PACKETS, SECOND, Switch
from scripts.bench.scenes import ENTERS, LEAVES, RATE
from tests.capture.clip_streams import H264, H265, generated, stream

#: One film a line: scene, encoder, and each packet as K and its size or its kind, a colon and its size.
RECORDED = Path(__file__).with_name("activity_sizes.txt")


class Outcome(NamedTuple):
    """``share``: of the packets before anybody enters that the decoder got; ``noticed``: seconds after that."""

    share: float
    noticed: Optional[float]


def films() -> Dict[Tuple[str, str], List[Tuple[Seen, int]]]:
    found = {}
    for line in RECORDED.read_text().splitlines():
        scene, encoder, *packets = line.split()
        found[scene, encoder] = [
            (Seen(True), int(p[1:])) if p[0] == "K" else (Seen(False, int(p.split(":")[0])), int(p.split(":")[1]))
            for p in packets
        ]
    return found


def outcome(film: List[Tuple[Seen, int]], sensitivity: float = 0.5) -> Outcome:
    switch = Switch()
    switch.sizes.set(sensitivity)
    handed, noticed = 0, None
    for number, (seen, size) in enumerate(film):
        time = number / RATE
        action = switch.packet(seen, size, int(time * SECOND), False, True)
        switch.came_out(int(time * SECOND))
        handed += action == HAND and 5 < time < ENTERS
        if switch.happens and ENTERS <= time < LEAVES and noticed is None:
            noticed = time - ENTERS
    return Outcome(handed / ((ENTERS - 5) * RATE), noticed)


@pytest.fixture(scope="module")
def outcomes() -> Dict[Tuple[str, str], Outcome]:
    return {name: outcome(film) for name, film in films().items()}


def test_few_pictures_are_decoded_where_nobody_is(outcomes: Dict[Tuple[str, str], Outcome]) -> None:
    shares = {name: found.share for name, found in outcomes.items()}
    assert sum(shares.values()) / len(shares) < 0.12, shares
    assert max(shares.values()) < 0.5, shares
    # Noise, a lamp and a slow change of light mean nothing to most encoders; rain that becomes twice as much does.
    assert sorted(shares.values())[len(shares) * 3 // 4] < 0.05, shares


def test_who_walks_in_is_noticed_where_sizes_can_tell(outcomes: Dict[Tuple[str, str], Outcome]) -> None:
    """The walker is half a percent of the picture; what sizes do not tell, the next key picture does."""
    for scene in ("still", "lamps", "drift"):
        for encoder in ("x264-crf-B-pyramid", "x265-crf", "x265-vbr-B"):
            noticed = outcomes[scene, encoder].noticed
            assert noticed is not None and noticed < 1, (scene, encoder, noticed)


def test_more_is_noticed_the_higher_the_sensitivity() -> None:
    counts = [sum(outcome(film, s).noticed is not None for film in films().values()) for s in (0.0, 0.5, 1.0)]
    assert counts == sorted(set(counts)), counts


def test_a_jpeg_that_becomes_smaller_is_noticed_and_one_large_picture_is_not() -> None:
    sizes, chances = Sizes(whole=True), Sizes()
    for number in range(100):
        sizes.key(50000)
        chances.key(50000)
        assert not sizes.look(0, 0, 50000 + number % 7 * 10)
        assert not chances.look(1, 1, 900 + number % 7 * 10 + 40000 * (number % 25 == 24))
    assert any(sizes.look(0, 0, 48500) for _ in range(3))


def quiet(switch: Switch, kind: int = 1) -> int:
    """Groups of ten at 10 a second until it is quiet; the time of the next packet, which is to be a key picture."""
    time = 0
    while not (switch.quiet and time % SECOND == 0):
        switch.packet(Seen(time % SECOND == 0, kind), 1000, time, False, True)
        switch.came_out(time)
        time += SECOND // 10
        assert time < 100 * SECOND
    return time


def test_a_key_picture_is_handed_on_and_what_follows_is_kept_back() -> None:
    switch = Switch()
    time = quiet(switch)
    assert switch.packet(Seen(True), 9000, time, False, True) == HAND
    # Until its picture is out, what it may wait for goes on too.
    assert [switch.packet(Seen(False, 1), 1000, time + n, False, True) for n in (1, 2)] == [HAND, HAND]
    switch.came_out(time)
    assert [switch.packet(Seen(False, 1), 1000, time + n, False, True) for n in (3, 4)] == [KEEP, KEEP]
    assert switch.packet(Seen(False, 1), 1000, time + 5, True, True) == HAND
    assert not switch.quiet and switch.since == time


def test_what_leads_is_lost_where_what_it_refers_to_may_be_missing() -> None:
    switch = Switch()
    time = quiet(switch)
    switch.packet(Seen(True), 9000, time, False, True)
    assert switch.packet(Seen(False, 1, leads=True), 1000, time - 2, False, True) == LOSE
    assert switch.packet(Seen(False, 1), 1000, time + 1, False, True) == HAND
    assert switch.packet(Seen(False, 1, leads=True), 1000, time + 2, False, True) == HAND, "only what comes first leads"


def test_what_follows_something_that_was_lost_waits_for_a_key_picture() -> None:
    switch = Switch()
    time = quiet(switch)
    switch.packet(Seen(True), 9000, time, False, True)
    switch.came_out(time)
    switch.packet(Seen(False, 1), 1000, time + 1, False, True)
    switch.lost()
    assert switch.packet(Seen(False, 1), 1000, time + 2, True, True) == LOSE
    assert switch.packet(Seen(True), 9000, time + 3, True, True) == HAND


def test_without_key_pictures_all_is_decoded_and_it_says_so() -> None:
    for keys_every in (None, 200):
        switch = Switch()
        actions = [
            switch.packet(Seen(keys_every is not None and n % keys_every == 0, 1), 1000, n * SECOND // 10, False, True)
            for n in range(600)
        ]
        assert set(actions) == {HAND} and "all its pictures are decoded" in switch.note
        for n in range(600, 800):  # they come more often again
            switch.packet(Seen(n % 10 == 0, 1), 1000, n * SECOND // 10, False, True)
        assert switch.quiet and not switch.note


def test_no_more_is_kept_back_than_there_is_room_for() -> None:
    switch = Switch()
    time = quiet(switch)
    switch.packet(Seen(True), 9000, time, False, True)
    switch.came_out(time)
    for n in range(MOST_PACKETS + 2):
        switch.packet(Seen(False, 1), 1000, time + n, False, True)
    assert not switch.quiet and switch.note


@pytest.mark.parametrize(
    ("encoder", "codec", "kinds"),
    [
        (f"x264enc bframes=0 key-int-max=10 ! {H264}", "h264", 1),
        (f"x264enc bframes=2 b-pyramid=true key-int-max=10 ! {H264}", "h264", 2),
        (f"x264enc intra-refresh=true key-int-max=10 ! {H264}", "h264", 1),
        (f"x265enc key-int-max=10 log-level=none ! {H265}", "h265", 2),
        ("jpegenc", "jpeg", 0),
    ],
    ids=["h264", "h264 B", "h264 refresh", "h265", "jpeg"],
)
def test_what_packets_are(encoder: str, codec: str, kinds: int) -> None:
    reader, seen = Kinds(codec), []
    for packet in stream(generated(40, encoder, "width=160,height=120")):
        seen.append(reader.look(packet.buffer.bytes()[:4096], True, packet.key))
    keys = sum(one.key for one in seen)
    assert keys == 40 if codec == "jpeg" else keys == 1 if "refresh" in encoder else 3 <= keys <= 10
    assert len({one.kind for one in seen if not one.key}) >= kinds
    assert all(one.kind for one in seen if not one.key)
