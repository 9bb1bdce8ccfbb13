"""What was written down: the truth by the daemon, the rest by the gate and the subscriber. Read again at the end."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

_ID = re.compile(rb'"id":\s*"([^"]*)"')
_BEGIN = b'{"schema"'
_TOLD = re.compile(rb'\{"schema":\d+,"id":"([^"]*)"')


class Event(NamedTuple):
    """``digest``: of its JSON, but for ``replayed``. ``snapshot``: the picture that it names; ``of``: the event whose
    picture could not be made.
    """

    id: str
    camera: str
    boot: str
    seq: int
    type: str
    replayed: bool
    digest: str
    snapshot: str = ""
    of: str = ""


class Arrival(NamedTuple):
    """An event at some place: at the gate, acknowledged there, or at the subscriber."""

    at: float
    connection: int
    topic: str
    event: Event


class Connection(NamedTuple):
    at: float
    number: int
    life: int
    waiting: int


class Truth(NamedTuple):
    """What analytics and the daemon said. ``handed``: ids of those that the spool took; ``torn``: lines cut short."""

    events: Dict[str, Event]
    handed: Set[str]
    torn: int


class Passed(NamedTuple):
    """What went through the gate."""

    connections: List[Connection]
    sent: List[Arrival]
    acked: List[Arrival]


class Received(NamedTuple):
    """What came to the subscriber; ``subscribed``: the moments at which it was subscribed anew."""

    arrivals: List[Arrival]
    subscribed: List[float]


def is_event(topic: str) -> bool:
    return "/events/" in topic


def id_of(payload: bytes) -> str:
    found = _ID.search(payload)
    return found.group(1).decode() if found else f"no id in {payload[:60]!r}"


def event_of(payload: bytes) -> Event:
    said = json.loads(payload)
    plain = payload.replace(b'"replayed":true', b'"replayed":false', 1)
    digest = hashlib.blake2b(plain, digest_size=8).hexdigest()
    return Event(
        said["id"], said.get("camera", ""), said["boot_id"], said["seq"], said["type"], said["replayed"], digest,
        said.get("snapshot", ""), said.get("of", ""),
    )  # fmt: skip


def read_truth(file: Path, length: Optional[int] = None) -> Truth:
    """The first ``length`` bytes of the daemon's EDGE_EVENT_LOG, or all."""
    truth = Truth({}, set(), 0)
    torn = 0
    data = file.read_bytes()[:length] if file.exists() else b""
    for line in data.split(b"\n"):
        if line.startswith(b"H "):
            truth.handed.add(line[2:].decode())
        elif line:
            begin = line.rfind(_BEGIN)  # a killed daemon's last line may have been left without an end
            try:
                event = event_of(line[begin:])
            except ValueError:
                torn += 1
                continue
            torn += begin > 0
            truth.events[event.id] = event
    return truth._replace(torn=torn)


def read_passed(file: Path) -> Passed:
    passed = Passed([], [], [])
    last: Dict[Tuple[int, str], Arrival] = {}
    for kind, at, number, rest in _lines(file):
        if kind == b"C":
            life, waiting = rest.split()
            passed.connections.append(Connection(at, number, int(life), int(waiting)))
        elif kind == b"P":
            arrival = _arrival(at, number, rest)
            last[number, arrival.event.id] = arrival
            passed.sent.append(arrival)
        else:
            passed.acked.append(last[number, rest.decode()]._replace(at=at))
    return passed


def read_received(file: Path) -> Received:
    received = Received([], [])
    for kind, at, number, rest in _lines(file):
        if kind == b"S":
            received.subscribed.append(at)
        else:
            received.arrivals.append(_arrival(at, number, rest))
    return received


def _arrival(at: float, number: int, rest: bytes) -> Arrival:
    topic, payload = rest.split(b"\t", 1)
    return Arrival(at, number, topic.decode(), event_of(payload))


def _lines(file: Path) -> Iterator[Tuple[bytes, float, int, bytes]]:
    with file.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                return  # it is still being written
            kind, at, number, rest = [*line.rstrip(b"\n").split(b" ", 3), b""][:4]
            yield kind, float(at), int(number), rest


class Tail:
    """Counts the events of a truth that is still being written. For any thread."""

    def __init__(self, file: Path) -> None:
        self.ids: Set[str] = set()
        self._file, self._at = file, 0
        self._lock = threading.Lock()

    def read(self) -> int:
        """How many there are by now; ``ids`` are theirs."""
        with self._lock:
            if self._file.exists():
                with self._file.open("rb") as file:
                    file.seek(self._at)
                    data = file.read()
                whole = data.rfind(b"\n") + 1
                self._at += whole
                self.ids.update(m.group(1).decode() for m in _TOLD.finditer(data[:whole]))
            return len(self.ids)

    @property
    def size(self) -> int:
        """Bytes that have been looked at."""
        return self._at
