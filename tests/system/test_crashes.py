"""Processes that are killed, stopped and replaced while their neighbours go on."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any, Callable, Dict, Iterator

import psutil
import pytest

from scripts.servers import Broker, RtspServer, wait_until
from tests.support.collector import Collector
from tests.system.harness import PATIENCE, STOP_S, Edge

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
models:
  people: {{spec: person}}
cameras:
  square: {{source: "{cameras}/square", fps: 5}}
  lawn: {{source: "{cameras}/lawn", fps: 5}}
  ball: {{source: "test://?size=320x240&rate=15", fps: 10}}
"""


@pytest.fixture(scope="module")
def make_site(
    square: RtspServer, the_broker: Broker, device_name: Callable[[], str], make_edge: Callable[..., Edge]
) -> Callable[[], Edge]:
    def make() -> Edge:
        cameras = square.url("").rstrip("/")
        return make_edge(CONFIG.format(device=device_name(), broker=the_broker.url, cameras=cameras))

    return make


@pytest.fixture(scope="module")
def site(make_site: Callable[[], Edge]) -> Iterator[Edge]:
    edge = make_site().start()
    edge.until_state("online", "square", "lawn", "ball")
    edge.until_pictures("square", "lawn", "ball")
    yield edge
    edge.close()


class Watcher:
    """Counts every camera's pictures the whole time, to find the longest stand-still of each."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.longest: Dict[str, float] = {}
        self.last: Dict[str, Any] = {}
        self.samples = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        before = time.monotonic()
        while not self._stop.is_set():
            status = self.edge.status()
            now = time.monotonic()
            for camera in status["cameras"] if status else []:
                count, since = self.last.get(camera["name"], (-1, now))
                if camera["pictures"] != count:
                    self.last[camera["name"]] = (camera["pictures"], now)
                    since = now
                elif now - before > 1.0:
                    since += now - before  # it was this process, or the machine, that stood still
                    self.last[camera["name"]] = (count, since)
                self.longest[camera["name"]] = max(self.longest.get(camera["name"], 0.0), now - since)
            before = now
            self.samples += 1
            self._stop.wait(0.05)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)


def camera(edge: Edge, name: str) -> Dict[str, Any]:
    found = edge.camera(name)
    assert found, "no status"
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
@pytest.mark.parametrize("name", ["square", "ball"])
def test_a_capture_process_that_dies_is_replaced_and_its_neighbours_lose_nothing(
    site: Edge, name: str, number: int
) -> None:
    site.until_state("online", "square", "lawn", "ball")
    before = {n: camera(site, n) for n in ("square", "lawn", "ball")}
    others = [n for n in before if n != name]
    with Watcher(site) as watcher:
        os.kill(before[name]["pid"], number)
        after = site.until(
            lambda s: next(
                (
                    c
                    for c in s["cameras"]
                    if c["name"] == name and c["state"] == "online" and c["pid"] not in (None, before[name]["pid"])
                ),
                None,
            ),
            f"{name} online again in another process",
        )
        site.until_pictures(*before)
    assert after["restarts"] == before[name]["restarts"] + 1
    for other in others:
        now = camera(site, other)
        assert now["pid"] == before[other]["pid"] and now["restarts"] == before[other]["restarts"]
        assert now["state"] == "online"
        # A gap would be as long as the replacement took: more than a second, and longer where the machine is busy.
        assert watcher.longest[other] < max(0.9, 0.6 * watcher.longest[name]), (other, watcher.longest)
    assert watcher.samples > 10


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_an_inference_process_that_dies_is_replaced_and_the_cameras_stay_connected(site: Edge, number: int) -> None:
    site.until_state("online", "square", "lawn", "ball")
    before = site.status()
    assert before is not None
    os.kill(before["inference"]["pid"], number)
    after = site.until(
        lambda s: (
            s if s["inference"]["pid"] != before["inference"]["pid"] and s["inference"]["state"] == "running" else None
        ),
        "another inference process",
    )
    site.until_pictures("square", "lawn", "ball")
    assert after["inference"]["restarts"] == before["inference"]["restarts"] + 1
    assert after["models"][0]["state"] == "ready"
    for was, now in zip(before["cameras"], (site.status() or {})["cameras"]):
        assert (now["state"], now["pid"], now["restarts"]) == ("online", was["pid"], was["restarts"])
    assert "inference process lost" in site.log


def test_a_crash_of_everything_at_once(site: Edge) -> None:
    site.until_state("online", "square", "lawn", "ball")
    before = site.status()
    assert before is not None
    open_files = psutil.Process(site.pid).num_fds()
    pids = [before["inference"]["pid"], *(c["pid"] for c in before["cameras"])]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    site.until(lambda s: not {s["inference"]["pid"], *(c["pid"] for c in s["cameras"])} & set(pids), "others")
    site.until_state("online", "square", "lawn", "ball")
    site.until_pictures("square", "lawn", "ball")
    # Sockets and pipes of what has died are closed. (The status that was just asked for has one of its own.)
    site.until(lambda s: psutil.Process(site.pid).num_fds() <= open_files + 1, "as many open files as before")


def test_a_capture_process_that_hangs_does_not_hinder_the_others_nor_the_end(site: Edge) -> None:
    site.until_state("online", "square", "lawn", "ball")
    before = {n: camera(site, n) for n in ("square", "lawn", "ball")}
    os.kill(before["lawn"]["pid"], signal.SIGSTOP)
    with Watcher(site) as watcher:
        site.until_pictures("square", "ball", more=10)
    assert max(watcher.longest["square"], watcher.longest["ball"]) < 0.6 * watcher.longest["lawn"], watcher.longest
    # It can answer nothing, so it is killed at the end, within the bound.
    assert site.stop() < STOP_S
    assert site.process is not None and site.process.returncode == 0
    assert site.left_behind() == []
    assert "Traceback" not in site.log


def test_ctrl_c_ends_it_and_leaves_nothing(make_site: Callable[[], Edge]) -> None:
    edge = make_site().start()
    edge.until_pictures("square", "lawn", "ball", more=1)
    assert len(edge.processes()) == 6, "the daemon, three cameras, inference and telemetry"
    assert edge.stop(signal.SIGINT) < STOP_S
    assert edge.process is not None and edge.process.returncode == 0
    assert edge.left_behind() == []
    assert "Traceback" not in edge.log


@pytest.mark.parametrize("stuck", [False, True])
def test_a_killed_daemon_takes_its_workers_with_it(
    make_site: Callable[[], Edge], collector: Collector, stuck: bool
) -> None:
    edge = make_site().start()
    edge.until_pictures("square", "lawn", "ball", more=1)
    device = (edge.status() or {})["device"]
    if stuck:  # even one that can hear nothing
        os.kill(camera(edge, "lawn")["pid"], signal.SIGSTOP)
    edge.stop(signal.SIGKILL)
    wait_until(lambda: not edge.processes(), PATIENCE, "all workers gone")
    assert edge.left_behind() == []
    # The broker tells what the daemon could not.
    collector.wait_topic(f"edge/{device}/availability", "offline", timeout=PATIENCE)


@pytest.mark.parametrize("moment", ["edge starts", "camera online"])
def test_it_can_be_stopped_at_any_moment_of_its_start(make_site: Callable[[], Edge], moment: str) -> None:
    edge = make_site().start()
    wait_until(lambda: moment in edge.log, PATIENCE, moment)
    assert edge.stop() < STOP_S
    assert edge.process is not None and edge.process.returncode == 0, edge.log
    assert edge.left_behind() == []
