"""The broker is away for an hour's worth of events; then what waits is replayed beside what goes on.

And how fast and how sparing it is otherwise: figures with their bounds. Those that hang on the machine (times, rates)
decide about the exit status with ``--strict`` alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Sequence, Tuple

from scripts.chaos_delivery import verdict
from scripts.chaos_delivery.record import Arrival, read_received, read_truth
from scripts.chaos_delivery.subscriber import Subscriber
from scripts.servers import PATIENCE, ROOT, Broker, wait_until

Tell = Callable[[int, int, str], None]
DEVICE = "backlog"
LIVE_RATE = 20.0
ACKED_MS = 20.0
#: The publisher waits up to 37.5 s between two tries.
CONNECTED_S = 60.0
STEPS = 12
#: Bytes that a process's memory changes by for no reason: they are much for each event where few wait.
_NOISE = 2 << 20


class Figure(NamedTuple):
    """``always``: it does not hang on how fast the machine is."""

    what: str
    value: float
    bound: float
    unit: str
    at_least: bool = False
    always: bool = False
    detail: str = ""

    @property
    def kept(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def plain(self) -> Dict[str, Any]:
        return {**self._asdict(), "kept": self.kept}


class Feed:
    """The feeder's process, spoken to line by line."""

    def __init__(self, state: Path, runtime: Path, url: str) -> None:
        with (state.parent / "feeder.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "scripts.chaos_delivery.feeder",
                 str(state), str(runtime), url, DEVICE],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, text=True, bufsize=1,
                start_new_session=True,
            )  # fmt: skip
        self.how = self._answer()

    def say(self, words: str) -> Dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        return self._answer()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> Dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the feeder ended with {self._process.wait()}")
        self.how = json.loads(line)
        return self.how


def measure(folder: Path, events: int, strict: bool, tell: Tell, steady_s: float = 60.0) -> Dict[str, Any]:
    """``steady_s``: how long the figures of everyday are measured."""
    folder.mkdir(parents=True)
    runtime = Path(tempfile.mkdtemp(prefix="edge-backlog-", dir="/dev/shm"))
    broker = Broker()
    broker.config.write_text(broker.config.read_text() + "max_queued_messages 0\n")
    subscriber = Subscriber(broker.port, runtime / "subscriber.log")
    feed = Feed(folder / "state", runtime, broker.url)
    try:
        figures = _backlog(feed, broker, subscriber, runtime, events, tell)
        figures += _everyday(feed, steady_s, tell)
        figures += _delivered(subscriber, runtime)
    finally:
        feed.close()
        subscriber.close()
        broker.close()
        shutil.rmtree(str(runtime), ignore_errors=True)
    return {
        "title": f"The broker away for {events} events",
        "figures": [figure.plain() for figure in figures],
        "kept": all(figure.kept for figure in figures if strict or figure.always),
    }


def _backlog(
    feed: Feed, broker: Broker, subscriber: Subscriber, runtime: Path, events: int, tell: Tell
) -> List[Figure]:
    held: List[Tuple[int, int]] = []
    for step in range(STEPS):
        how = feed.say(f"fill {(step + 1) * events // STEPS - step * events // STEPS}")
        held.append((how["waiting"], how["rss_kib"]))
        tell(step + 1, STEPS, f"the broker is away │ {how['waiting']} events wait │ {how['rss_kib'] / 1024:.1f} MiB")
    assert feed.how["state"] == "ok", f"the spool is in trouble: {feed.how}"
    feed.say(f"live {LIVE_RATE}")
    broker.start()
    subscriber.start()
    high = 0

    def left() -> int:
        nonlocal high
        how = feed.say("how")
        high = max(high, how["rss_kib"])
        left = min(events, how["waiting"])
        tell(events - left, events, f"replay │ {how['waiting']} events wait │ {how['rss_kib'] / 1024:.1f} MiB")
        return left

    wait_until(lambda: feed.say("how")["broker"] == "online", CONNECTED_S, "the publisher is online")
    wait_until(lambda: left() < LIVE_RATE, 10 * PATIENCE, "the backlog is delivered")
    arrivals = _until_there(subscriber, list(_put_times(runtime))[:events])
    put = _put_times(runtime)  # read later: more are put all the time
    # After the first step all that a spool and a publisher need is there.
    settled = held[1:]
    slope = _slope(settled) * 1024
    (few, rss_few), (many, rss_many) = settled[0], settled[-1]
    return [
        Figure("memory for each event that waits", slope, max(50.0, _NOISE / events), "B", always=True,
               detail=f"{rss_few / 1024:.1f} MiB with {few}, {rss_many / 1024:.1f} with {many}"),
        Figure("memory that the replay needs more", (high - held[-1][1]) / 1024, 8.0, "MiB", always=True,
               detail=f"{high / 1024:.1f} MiB at most"),
        *_replay(arrivals, put, events),
    ]  # fmt: skip


def _replay(arrivals: Sequence[Arrival], put: Dict[str, float], events: int) -> List[Figure]:
    waited = set(list(put)[:events])
    times = [a.at for a in arrivals if a.event.id in waited]
    first, last = times[0], times[-1]
    first_live = [a for a in _firsts(arrivals) if first <= put[a.event.id] <= last]
    late = [a.at - put[a.event.id] for a in first_live]
    flags = sum(not a.event.replayed for a in arrivals if a.event.id in waited)
    return [
        Figure("replay", len(times) / max(1e-3, last - first), 2000.0, "/s", at_least=True,
               detail=f"{len(times)} in {last - first:.1f} s"),
        Figure("a live event's way to the subscriber meanwhile, p95", 1000 * p95(late), 1000.0, "ms",
               detail=f"{len(late)} events, median {1000 * sorted(late)[len(late) // 2]:.0f} ms" if late else "none"),
        Figure("live events during the replay", len(late), 5, "", at_least=True),
        Figure("of the backlog came as new", flags, 0, "", always=True),
    ]  # fmt: skip


def _everyday(feed: Feed, seconds: float, tell: Tell) -> List[Figure]:
    """20 events a second, evenly, and nothing waits."""
    time.sleep(2.0)
    before = feed.say("how")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tell(round(seconds - (until - time.monotonic())), round(seconds), f"{LIVE_RATE:g} events a second")
        time.sleep(0.2)
    after = feed.say(f"since {before['put']}")
    feed.say("live 0")
    wait_until(lambda: feed.say("how")["waiting"] == 0, PATIENCE, "everything is delivered")
    count, written = after["put"] - before["put"], after["written"] - before["written"]
    put = after["put_acked_ms"]
    return [
        Figure("from the event to the PUBACK, p95", p95(put), ACKED_MS, "ms", detail=_median(put)),
        Figure("written to disk for each event", written / count, 1500.0, "B", always=True,
               detail=f"{count} events in {seconds:.0f} s"),
    ]  # fmt: skip


def _delivered(subscriber: Subscriber, runtime: Path) -> List[Figure]:
    """The same as after the faults, as numbers that must be 0."""
    truth = read_truth(runtime / "truth.log")
    arrivals = _until_there(subscriber, truth.events)
    has = {arrival.event.id for arrival in arrivals}
    good, said = verdict.order(arrivals, verdict.places_of(truth), {a.connection for a in arrivals})
    strange = verdict.known(truth, arrivals, "edge", DEVICE)
    return [
        Figure("lost", len(set(truth.events) - has), 0, "", always=True, detail=f"{len(truth.events)} events"),
        Figure("cameras' lanes out of order", 0 if good else 1, 0, "", always=True, detail=said),
        Figure("strange or changed", 0 if strange.kept else 1, 0, "", always=True, detail=strange.detail),
    ]


def _until_there(subscriber: Subscriber, wanted: Iterable[str]) -> List[Arrival]:
    """What the subscriber has, once it has all of these, or it is no use to wait."""
    until = time.monotonic() + PATIENCE
    while True:
        arrivals = read_received(subscriber.file).arrivals
        if {arrival.event.id for arrival in arrivals} >= set(wanted) or time.monotonic() > until:
            return arrivals
        time.sleep(1.0)


def _put_times(runtime: Path) -> Dict[str, float]:
    lines = (line.split() for line in (runtime / "put.log").read_text().splitlines())
    return {event: float(at) for event, at in lines}


def _firsts(arrivals: Sequence[Arrival]) -> List[Arrival]:
    first: Dict[str, Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.event.id, arrival)
    return list(first.values())


def _slope(points: Sequence[Tuple[float, float]]) -> float:
    """Of the line through the points with the least squares."""
    x, y = (sum(each) / len(points) for each in zip(*points))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * len(values))] if values else float("inf")


def _median(values: Sequence[float]) -> str:
    return f"median {sorted(values)[len(values) // 2]:.1f} ms" if values else "none"
