"""What is kept of events: themselves until they are delivered, and pictures and recordings of them."""

from __future__ import annotations

import fnmatch
from typing import List, Optional

import pydantic
from typing_extensions import Annotated, Literal

from edge.config.fault import Fault
from edge.config.section import Section, field
from edge.config.values import Between, Bytes, Seconds, Text

#: The events that show an object in a picture.
PICTURED = (
    "object.start", "object.update", "object.end", "zone.enter", "zone.leave", "zone.dwell", "line.cross",
)  # fmt: skip
_MB = 1000**2


def _known(patterns: List[str]) -> List[str]:
    for index, pattern in enumerate(patterns):
        if not fnmatch.filter(PICTURED, pattern):
            there = ", ".join(PICTURED)
            words = f"no event with a picture is called {pattern!r}; there are: {there} (and zone.*)"
            raise Fault.several([((index,), words)])
    return patterns


Events = Annotated[List[Text], pydantic.AfterValidator(_known)]


class SpoolConfig(Section):
    """Events until the broker has them, and for a while after. Beyond the bounds the oldest go."""

    max_events: Annotated[int, Between(1000, 10_000_000)] = field("events that wait, at most", "live", 100_000)
    max_size: Annotated[int, Bytes(1 * _MB, 100_000 * _MB)] = field("size on disk, at most", "live", 256 * _MB)
    max_age: Annotated[float, Seconds(60, 365 * 86400)] = field(
        "time that an event waits, at most", "live", 7 * 86400.0
    )
    history: Annotated[float, Seconds(0, 365 * 86400)] = field(
        "time that delivered events are kept for edge events list; 0: they go at once", "live", 86400.0
    )


class EvidenceConfig(Section):
    """Snapshots and clips on disk, of all cameras. Beyond the bounds the oldest go."""

    folder: Optional[Text] = field(
        "where they are kept; left out: evidence/<device> in the state folder", "restart", None
    )
    max_size: Annotated[int, Bytes(10 * _MB, 100_000_000 * _MB)] = field("size of all, at most", "live", 2000 * _MB)
    max_age: Annotated[float, Seconds(60, 3650 * 86400)] = field("age, at most", "live", 14 * 86400.0)


class SnapshotConfig(Section):
    """A JPEG picture of each of these events: the very picture that was analysed, at the camera's full size."""

    events: Events = field(
        "types of events that get one, as in [object.start, zone.*]; left out: none", "live", factory=list
    )
    form: Literal["boxed", "clean", "crop"] = field(
        "boxed: the object's box and label are drawn; clean: nothing is; crop: the object alone", "live", "boxed"
    )
    quality: Annotated[int, Between(1, 100)] = field("of the JPEG", "live", 85)
    publish: bool = field("whether it is sent by MQTT as well", "live", True)


class ClipConfig(Section):
    """An MP4 recording of each of these events, as the camera sent it. Events close together share one."""

    events: Events = field("types of events that get one, as in [zone.enter]; left out: none", "live", factory=list)
    before: Annotated[float, Seconds(0, 60)] = field("time before the event", "live", 5.0)
    after: Annotated[float, Seconds(0, 300)] = field("time after the last event in it", "live", 5.0)
    max_length: Annotated[float, Seconds(1, 600)] = field(
        "a longer one ends, and the next event begins another", "live", 60.0
    )
    masked: bool = field("whether the camera's masks cover clips too: they are encoded anew then", "live", True)
