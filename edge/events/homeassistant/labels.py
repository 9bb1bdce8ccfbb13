"""Which labels get a count of their own in each zone.

Those that the configuration names: for the zone, or else for the camera. Where it names none, all that the models know
if these are few. A network of 80 classes would be 160 entities for each zone, nearly all of which stay at nothing for
ever and hide the three that somebody wants; there the zone's total is what is shown, and whoever wants a label for
itself names it.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

from edge.config import CameraConfig
from edge.events.event import topic_level

#: A model's labels up to so many are shown without being named.
FEW = 8
#: Zones times labels of a camera. A payload that the broker takes for too large would cost the connection.
MOST = 200


class Counted(NamedTuple):
    """``total``: whether there are more than one, or labels beyond these, so that all together say something."""

    labels: List[str]
    total: bool


def counted(camera: CameraConfig, known: Sequence[str]) -> Dict[str, Counted]:
    """What is counted in each zone. ``known``: the labels of the camera's models; empty where none is loaded."""
    found: Dict[str, Counted] = {}
    room = MOST
    for name, zone in camera.zones.items():
        named = list(zone.objects or camera.objects)
        if camera.objects:
            named = [label for label in named if label in camera.objects]
        if known:
            named = [label for label in named if label in known]
        possible = named if zone.objects or camera.objects else list(known)
        labels = (possible if named or len(possible) <= FEW else [])[:room]
        room -= len(labels)
        found[name] = Counted(labels, len(possible) != 1 or len(labels) != 1)
    return found


def zeros(camera: CameraConfig, known: Sequence[str]) -> Dict[Tuple[str, str], int]:
    """(zone, label) -> 0 for all that is counted: what the broker is to keep before anything was seen."""
    return {(zone, label): 0 for zone, told in counted(camera, known).items() for label in told.labels}


def zone_topic(prefix: str, device: str, camera: str, zone: str) -> str:
    """Where the broker keeps how many objects of all labels are in a zone: a bare number."""
    levels = "/".join(topic_level(name) for name in (device, "cameras", camera, "counts", zone))
    return f"{prefix}/{levels}"


def known_labels(by_model: Mapping[str, Sequence[str]]) -> List[str]:
    """The labels of several models, each once."""
    return list(dict.fromkeys(label for labels in by_model.values() for label in labels))
