"""Every kind of event: when it is told, and which fields it has. The schema is made from this."""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

# What every event has, first and in this order.
COMMON = ("schema", "id", "type", "device", "time", "seq", "boot_id", "replayed")


class Kind(NamedTuple):
    """``fields`` are always there beside COMMON, ``optional`` ones when there is something to say."""

    meaning: str
    fields: Tuple[str, ...]
    optional: Tuple[str, ...] = ()


_OBJECT = ("camera", "model", "object")
_ZONE = (*_OBJECT, "zone")
_PICTURES = ("latency_ms", "snapshot", "clip")

KINDS: Dict[str, Kind] = {
    "object.start": Kind("an object has been seen for long enough to be one", _OBJECT, _PICTURES),
    "object.update": Kind(
        "it moved, is seen better, is in other zones or has another attribute; once a second at most",
        _OBJECT,
        _PICTURES,
    ),
    "object.end": Kind("it is gone", (*_OBJECT, "reason"), _PICTURES),
    "zone.enter": Kind("an object came into a zone, or began in it", _ZONE, _PICTURES),
    "zone.leave": Kind("it went out of it; with a reason if it did not walk out", _ZONE, (*_PICTURES, "reason")),
    "zone.dwell": Kind("it has been in the zone for the zone's `dwell`; once a stay", _ZONE, _PICTURES),
    "line.cross": Kind("an object crossed a line", (*_OBJECT, "line", "direction"), _PICTURES),
    "count": Kind(
        "another number of objects of a label is in a zone", ("camera", "zone", "label", "count"), ("latency_ms",)
    ),
    "camera.online": Kind("a camera delivers pictures", ("camera", "state"), ("reason",)),
    "camera.offline": Kind("a camera delivers none", ("camera", "state"), ("reason",)),
    "camera.frozen": Kind("a camera sends the same picture over and over", ("camera", "state"), ("reason",)),
    "device.start": Kind("the daemon started", (), ("reason",)),
    "device.stop": Kind("the daemon ends as it was told to", (), ("reason",)),
    "device.overheated": Kind("the device has been at `telemetry.alarm_temperature` or above for 10 s", ("reason",)),
    "device.throttled": Kind("its clocks have been held down for 5 s: by heat, or by its power supply", ("reason",)),
    "device.recovered": Kind("that is over: 5 °C below for 30 s, or not held down for 60 s", ("reason",)),
    "clip.ready": Kind("the recording that an event named is there", ("camera", "of", "clip", "duration_s")),
    "clip.failed": Kind("it could not be made", ("camera", "of", "reason")),
    "snapshot.failed": Kind("the picture that an event named could not be made", ("camera", "of", "reason")),
    "device.events_lost": Kind("events that no broker had yet had to be given up", ("count", "reason")),
    "device.spool": Kind(
        "where events wait is in trouble (`memory`: they are kept in memory alone; `corrupt`), or is well again (`ok`)",
        ("state",),
        ("reason",),
    ),
}
