"""Cameras that break: how soon many are back at once, and what the neighbours of a broken one notice."""

from __future__ import annotations

import math
import random
import statistics
import time
from typing import Any, Callable, Dict, List

import yaml

from scripts.chaos.clips import small
from scripts.chaos.faults import LOCKED
from scripts.chaos.site import Site
from scripts.edge_daemon import EdgeDaemon
from scripts.servers import RtspServer, wait_until

from .measures import Row
from .setting import Setting

CAMERAS = 16
OUTAGES = (5.0, 20.0, 60.0)
_BACK_S = 60.0
#: A camera that is broken and three that are not, with so many pictures a second.
_NEIGHBOURS, _FPS = 3, 5
#: What an operator does to a camera is no fault of the camera's.
_EDITS = ("disabled", "removed", "renamed", "live edit", "bad edit", "two saves", "half a save")


def reconnect(setting: Setting, seconds: float) -> List[Row]:
    """A server with many cameras that goes and comes back."""
    device = "reconnect"
    with RtspServer({"square": small()}) as server:
        daemon = EdgeDaemon(setting.folder / device, device)
        names = [f"c{number}" for number in range(CAMERAS)]
        config = {
            "device": device,
            "mqtt": {"url": f"mqtt://127.0.0.1:{setting.broker_port}"},
            "models": {"people": {"spec": "person"}},
            "cameras": {name: {"source": server.url("square"), "fps": 1} for name in names},
        }
        daemon.config.write_text(yaml.safe_dump(config, sort_keys=False))
        try:
            daemon.start().until_analysed()
            tails = {outage: _tail(_come_back(daemon, server, outage)) for outage in OUTAGES}
        finally:
            daemon.close()
    words = ", ".join(f"{tail:.1f} s after {outage:g} s" for outage, tail in tails.items())
    what = f"{CAMERAS} cameras online again after their RTSP server's start"
    return [Row(what, max(tails.values()), "s", 10, detail=f"p95 of an outage, the worst of: {words}")]


def _come_back(daemon: EdgeDaemon, server: RtspServer, outage: float) -> List[float]:
    """Seconds until each camera is online again."""
    # Once every camera has worked long enough for its waits to begin anew.
    daemon.until(lambda s: all(c["state"] == "online" and c["since_s"] > 12 for c in s["cameras"]), "a while online")
    server.kill()
    time.sleep(outage)
    daemon.until(lambda s: not any(c["state"] == "online" for c in s["cameras"]), "all of them know")
    server.start()
    began = time.monotonic()
    back: Dict[str, float] = {}

    def look() -> bool:
        for camera in (daemon.status() or {"cameras": []})["cameras"]:
            if camera["state"] == "online":
                back.setdefault(camera["name"], time.monotonic() - began)
        return len(back) == CAMERAS

    wait_until(look, _BACK_S, "all cameras online again")
    return list(back.values())


def _tail(times: List[float]) -> float:
    """Of a few values p95 is no interpolation: the one that 95 % of them do not pass."""
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


def neighbours(setting: Setting, seconds: float) -> List[Row]:
    """The analysed rate of three cameras while a fourth has each fault in turn."""
    changes: Dict[str, float] = {}
    with Site(setting.folder / "neighbours", _NEIGHBOURS + 1, seed=1, fps=_FPS) as site:
        *good, bad = site.cameras
        site.daemon.until_analysed(pictures=20)
        before = _facts(site, good)
        calm = [_rate(site, good, seconds) for _ in range(3)]
        for kind in (kind for kind in LOCKED if kind not in _EDITS):
            end = LOCKED[kind](site, bad, random.Random(1))
            rate = _rate(site, good, seconds)
            end()
            changes[kind] = (rate / statistics.mean(calm) - 1) * 100
            site.daemon.until(lambda s: s["cameras"][-1]["state"] == "online", f"{bad} online after {kind}", 120)
        after = _facts(site, good)
    worst = max(abs(change) for change in changes.values())
    words = ", ".join(f"{kind} {change:+.1f}" for kind, change in changes.items())
    lost = sum(facts["lost"] for facts in after.values()) - sum(facts["lost"] for facts in before.values())
    same = all(after[name]["pid"] == before[name]["pid"] for name in good)
    return [
        Row("analysed rate of a broken camera's neighbours, change over any fault", worst, "%", 2,
            detail=f"% of {statistics.mean(calm):.2f} pictures/s, {seconds:g} s each: {words}"),
        Row("pictures that they lost", lost, "", 0, detail=f"their processes {'' if same else 'not '}the same"),
    ]  # fmt: skip


def _rate(site: Site, names: List[str], seconds: float) -> float:
    first, began = _pictures(site, names), time.monotonic()
    time.sleep(seconds)
    return (_pictures(site, names) - first) / (time.monotonic() - began)


def _pictures(site: Site, names: List[str]) -> int:
    return sum(facts["pictures"] for facts in _facts(site, names).values())


def _facts(site: Site, names: List[str]) -> Dict[str, Dict[str, Any]]:
    return {c["name"]: c for c in site.status()["cameras"] if c["name"] in names}


ALL: Dict[str, Callable[[Setting, float], List[Row]]] = {"reconnect": reconnect, "neighbours": neighbours}
