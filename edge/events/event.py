"""The event, as subscribers get it. Fields, their types and their descriptions here are what the JSON Schema says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Tuple

from edge.events.kinds import COMMON

SCHEMA = 1

# What must not be in one level of a topic: separators, wildcards, NUL.
_TOPIC = str.maketrans("/+#\0", "____")

# json.dumps makes an encoder for each call that asks for anything of its own.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _said(description: str, **keywords: Any) -> Dict[str, Any]:
    """What the schema says of a field; ``keywords`` are JSON Schema's."""
    return {"description": description, **keywords}


_SHARE = {"minimum": 0, "maximum": 1}
_NAME = {"minLength": 1}
_UUID7 = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


def _four(items: Dict[str, Any]) -> Dict[str, Any]:
    return {"minItems": 4, "maxItems": 4, "items": items}


@dataclass(frozen=True)
class EventAttribute:
    """What a second model says of an object."""

    label: str = field(metadata=_said("what that model calls it", **_NAME))
    score: float = field(metadata=_said("its score at the last look that found this", **_SHARE))
    box: Optional[List[float]] = field(
        default=None,
        metadata=_said(
            "of what it found, where it finds boxes: x1 y1 x2 y2 as fractions of the picture", **_four(_SHARE)
        ),
    )


@dataclass(frozen=True)
class EventObject:
    """A tracked object at the moment of the event."""

    id: int = field(metadata=_said("number of the track: unique for a camera within a boot_id", minimum=1))
    label: str = field(metadata=_said("what the model calls it", **_NAME))
    score: float = field(metadata=_said("the model's score in the last picture that shows it", **_SHARE))
    best_score: float = field(metadata=_said("the best score so far", **_SHARE))
    box: List[float] = field(metadata=_said("x1 y1 x2 y2 as fractions of the picture", **_four(_SHARE)))
    box_px: List[int] = field(metadata=_said("the same in pixels of the analysed picture", **_four({"minimum": 0})))
    speed: List[float] = field(
        metadata=_said(
            "of its centre, to the right and down, in fractions of the picture a second", minItems=2, maxItems=2
        )
    )
    age_s: float = field(metadata=_said("seconds from the first to the last picture that shows it", minimum=0))
    zones: List[str] = field(metadata=_said("the zones that it is in", items=_NAME))
    attributes: Optional[Mapping[str, EventAttribute]] = field(
        default=None, metadata=_said("what second models have found at it, by the model's name")
    )


@dataclass(frozen=True)
class Event:
    """One event. ``None`` means that the field is not there."""

    id: str = field(metadata=_said("UUIDv7: rises with every event of a boot_id", format="uuid", pattern=_UUID7))
    type: str = field(metadata=_said("what happened", **_NAME))
    device: str = field(metadata=_said("the device's name", **_NAME))
    time: str = field(
        metadata=_said(
            "capture of the picture that shows it, or the moment itself: RFC 3339, UTC, milliseconds",
            format="date-time",
            pattern=_TIME,
        )
    )
    seq: int = field(metadata=_said("counts this device's events from 1, without a gap, within a boot_id", minimum=1))
    boot_id: str = field(metadata=_said("a random id for each start of the daemon", format="uuid"))
    schema: int = field(default=SCHEMA, metadata=_said("version of this schema", const=SCHEMA))
    replayed: bool = field(
        default=False,
        metadata=_said("true if it waited, for the broker or through a restart: it may have arrived already"),
    )
    camera: Optional[str] = field(default=None, metadata=_said("the camera's name", **_NAME))
    model: Optional[str] = field(default=None, metadata=_said("the model that saw it", **_NAME))
    object: Optional[EventObject] = field(default=None, metadata=_said("the object"))
    zone: Optional[str] = field(default=None, metadata=_said("the zone's name", **_NAME))
    line: Optional[str] = field(default=None, metadata=_said("the line's name", **_NAME))
    direction: Optional[str] = field(
        default=None,
        metadata=_said(
            "the side it went to, as somebody sees it who walks along the line from its first point",
            enum=["left", "right"],
        ),
    )
    label: Optional[str] = field(default=None, metadata=_said("what is counted", **_NAME))
    count: Optional[int] = field(default=None, metadata=_said("how many", minimum=0))
    state: Optional[str] = field(default=None, metadata=_said("the state that it is in now", **_NAME))
    reason: Optional[str] = field(default=None, metadata=_said("why", **_NAME))
    latency_ms: Optional[Mapping[str, float]] = field(
        default=None, metadata=_said("milliseconds that the picture spent in each stage")
    )
    of: Optional[str] = field(default=None, metadata=_said("id of the event that it belongs to", format="uuid"))
    snapshot: Optional[str] = field(
        default=None, metadata=_said("the file with a picture of it, below the folder of the evidence", **_NAME)
    )
    clip: Optional[str] = field(
        default=None, metadata=_said("the file with a recording of it, below the same folder", **_NAME)
    )
    duration_s: Optional[float] = field(default=None, metadata=_said("length of the clip in seconds", minimum=0))

    def payload(self) -> Dict[str, Any]:
        """The JSON object, with the fields that this event has."""
        said = self.__dict__
        payload = {name: said[name] for name in _NAMES if said[name] is not None}
        if self.object is not None:
            shown = payload["object"] = dict(self.object.__dict__)
            found = shown.pop("attributes")
            if found is not None:
                shown["attributes"] = {
                    name: {key: value for key, value in one.__dict__.items() if value is not None}
                    for name, one in found.items()
                }
        return payload

    def to_json(self) -> bytes:
        return _ENCODER.encode(self.payload()).encode("utf-8", "replace")

    def topic(self, prefix: str) -> str:
        """As :func:`event_topic`."""
        return event_topic(prefix, self.device, self.camera or "", self.type)

    def retained(self, prefix: str) -> Optional[Tuple[str, bytes]]:
        """Topic and payload of the state that a ``count`` changes: the bare number at ``…/counts/<zone>/<label>``."""
        if self.count is None or self.zone is None or self.label is None:
            return None
        return count_topic(prefix, self.device, self.camera or "", self.zone, self.label), b"%d" % self.count


@lru_cache(maxsize=1024)
def topic_level(name: str) -> str:
    """``name`` as one level of a topic: what has a meaning there becomes ``_``."""
    return name.translate(_TOPIC)


def event_topic(prefix: str, device: str, camera: str, kind: str) -> str:
    """``<prefix>/<device>/cameras/<camera>/events/<type>``; of the device ``<prefix>/<device>/events/<type>``."""
    place = f"{prefix}/{topic_level(device)}"
    return f"{place}/cameras/{topic_level(camera)}/events/{kind}" if camera else f"{place}/events/{kind}"


def count_topic(prefix: str, device: str, camera: str, zone: str, label: str) -> str:
    levels = "/".join(topic_level(name) for name in (device, "cameras", camera, "counts", zone, label))
    return f"{prefix}/{levels}"


_NAMES = (*COMMON, *(f.name for f in fields(Event) if f.name not in COMMON))
