"""Cameras that are added and removed, again and again, leave nothing behind and disturb nobody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import psutil
import pytest

from scripts.edge_daemon import Holdings, holdings
from scripts.servers import Broker, RtspServer, wait_until
from tests.system.harness import Edge

CYCLES = 30
MAIN = """\
device: {device}
mqtt: {{url: "{broker}"}}
models:
  people: {{spec: person}}
cameras:
  square: {{source: "{square}", fps: 3}}
  lawn: {{source: "{lawn}", fps: 3}}
"""


@pytest.fixture
def edge(
    square: RtspServer, the_broker: Broker, device_name: Callable[[], str], make_edge: Callable[..., Edge]
) -> Iterator[Edge]:
    urls = {name: square.url(name) for name in ("square", "lawn")}
    edge = make_edge(MAIN.format(device=device_name(), broker=the_broker.url, **urls))
    (edge.folder / "cameras.d").mkdir()
    edge.start()
    edge.until_pictures("square", "lawn")
    edge.until(lambda s: s["mqtt"]["state"] == "online" and s["telemetry"]["state"] == "running", "all connected")
    yield edge
    edge.close()


def held(edge: Edge) -> Dict[str, Any]:
    """Descriptors, shared memory and threads of the two processes that stay, and which processes there are."""
    status = edge.status()
    assert status is not None
    of: Dict[str, Holdings] = {"daemon": holdings(edge.pid), "inference": holdings(status["inference"]["pid"])}
    return {**{name: h[1:] for name, h in of.items()}, "processes": sorted(children(edge))}


def least(edge: Edge) -> Dict[str, Any]:
    """What is held when nobody asks for it: the least of a few looks."""
    return min((held(edge) for _ in range(5)), key=lambda found: found["daemon"])


def children(edge: Edge) -> List[int]:
    """Zombies too."""
    return [p.pid for p in psutil.Process(edge.pid).children(recursive=True)]


def facts(edge: Edge) -> Dict[str, Any]:
    status = edge.status()
    assert status is not None
    cameras = {c["name"]: (c["pid"], c["restarts"], c["lost"], c["state"]) for c in status["cameras"]}
    return {"inference": (status["inference"]["pid"], status["inference"]["restarts"]), "cameras": cameras}


def test_cameras_that_come_and_go_leave_nothing(edge: Edge, square: RtspServer) -> None:
    file: Path = edge.folder / "cameras.d" / "guest.yaml"
    before, processes = facts(edge), least(edge)
    for number in range(CYCLES):
        file.write_text(f"source: {square.url('lawn')}\nfps: 3\n")
        if number % 5:  # known, and perhaps not even connected
            edge.until(lambda s: any(c["name"] == "guest" and c["pid"] for c in s["cameras"]), "the guest is known")
        else:
            edge.until_state("online", "guest")
            edge.until_pictures("guest", more=1)
        pid = edge.camera("guest")["pid"]
        file.unlink()
        edge.until(lambda s: len(s["cameras"]) == 2, "the guest is gone")
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), what="its process too")  # noqa: B023
    edge.until_pictures("square", "lawn")
    assert facts(edge) == before
    # Asking for the status opens a descriptor, which the daemon may hold for a moment more: once equal is enough.
    try:
        wait_until(lambda: held(edge) == processes)
    except TimeoutError:
        assert held(edge) == processes
    assert "Traceback" not in edge.log
