"""More pictures than the network can take: what comes out of it beside a bare loop with its best batch."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import yaml

from scripts.bench.setting import Setting
from scripts.edge_daemon import EdgeDaemon

from .measure import Bare

#: More than one thread can infer, of pictures that cost the capture processes little.
_CAMERAS, _RATE = 16, 60


class Saturated(NamedTuple):
    share: float
    pictures: float
    batch: int


def saturation(setting: Setting, seconds: float) -> Saturated:
    with Bare() as bare:
        walls = [bare.run(600)[1]]
        pictures = _rate(setting.folder / "saturation", setting.broker_port, seconds)
        walls.append(bare.run(600)[1])
        return Saturated(pictures * statistics.mean(walls), pictures, bare.batch)


def _rate(folder: Path, broker: int, seconds: float) -> float:
    daemon = EdgeDaemon(folder, "compare-full")
    camera = {"source": f"test://?size=96x72&rate={_RATE}", "fps": _RATE}
    config = {
        "device": daemon.device,
        "mqtt": {"url": f"mqtt://127.0.0.1:{broker}"},
        "workers": {"threads": 1},
        "models": {"people": {"spec": "person"}},
        "cameras": {f"c{n}": camera for n in range(_CAMERAS)},
    }
    daemon.config.write_text(yaml.safe_dump(config))
    try:
        daemon.start().until_analysed(pictures=100)
        first, began = _pictures(daemon), time.monotonic()
        time.sleep(seconds)
        return (_pictures(daemon) - first) / (time.monotonic() - began)
    finally:
        daemon.close()


def _pictures(daemon: EdgeDaemon) -> int:
    cameras: List[Dict[str, Any]] = daemon.until(lambda status: status, "an answer")["cameras"]
    return sum(c["pictures"] for c in cameras)
