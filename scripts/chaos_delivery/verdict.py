"""What must hold of the events, from what was written down. Nothing here looks at the running system."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from pathlib import Path
from typing import AbstractSet, Dict, Iterable, List, NamedTuple, Sequence, Set, Tuple

from edge.events.event import event_topic
from scripts.chaos_delivery.record import Arrival, Event, Passed, Received, Truth

#: Events that wait at a connect, beyond which new ones go past them in a lane of their own. With room for what is
#: written between the count and the connect.
SHORT = 900
#: The spool writes what was delivered once a second: a killed daemon's next life finds those waiting too.
_UNTOLD_S = 3.0

Place = Tuple[int, int]


class Check(NamedTuple):
    what: str
    kept: bool
    detail: str


class Life(NamedTuple):
    """The broker's, in monotonic seconds. ``ended``: when it was killed; 0 of the last."""

    began: float
    ended: float


def judge(
    truth: Truth, owed: AbstractSet[str], passed: Passed, received: Received, lives: Sequence[Life], prefix: str,
    device: str,
) -> List[Check]:  # fmt: skip
    """``owed``: ids of the events that must have been delivered by now, all of them unless the run ended before."""
    places = places_of(truth)
    long = two_lanes(passed)
    return [
        lost(truth, owed, passed),
        handed(truth),
        known(truth, [*passed.sent, *received.arrivals], prefix, device),
        gapless(passed.sent),
        Check("in order as sent", *order(passed.sent, places, long)),
        Check("in order as acknowledged", *order(passed.acked, places, long)),
        again(passed),
        old(passed.sent, places),
        subscriber_has(passed, received, lives),
        Check("in order at the subscriber", *order(received.arrivals, places, long_times(passed, long))),
    ]


def places_of(truth: Truth) -> Dict[str, Place]:
    """Each event's place: first the daemon's life, in the order in which they began, then its number."""
    boots: Dict[str, int] = {}
    return {e.id: (boots.setdefault(e.boot, len(boots)), e.seq) for e in truth.events.values()}


def two_lanes(passed: Passed) -> Set[int]:
    """The connections that may have begun with a long backlog, as the daemon sees it."""
    acked = [arrival.at for arrival in passed.acked]
    found: Set[int] = set()
    for connection in passed.connections:
        before = bisect_left(acked, connection.at)
        untold = before - bisect_left(acked, acked[before - 1] - _UNTOLD_S) if before else 0
        if connection.waiting + untold > SHORT:
            found.add(connection.number)
    return found


def pictured(truth: Truth, pictures: Path) -> Check:
    """Each picture that an event names is in that folder, whole, or it is told why it is not."""
    failed = {event.of for event in truth.events.values() if event.type == "snapshot.failed"}
    named = [event for event in truth.events.values() if event.snapshot]
    left = [event for event in named if event.id not in failed]
    cut = cut_down(truth)  # who dies at the hand-over has not ordered it
    missing = [event for event in left if event.id not in cut and not _whole(pictures / event.snapshot)]
    words = f"{len(left)} there, {len(named) - len(left)} told to have failed"
    return Check("each event has its picture", not missing, _some(missing, "without") if missing else words)


def _whole(picture: Path) -> bool:
    try:
        data = picture.read_bytes()
    except OSError:
        return False
    return data.startswith(b"\xff\xd8") and data.rstrip(b"\0").endswith(b"\xff\xd9")


def cut_down(truth: Truth) -> Set[str]:
    """Events at whose hand-over the daemon died: the last of a life, which the spool may not have been given."""
    last = {event.boot: event.id for event in truth.events.values()}
    return set(last.values()) - truth.handed


def lost(truth: Truth, owed: AbstractSet[str], passed: Passed) -> Check:
    missing = owed - {a.event.id for a in passed.acked} - cut_down(truth)
    detail = f"{len(owed)} events, each acknowledged"
    return Check("0 events lost", not missing, _some((truth.events[i] for i in missing), "lost") if missing else detail)


def handed(truth: Truth) -> Check:
    """Every event but the last of a life was taken by the spool."""
    cut = cut_down(truth)
    without = set(truth.events) - truth.handed - cut
    detail = f"{len(cut)} cut down at the hand-over, {truth.torn} lines cut short"
    missing = f"{len(without)} were not; " if without else ""
    return Check("every event was handed over", not without, missing + detail)


def known(truth: Truth, arrivals: Iterable[Arrival], prefix: str, device: str) -> Check:
    """What arrived is what was said, at the topic that belongs to it."""
    strange: List[Event] = []
    other: List[Event] = []
    for arrival in arrivals:
        event = arrival.event
        said = truth.events.get(event.id)
        if said is None:
            strange.append(event)
        elif said.digest != event.digest or arrival.topic != event_topic(prefix, device, event.camera, event.type):
            other.append(event)
    words = [_some(strange, "not in the truth")] * bool(strange) + [_some(other, "changed on the way")] * bool(other)
    return Check("nothing that was not said, nothing changed", not words, "; ".join(words) or "as the truth has it")


def gapless(sent: Iterable[Arrival]) -> Check:
    """The numbers of each life that arrived, and each of them for one event."""
    numbers: Dict[str, Dict[int, str]] = defaultdict(dict)
    faults: List[str] = []
    for arrival in sent:
        event = arrival.event
        if numbers[event.boot].setdefault(event.seq, event.id) != event.id:
            faults.append(f"two events have number {event.seq} of {event.boot}")
    for boot, of_boot in numbers.items():
        gaps = [n for n in range(1, max(of_boot)) if n not in of_boot]
        faults += [f"{boot} has no {', '.join(map(str, gaps[:5]))} of {max(of_boot)}"] if gaps else []
    detail = f"{len(numbers)} lives of the daemon"
    return Check("no gap in any life's numbers", not faults, "; ".join(faults[:3]) or detail)


def order(arrivals: Iterable[Arrival], places: Dict[str, Place], long: AbstractSet[int]) -> Tuple[bool, str]:
    """The first arrivals of each camera: live ones, replayed ones, and all together unless the backlog was ``long``.

    In such a connection, live events go past those that wait. They do so in order.
    """
    seen: Set[str] = set()
    marks: Dict[Tuple[str, str], Place] = defaultdict(lambda: (-1, 0))
    faults: List[str] = []
    for arrival in arrivals:
        event = arrival.event
        if event.id in seen or event.id not in places:
            continue
        seen.add(event.id)
        place = places[event.id]
        lane = "replayed" if event.replayed else "live"
        for which in (lane, "all"):
            if place < marks[event.camera, which]:
                behind = "/".join(map(str, marks[event.camera, which]))
                faults.append(f"{event.camera or 'device'}: {place[0]}/{place[1]} after {behind} ({which})")
            elif which == lane or event.replayed or arrival.connection not in long:
                marks[event.camera, which] = place
    cameras = len({camera for camera, _ in marks})
    good = f"{len(seen)} events of {cameras} streams" + (f", {len(long)} connections with two lanes" if long else "")
    return not faults, f"{len(faults)} out of order: {'; '.join(faults[:3])}" if faults else good


def again(passed: Passed) -> Check:
    """What was sent before says that it was replayed, when it comes again."""
    sent: Set[str] = set()
    wrong: List[Event] = []
    for arrival in passed.sent:
        if arrival.event.id in sent and not arrival.event.replayed:
            wrong.append(arrival.event)
        sent.add(arrival.event.id)
    times = Counter(Counter(a.event.id for a in passed.sent).values())
    said = ", ".join(f"{count} {n} times" for n, count in sorted(times.items()) if n > 1)
    detail = f"{sum(count for n, count in times.items() if n > 1)} came again" + (f" ({said})" if said else "")
    return Check("what comes again says so", not wrong, _some(wrong, "came again as new") if wrong else detail)


def old(sent: Iterable[Arrival], places: Dict[str, Place]) -> Check:
    """What an earlier life of the daemon left was replayed."""
    newest, wrong, count = -1, [], 0
    for arrival in sent:
        life = places.get(arrival.event.id, (-1, 0))[0]
        newest = max(newest, life)
        count += arrival.event.replayed
        if -1 < life < newest and not arrival.event.replayed:
            wrong.append(arrival.event)
    detail = _some(wrong, "of an earlier life came as new") if wrong else f"{count} arrivals were replayed"
    return Check("what an earlier life left says so", not wrong, detail)


def subscriber_has(passed: Passed, received: Received, lives: Sequence[Life]) -> Check:
    """All that was acknowledged; but a broker that is killed takes with it what it had not passed on.

    Those come after the last one that it did pass on.
    """
    life_of = {connection.number: connection.life for connection in passed.connections}
    has = {a.event.id for a in received.arrivals}
    by_life: Dict[int, List[Event]] = defaultdict(list)
    for arrival in passed.acked:
        by_life[life_of[arrival.connection]].append(arrival.event)
    missing: List[Event] = []
    taken: List[Event] = []
    for number, events in by_life.items():
        tail = len(events)
        if lives[number].ended:
            while tail and events[tail - 1].id not in has:
                tail -= 1
        missing += [event for event in events[:tail] if event.id not in has]
        taken += events[tail:]
    gone = {event.id for event in taken} - has
    detail = f"{len(has)} events; killed brokers took {len(gone)} of theirs with them"
    return Check("the subscriber has them", not missing, _some(missing, "missing") if missing else detail)


def long_times(passed: Passed, long: AbstractSet[int]) -> AbstractSet[int]:
    """The subscriber's own connections say nothing of lanes: with any long one, all may have had two."""
    return _Everything() if long else frozenset()


class _Everything(frozenset):  # type: ignore[type-arg]
    def __contains__(self, _: object) -> bool:
        return True


def _some(events: Iterable[Event], what: str) -> str:
    listed = sorted(events, key=lambda e: (e.boot, e.seq))
    named = ", ".join(f"{e.camera or 'device'} {e.type} {e.boot[:8]}/{e.seq}" for e in listed[:5])
    return f"{len(listed)} {what}: {named}{' …' if len(listed) > 5 else ''}"

