"""What cameras that come and go cost the others: how soon a new one is looked at, and what a thousand leave behind."""

from __future__ import annotations

import contextlib
import statistics
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

import yaml

from scripts.chaos.clips import small
from scripts.edge_daemon import EdgeDaemon, Holdings, Process, Status, holdings
from scripts.servers import RtspServer

from .measures import Row
from .setting import Setting

ADDITIONS = 24
CYCLES = 1000
#: Growth counts from this cycle on.
_WARM = 100
_GOP = 2  # pictures, of 10 a second
_STAYING = ("one", "two")
_FPS = 5


@contextlib.contextmanager
def _running(setting: Setting, device: str) -> Iterator[_Two]:
    """A daemon with two RTSP cameras that stay, and a folder for others."""
    with RtspServer({"square": small(keys=_GOP)}) as server:
        daemon = EdgeDaemon(setting.folder / device, device)
        config = {
            "device": device,
            "mqtt": {"url": f"mqtt://127.0.0.1:{setting.broker_port}"},
            "models": {"people": {"spec": "person"}},
            "cameras": {name: {"source": server.url("square"), "fps": _FPS} for name in _STAYING},
        }
        daemon.config.write_text(yaml.safe_dump(config, sort_keys=False))
        try:
            daemon.start().until_analysed(*_STAYING, pictures=10)
            yield _Two(daemon, f"source: {server.url('square')}\nfps: {_FPS}\n")
        finally:
            daemon.close()


class _Two(NamedTuple):
    daemon: EdgeDaemon
    camera: str  # a new camera's file

    def facts(self) -> Dict[str, Any]:
        """What no edit of another camera may change: processes, restarts, pictures lost."""
        status = self.daemon.until(lambda s: s, "a status")
        staying = [c for c in status["cameras"] if c["name"] in _STAYING]
        facts = {c["name"]: [c["pid"], c["restarts"], c["lost"], c["drops"], c["state"]] for c in staying}
        return {**facts, "inference": [status["inference"]["pid"], status["inference"]["restarts"]]}

    def lost(self) -> int:
        return sum(self.facts()[name][2] for name in _STAYING)

    def add(self, name: str, wanted: Callable[[Dict[str, Any]], object]) -> float:
        """Save a new camera's file; the seconds until its status is ``wanted``."""
        began = time.monotonic()
        self._file(name).write_text(self.camera)
        self.daemon.until(
            lambda s: any(c["name"] == name and wanted(c) for c in s["cameras"]), f"the new camera {name}"
        )  # fmt: skip
        return time.monotonic() - began

    def remove(self, name: str) -> None:
        """Until nothing is left of it."""
        pid = next((c["pid"] for c in self._status()["cameras"] if c["name"] == name), None)
        self._file(name).unlink()
        self.daemon.until(
            lambda s: len(s["cameras"]) == len(_STAYING) and (pid is None or not Path(f"/proc/{pid}").exists()),
            f"{name} is gone",
        )

    def pictures(self) -> int:
        return sum(c["pictures"] for c in self._status()["cameras"] if c["name"] in _STAYING)

    def held(self) -> Dict[str, Holdings]:
        status = self._status()
        return {"daemon": holdings(status["pid"]), "inference": holdings(status["inference"]["pid"])}

    def processes(self) -> List[Process]:
        """Without what changes by the moment."""
        return [process._replace(state="") for process in self.daemon.processes()]

    def _status(self) -> Status:
        return self.daemon.until(lambda s: s, "a status")

    def _file(self, name: str) -> Path:
        return self.daemon.cameras / f"{name}.yaml"


def added(setting: Setting, seconds: float) -> List[Row]:
    """From the save of a new camera's file to its first analysed picture."""
    with _running(setting, "added") as two:
        before = two.facts()
        times: List[float] = []
        for number in range(ADDITIONS):
            times.append(two.add(f"new{number}", lambda c: c["pictures"] > 0))
            two.remove(f"new{number}")
        after = two.facts()
    changed = sum(before[name] != after[name] for name in before)
    slowest = sorted(times)[-1]
    return [
        Row("config saved to first analysed picture of a new RTSP camera", statistics.median(times), "s", 1.5,
            detail=f"median of {ADDITIONS}, slowest {slowest:.2f} s; the wait for a key picture counts, of which the "
            f"camera sends one in {_GOP / 10:g} s"),
        Row("pictures lost by two other cameras meanwhile", sum(after[n][2] - before[n][2] for n in _STAYING), "", 0,
            detail=f"by sequence numbers; {changed} of their and inference's processes, restarts and counts changed"),
    ]  # fmt: skip


def cycles(setting: Setting, seconds: float, count: int = CYCLES) -> List[Row]:
    """Cameras added and removed, one after the other; every tenth is waited for until it is looked at."""
    with _running(setting, "cycles") as two:
        undisturbed = _rate(two, 3 * seconds)
        before, processes, facts = two.held(), two.processes(), two.facts()
        memory: Dict[int, Dict[str, int]] = {}
        first, began = two.pictures(), time.monotonic()
        for number in range(count):
            sight = number % 10 == 0
            two.add(f"new{number % 7}", lambda c: c["pictures"] > 0 if sight else c["pid"])  # noqa: B023
            two.remove(f"new{number % 7}")
            held = two.held()
            # For a moment the last camera's pictures are still mapped: growth is told of one state alone.
            if all(held[name].memfds == before[name].memfds for name in held):
                memory[number] = {name: of.rss_kib for name, of in held.items()}
        rate, lasted = (two.pictures() - first) / (time.monotonic() - began), time.monotonic() - began
        after, facts_after = _settled(two, before), two.facts()
        others = set(two.processes()) ^ set(processes)
    start = min(_WARM, count // 2)
    warm = [of for number, of in memory.items() if number >= start]
    rows = []
    for name in before:
        grown = (warm[-1][name] - warm[0][name]) / 1024
        most = (max(m[name] for m in warm) - warm[0][name]) / 1024
        rows.append(
            Row(f"growth of the {name} process over {count} cameras added and removed", grown, "MiB", 2,
                detail=f"RSS from cycle {start} ({warm[0][name] / 1024:.1f} MiB) on, at most {most:.1f}; "
                f"{before[name].rss_kib / 1024:.1f} MiB before the first")
        )  # fmt: skip
    parts = ("fds", "memfds", "threads")
    pairs = [(f"{name}'s {part}", getattr(before[name], part), getattr(after[name], part))
             for name in before for part in parts]  # fmt: skip
    words = ", ".join(f"{what} {was}" + (f", now {now}" if now != was else "") for what, was, now in pairs)
    more = sum(abs(now - was) for _, was, now in pairs) + len(others)
    words += f"; {len(processes)} processes, {'others now' if others else 'the same'}"
    lost = sum(facts_after[name][2] - facts[name][2] for name in _STAYING)
    return [
        *rows,
        Row("descriptors, threads and processes more or fewer after them", more, "", 0, detail=words),
        Row("pictures lost by two other cameras meanwhile", lost, "", 0,
            detail=f"{lasted / count:.2f} s a cycle; processes and restarts "
            f"{'unchanged' if facts_after == facts else f'{facts}, then {facts_after}'}"),
        Row("their analysed rate, change", abs(rate / undisturbed - 1) * 100, "%", 2,
            detail=f"{undisturbed:.3f} pictures/s before, {rate:.3f} over the cycles"),
    ]  # fmt: skip


def _rate(two: _Two, seconds: float) -> float:
    first, began = two.pictures(), time.monotonic()
    time.sleep(seconds)
    return (two.pictures() - first) / (time.monotonic() - began)


def _settled(two: _Two, wanted: Dict[str, Holdings]) -> Dict[str, Holdings]:
    """What is held when the last camera's end has been dealt with."""
    until = time.monotonic() + 10
    while True:
        held = two.held()
        if time.monotonic() > until or all(held[name][1:] == wanted[name][1:] for name in wanted):
            return held
        time.sleep(0.1)


ALL: Dict[str, Callable[[Setting, float], List[Row]]] = {"added": added, "cycles": cycles}
