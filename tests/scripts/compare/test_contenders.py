"""Whoever is compared starts, tells of people in pictures that are known, and ends with all that it has started."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable, Dict, List

import cv2
import numpy as np
import pytest

from scripts.bench.compare import marker
from scripts.bench.compare.cameras import Cameras, Mount
from scripts.bench.compare.contender import Baseline, Contender, Decoding, Edge, wait_ready
from scripts.bench.compare.heard import Subscriber, read
from scripts.bench.compare.measure import Bare
from scripts.bench.compare.usage import cpu_of, tree
from scripts.servers import Broker, wait_until

CONTENDERS: Dict[str, Callable[[], Contender]] = {
    "threads": lambda: Baseline("threads", "threads"),
    "processes": lambda: Baseline("processes", "threads", apart=True),
    "pipes": lambda: Baseline("pipes", "pipes"),
}


@pytest.fixture
def cameras(numbered: Path) -> Any:
    with Cameras({"c0": Mount(numbered, 0), "c1": Mount(numbered, 35)}) as server:
        yield server


@pytest.mark.parametrize("name", CONTENDERS)
def test_a_baseline_tells_of_people(name: str, cameras: Cameras, broker: Broker, tmp_path: Path) -> None:
    contender = CONTENDERS[name]()
    with Subscriber(broker.port) as subscriber:
        contender.start(broker.port, cameras.urls, tmp_path / "run")
        try:
            wait_ready(contender)
            wait_until(lambda: {topic for _, topic, _ in subscriber.messages} == {"bench/c0", "bench/c1"})
            _, count = contender.pictures()
            wait_until(lambda: contender.pictures()[1] >= count + 6, what="more pictures")
            pids = tree(contender.roots())
            assert cpu_of(pids) > 0
        finally:
            contender.close()
        told = read(subscriber.messages, cameras.sent())
    assert cameras.sent()["c1"].first == 30, "it begins with a key picture"
    numbers = {json.loads(payload)["picture"] for _, _, payload in subscriber.messages}
    assert numbers <= set(range(60)) and len(numbers) > 3
    assert all(one.boxes and one.arrived > one.sent for one in told)
    wait_until(lambda: not any(_runs(pid) for pid in pids), what="all of them gone")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_time_of_an_event_says_which_picture_was_sent_when(
    cameras: Cameras, broker: Broker, tmp_path: Path
) -> None:
    """The number that is burnt into the event's snapshot is that of the picture sent at the event's time."""
    contender = Edge("edge", {"snapshots": {"events": ["object.start", "object.update"], "form": "clean"}})
    with Subscriber(broker.port, ["edge/+/cameras/+/snapshots/+"]) as subscriber:
        contender.start(broker.port, cameras.urls, tmp_path / "run")
        try:
            pictures = wait_until(lambda: _five(subscriber.messages), what="events with their snapshots")
        finally:
            contender.close()
    sent = cameras.sent()
    for message, jpeg in pictures:
        (told,) = read([message], sent)
        shown = marker.read(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE))
        assert told.number == shown, (told, shown)
        assert told.arrived > told.sent


def _five(messages: List[Any]) -> List[Any]:
    """Events with the snapshots that show them, once there are five of them."""
    jpegs = {topic.rsplit("/", 1)[1]: payload for _, topic, payload in messages if "/snapshots/" in topic}
    events = [message for message in messages if "/events/object." in message[1]]
    found = [(m, jpegs[key]) for m in events if (key := json.loads(m[2])["id"]) in jpegs]
    return found if len(found) >= 5 else []


def test_the_floor_decodes_and_infers(cameras: Cameras, tmp_path: Path) -> None:
    decoding = Decoding()
    with Bare() as bare:
        decoding.start(0, cameras.urls, tmp_path / "run")
        try:
            wait_ready(decoding)
            assert len(tree(decoding.roots())) == 2
            cpu, wall = bare.run(32)
        finally:
            decoding.close()
    assert bare.batch in (1, 2, 4, 8) and 0 < cpu < 1 and wall > 0


def test_usage_counts_children_that_have_ended() -> None:
    before = cpu_of([os.getpid()])
    code = "import time\nwhile time.process_time() < 0.2: pass"
    assert os.spawnlp(os.P_WAIT, "python3", "python3", "-c", code) == 0
    assert cpu_of([os.getpid()]) - before >= 0.2
    assert cpu_of([2**22 + 1]) == 0, "one that is not there has used nothing"
