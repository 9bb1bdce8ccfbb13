"""What cameras send, by a look at them: codec, size and rate, as ``edge doctor`` looks."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from edge.config import CameraConfig
from edge.config.order import source_order
from edge.doctor.probe import Probe, listen, python_of
from edge.errors import EdgeError

#: Over how long a rate is measured, and how long the first picture is waited for.
_SECONDS = 2.0
_PATIENCE_S = 9.0
# Beyond those: to be ready to end, and to say goodbye.
_MORE_S = 4.0


class Sent(NamedTuple):
    """``codec``: h264, h265, jpeg or raw; ``rate``: pictures a second, None where too few came to tell."""

    codec: str
    width: int
    height: int
    rate: Optional[float]


def looked_at(cameras: Mapping[str, CameraConfig], python: str) -> Dict[str, Sent]:
    """What each sends, all looked at at the same time; one that cannot be looked at is left out. ``python``: as in
    ``workers.python``."""
    probes: Dict[str, Probe] = {}
    for name, camera in cameras.items():
        source: Dict[str, Any] = {**source_order(camera), "size": None, "loop": False}
        order = {"op": "camera", "source": source, "patience": _PATIENCE_S, "seconds": _SECONDS}
        try:
            probes[name] = Probe(python_of(python), "edge.capture.probe", order, _PATIENCE_S + _SECONDS + _MORE_S)
        except EdgeError:
            continue
    listen(list(probes.values()))
    return {name: sent for name, sent in ((name, _sent(probe)) for name, probe in probes.items()) if sent is not None}


def _sent(probe: Probe) -> Optional[Sent]:
    said: List[Dict[str, Any]] = [news for news in probe.said("camera") if "state" not in news]
    if not said:
        return None
    rate = said[0]["rate"]
    return Sent(said[0]["codec"], said[0]["width"], said[0]["height"], None if rate is None else round(float(rate), 1))
