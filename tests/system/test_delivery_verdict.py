"""What `make chaos-delivery` says of losses, reorderings and duplicates: made up, so that it is seen to fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Set, Tuple

import pytest

from scripts.chaos_delivery import packets, verdict
from scripts.chaos_delivery.faults import BOTH, BROKER, CUT, DAEMON, turns
from scripts.chaos_delivery.record import Tail, read_passed, read_received, read_truth
from scripts.chaos_delivery.verdict import Check, Life

ALIVE = [Life(0.0, 0.0)]


class Made:
    """Records of a run that never was: lines as the daemon, the gate and the subscriber write them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 0.0
        self.truth: List[bytes] = []
        self.gate: List[bytes] = [b"C 0.0 1 0 0"]
        self.got: List[bytes] = [b"S 0.0 1"]

    def say(self, boot: int, *seqs: int, hand: bool = True, camera: str = "gate") -> None:
        for seq in seqs:
            self.truth.append(_payload(boot, seq, camera))
            self.truth += [b"H " + _id(boot, seq).encode()] if hand else []

    def connect(self, number: int, life: int = 0, waiting: int = 0) -> None:
        self.gate.append(b"C %.1f %d %d %d" % (self.now, number, life, waiting))

    def send(self, boot: int, *seqs: int, on: int = 1, replayed: bool = False, ack: bool = True, got: bool = True,
             camera: str = "gate", **more: object) -> None:  # fmt: skip
        for seq in seqs:
            topic = f"edge/device/cameras/{camera}/events/count".encode()
            payload = _payload(boot, seq, camera, replayed, **more)
            self.gate.append(b"P %.1f %d %b\t%b" % (self.now, on, topic, payload))
            if ack:
                self.gate.append(b"A %.1f %d %b" % (self.now, on, _id(boot, seq).encode()))
            if got:
                self.got.append(b"P 0.0 1 %b\t%b" % (topic, payload))

    def judge(self, lives: Sequence[Life] = ALIVE, owed: Optional[Set[str]] = None) -> Dict[str, Check]:
        files = {}
        for name in ("truth", "gate", "got"):
            files[name] = self.folder / name
            files[name].write_bytes(b"".join(line + b"\n" for line in getattr(self, name)))
        truth = read_truth(files["truth"])
        owed = set(truth.events) if owed is None else owed
        passed, received = read_passed(files["gate"]), read_received(files["got"])
        return {c.what: c for c in verdict.judge(truth, owed, passed, received, lives, "edge", "device")}

    def broken(self, lives: Sequence[Life] = ALIVE) -> Set[str]:
        return {what for what, check in self.judge(lives).items() if not check.kept}


def _id(boot: int, seq: int) -> str:
    return f"{boot:08x}-{seq:04x}"


def _payload(boot: int, seq: int, camera: str, replayed: bool = False, **more: object) -> bytes:
    said = {"schema": 1, "id": _id(boot, seq), "type": "count", "seq": seq, "boot_id": f"boot-{boot}",
            "replayed": replayed, "camera": camera, **more}  # fmt: skip
    return json.dumps(said, separators=(",", ":")).encode()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_all_that_was_said_arrived(made: Made) -> None:
    made.say(1, 1, 2, 3)
    made.send(1, 1, 2, 3)
    assert made.broken() == set()


def test_an_event_that_never_came_is_lost(made: Made) -> None:
    made.say(1, 1, 2, 3)
    made.send(1, 1, 3)
    assert made.broken() == {"0 events lost", "no gap in any life's numbers"}
    assert "1 lost: gate count boot-1/2" in made.judge()["0 events lost"].detail


def test_an_event_that_was_sent_and_not_acknowledged_is_lost(made: Made) -> None:
    made.say(1, 1, 2)
    made.send(1, 1)
    made.send(1, 2, ack=False)
    assert made.broken() == {"0 events lost"}


def test_the_last_events_of_a_killed_life_are_lost_too(made: Made) -> None:
    made.say(1, 1, 2, 3)
    made.send(1, 1)
    made.say(2, 1)
    made.send(2, 1)
    assert made.broken() == {"0 events lost"}


def test_what_is_not_owed_yet_is_not_lost(made: Made) -> None:
    made.say(1, 1, 2)
    made.send(1, 1)
    assert made.judge(owed={_id(1, 1)})["0 events lost"].kept


def test_the_event_at_whose_hand_over_the_daemon_died_is_counted_apart(made: Made) -> None:
    made.say(1, 1, 2)
    made.say(1, 3, hand=False)
    made.send(1, 1, 2)
    made.say(2, 1)
    made.send(2, 1)
    assert made.broken() == set()
    assert "1 cut down" in made.judge()["every event was handed over"].detail


def test_another_that_was_not_handed_over_is_a_fault(made: Made) -> None:
    made.say(1, 1)
    made.say(1, 2, hand=False)
    made.say(1, 3)
    made.send(1, 1, 3)
    assert made.broken() == {"0 events lost", "every event was handed over", "no gap in any life's numbers"}


def test_a_line_that_was_cut_short_takes_nothing_with_it(made: Made) -> None:
    made.say(1, 1)
    made.truth.append(_payload(1, 2, "gate")[:40] + _payload(2, 1, "gate"))
    made.truth.append(b"H " + _id(2, 1).encode())
    made.send(1, 1)
    made.send(2, 1)
    assert made.broken() == set()
    assert "1 lines cut short" in made.judge()["every event was handed over"].detail


def test_two_events_that_changed_places(made: Made) -> None:
    made.say(1, 1, 2, 3)
    made.send(1, 1, 3, 2)
    assert made.broken() == {"in order as sent", "in order as acknowledged", "in order at the subscriber"}


def test_cameras_do_not_wait_for_each_other(made: Made) -> None:
    made.say(1, 1, 3, camera="gate")
    made.say(1, 2, camera="yard")
    made.send(1, 1, 3, camera="gate")
    made.send(1, 2, camera="yard")
    assert made.broken() == set()


def test_acknowledged_in_another_order_than_sent(made: Made) -> None:
    """A broker that keeps only what it acknowledged would have them in this order."""
    made.say(1, 1, 2)
    made.send(1, 1, ack=False)
    made.send(1, 2)
    made.connect(2)
    made.send(1, 1, on=2, replayed=True)
    assert made.broken() == {"in order as acknowledged"}


def test_an_earlier_life_comes_first(made: Made) -> None:
    made.say(1, 1, 2)
    made.say(2, 1)
    made.send(1, 1)
    made.send(2, 1, on=1)
    made.send(1, 2, replayed=True)
    assert made.broken() == {"in order as sent", "in order as acknowledged", "in order at the subscriber"}


def test_behind_a_long_backlog_live_events_go_past_it(made: Made) -> None:
    def run(made: Made, waiting: int) -> Set[str]:
        made.say(1, 1, 2, 3, 4, 5)
        made.connect(2, waiting=waiting)
        made.send(1, 1, on=2, replayed=True)
        made.send(1, 4, on=2)
        made.send(1, 2, on=2, replayed=True)
        made.send(1, 5, on=2)
        made.send(1, 3, on=2, replayed=True)
        return made.broken()

    orders = {"in order as sent", "in order as acknowledged", "in order at the subscriber"}
    assert run(made, verdict.SHORT + 1) == set()
    (made.folder / "short").mkdir()
    assert run(Made(made.folder / "short"), verdict.SHORT) == orders


@pytest.mark.parametrize("earlier, broken", [(1.0, set()), (10.0, {"in order as sent", "in order as acknowledged"})])
def test_what_was_acknowledged_just_before_a_kill_may_wait_again(made: Made, earlier: float, broken: Set[str]) -> None:
    """The spool had no time to write that it was delivered: for the next life the backlog is long."""
    made.say(1, *range(1, verdict.SHORT + 2))
    made.say(2, 1, 2)
    made.now = 100.0 - earlier
    made.send(1, *range(1, verdict.SHORT + 1))
    made.now = 100.0
    made.send(1, verdict.SHORT + 1)
    made.now = 102.0
    made.connect(2, waiting=2)
    made.send(2, 2, on=2)
    made.send(2, 1, on=2, replayed=True)
    assert made.broken() - {"in order at the subscriber"} == broken


def test_what_is_left_of_a_long_backlog_may_come_with_a_short_one(made: Made) -> None:
    made.say(1, 1, 2, 3, 4)
    made.connect(2, waiting=verdict.SHORT + 1)
    made.send(1, 1, on=2, replayed=True)
    made.send(1, 3, on=2)
    made.connect(3, waiting=2)
    made.send(1, 2, on=3, replayed=True)
    made.send(1, 4, on=3)
    assert made.broken() == set()


@pytest.mark.parametrize("replayed", [False, True])
def test_each_lane_is_in_order_by_itself(made: Made, replayed: bool) -> None:
    made.say(1, 1, 2, 3)
    made.connect(2, waiting=verdict.SHORT + 1)
    made.send(1, 1, 3, 2, on=2, replayed=replayed)
    assert made.broken() == {"in order as sent", "in order as acknowledged", "in order at the subscriber"}


def test_a_duplicate_says_that_it_is_one(made: Made) -> None:
    made.say(1, 1, 2)
    made.send(1, 1, 2, ack=False)
    made.connect(2)
    made.send(1, 1, 2, on=2, replayed=True)
    assert made.broken() == set()
    assert "2 came again (2 2 times)" in made.judge()["what comes again says so"].detail
    made.send(1, 2, on=2)
    assert made.broken() == {"what comes again says so"}


def test_a_duplicate_with_other_words_or_at_another_topic(made: Made) -> None:
    made.say(1, 1, 2)
    made.send(1, 1, 2)
    made.send(1, 2, replayed=True, count=5)
    assert made.broken() == {"nothing that was not said, nothing changed"}
    del made.gate[-2:], made.got[-1:]
    made.gate.append(b"P 0.0 1 edge/device/cameras/yard/events/count\t" + _payload(1, 2, "gate", True))
    assert made.broken() == {"nothing that was not said, nothing changed"}


def test_an_event_that_nobody_said(made: Made) -> None:
    made.say(1, 1)
    made.send(1, 1, 2)
    assert made.broken() == {"nothing that was not said, nothing changed"}


def test_a_number_that_was_given_twice(made: Made) -> None:
    made.say(1, 1)
    made.send(1, 1)
    double = _payload(1, 1, "gate").replace(_id(1, 1).encode(), b"other")
    made.truth += [double, b"H other"]
    made.gate += [b"P 0.0 1 edge/device/cameras/gate/events/count\t" + double, b"A 0.0 1 other"]
    assert "no gap in any life's numbers" in made.broken()


def test_what_an_earlier_life_left_is_no_news(made: Made) -> None:
    made.say(1, 1, camera="gate")
    made.say(2, 1, camera="yard")
    made.send(2, 1, camera="yard")
    made.send(1, 1, camera="gate")
    assert made.broken() == {"what an earlier life left says so"}


def test_a_killed_broker_may_take_the_last_ones_with_it(made: Made) -> None:
    lives = [Life(0.0, 1.0), Life(2.0, 0.0)]
    made.say(1, 1, 2, 3, 4)
    made.send(1, 1)
    made.send(1, 2, 3, got=False)
    made.connect(2, life=1)
    made.send(1, 4, on=2)
    assert made.broken(lives) == set()
    assert "took 2 of theirs" in made.judge(lives)["the subscriber has them"].detail
    assert made.broken([Life(0.0, 0.0), Life(2.0, 0.0)]) == {"the subscriber has them"}


def test_a_killed_broker_takes_none_from_the_middle(made: Made) -> None:
    made.say(1, 1, 2, 3)
    made.send(1, 1)
    made.send(1, 2, got=False)
    made.send(1, 3)
    assert made.broken([Life(0.0, 1.0)]) == {"the subscriber has them"}


def test_each_picture_is_there_or_told_to_have_failed(tmp_path: Path) -> None:
    def judged(*said: Dict[str, object]) -> Check:
        lines = [_payload(1, seq, "gate", **more) for seq, more in enumerate(said, 1)]
        handed = [b"H " + _id(1, seq).encode() for seq in range(1, len(said) + 1)]
        (tmp_path / "truth").write_bytes(b"".join(line + b"\n" for line in lines + handed))
        return verdict.pictured(read_truth(tmp_path / "truth"), tmp_path)

    (tmp_path / "whole.jpg").write_bytes(b"\xff\xd8\xff\xe0 picture \xff\xd9")
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0 pic")
    assert judged({"snapshot": "whole.jpg"}, {}) == Check(
        "each event has its picture", True, "1 there, 0 told to have failed"
    )
    for name in ("half.jpg", "nowhere.jpg"):
        assert not judged({"snapshot": name}, {}).kept
        assert judged({"snapshot": name}, {"type": "snapshot.failed", "of": _id(1, 1)}).kept
        assert not judged({"snapshot": name}, {"type": "clip.failed", "of": _id(1, 1)}).kept


def test_a_truth_that_is_being_written_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "truth"
    tail = Tail(file)
    assert tail.read() == 0
    first, second = _payload(1, 1, "gate"), _payload(1, 2, "gate")
    file.write_bytes(first + b"\nH " + _id(1, 1).encode() + b"\n" + second[:30])
    assert tail.read() == 1
    file.write_bytes(file.read_bytes() + second[30:] + b"\n")
    assert tail.read() == 2
    assert tail.ids == {_id(1, 1), _id(1, 2)}


@pytest.mark.parametrize("level, properties", [(4, b""), (5, b"\x00"), (5, b"\x80\x01" + b"x" * 128)])
def test_packets_are_read_in_pieces_of_any_size(level: int, properties: bytes) -> None:
    body = b"\x00\x03a/b" + b"\x01\x02" + properties + b"payload"
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])
    stream = (b"\x32" + length + body + b"\x40\x02\x01\x02") * 3
    for size in (1, 2, 7, len(stream)):
        reader = packets.Packets()
        found: List[Tuple[int, bytes]] = []
        for at in range(0, len(stream), size):
            found += reader.feed(stream[at : at + size])
        assert [first >> 4 for first, _ in found] == [packets.PUBLISH, packets.PUBACK] * 3
        assert packets.publish(*found[0], level) == packets.Publish("a/b", 258, b"payload")
        assert packets.acknowledged(found[1][1]) == 258
    assert packets.acknowledged(b"\x01\x02\x97") == 0, "a broker that refuses it has not got it"
    assert packets.version(b"\x00\x04MQTT" + bytes([level])) == level


def test_what_is_done_follows_from_the_seed() -> None:
    wanted = {DAEMON: 10, BROKER: 5, CUT: 3, BOTH: 2}
    assert turns(1, wanted) == turns(1, wanted) != turns(2, wanted)
    assert sorted(turn.kind for turn in turns(1, wanted)) == sorted(k for k, n in wanted.items() for _ in range(n))
