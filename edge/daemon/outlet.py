"""What leaves the device: events as they come, and the states that the broker keeps, by the topics of this device."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, Mapping, NamedTuple, Optional, Tuple

from edge.analytics import Happening
from edge.config import Config, MqttConfig
from edge.events.event import Event, count_topic, topic_level
from edge.events.evidence.unfinished import MOST, REACH_S
from edge.events.factory import EventFactory
from edge.events.homeassistant import zone_topic
from edge.events.made import MadeLog
from edge.events.mqtt.message import snapshot_topic
from edge.events.mqtt.publisher import Publisher
from edge.events.spool import Bounds, Spool, Trouble, folders
from edge.events.spool.reader import History

_logger = logging.getLogger("edge.daemon")
# Of the time to stop: for what was put last to be committed.
_COMMIT_S = 0.3
#: Among the cameras' topics, for what is the device's: no camera can be called so.
_TELEMETRY = "/telemetry"


class Shown(NamedTuple):
    """Of an event, in nanoseconds of CLOCK_MONOTONIC: its ``moment``, and the ``picture`` that shows its object."""

    moment: int
    picture: int


class Pictures:
    """What makes snapshots and clips, as far as events know of it."""

    def named(self, event: Event, shown: Shown) -> Event:
        """The event, with the names of the files that are going to be made of it."""
        return event

    def order(self, event: Event, shown: Shown) -> None:
        """Make them."""

    def read(self, path: str) -> Optional[bytes]:
        """The picture of that name; None where it is gone."""
        return None


class Outlet:
    """Knows which retained topics each camera has, so that none is left when it goes.

    ``state``: the folder in which events wait. ``trouble`` is told of losses, in the spool's thread.
    """

    def __init__(self, config: Config, state: Path, trouble: Callable[[Trouble], None]) -> None:
        self.factory = EventFactory(config.device)
        self.file, intake = folders(state, config.device)
        self.spool = Spool(self.file, intake, Bounds.of(config.spool), trouble)
        self.pictures = Pictures()
        self._pictured = {snapshot_topic(config.mqtt.prefix, config.device, name) for name in config.cameras}
        self.publisher = Publisher(
            config.mqtt, config.device, self.spool, lambda path: self.pictures.read(path),
            keeps=lambda topic: topic in self._pictured,
        )  # fmt: skip
        self._made = MadeLog()
        self._prefix, self._device = config.mqtt.prefix, config.device
        self._counts: Dict[str, Dict[str, int]] = {}  # by camera: the number that stands at each topic
        self._states: Dict[str, str] = {}

    def start(self) -> None:
        self.spool.start()
        self.publisher.start()

    def stop(self, seconds: float) -> int:
        """Deliver what can be delivered in that time, keep the rest; how many events wait then. Blocks."""
        end = time.monotonic() + seconds
        left = self.publisher.stop(max(0.3, seconds - _COMMIT_S))
        self.spool.stop(max(_COMMIT_S, end - time.monotonic()))
        return left

    def alive(self, now: float) -> bool:
        """Whether both threads do their work; ``now`` is monotonic."""
        return self.publisher.alive(now) and self.spool.alive(now)

    def trouble(self, trouble: Trouble) -> None:
        """The spool's word: what is lost, and what it is like."""
        if trouble.kind == "lost":
            self.event(self.factory.lost(trouble.count, trouble.reason))
        else:
            state = "ok" if trouble.kind == "recovered" else trouble.kind
            self.event(self.factory.spool(state, trouble.reason))

    def lately(self) -> Iterator[Dict[str, Any]]:
        """The newest events of this device, the newest first: a thousand of the last hour at most. In any thread."""
        history = History(self.file)
        for stored in history.events(since=time.time() - REACH_S, limit=MOST, newest_first=True):
            yield stored.payload

    def happened(self, camera: str, happening: Happening, stages: Dict[str, float], shown: Shown) -> None:
        """What analytics found in a picture of ``camera``."""
        made = event = self.factory.make(camera, happening, stages or None)
        # It has its number: whatever becomes of its pictures, it is told.
        try:
            event = self.pictures.named(made, shown)
        except Exception:
            _logger.exception("an event gets no pictures")
        self.event(event)
        if event is not made:
            try:
                self.pictures.order(event, shown)
            except Exception:
                _logger.exception("an event's pictures cannot be ordered")

    def event(self, event: Event) -> None:
        payload = event.to_json()
        self._made.handing(
            event, payload, lambda: self.spool.put("event", event.camera or "", event.type, payload)
        )
        retained = event.retained(self._prefix)
        if retained is not None:
            counts = self._counts.setdefault(event.camera or "", {})
            zone = retained[0].rpartition("/")[0]  # a label is one level
            counts[retained[0]] = event.count or 0
            counts[zone] = sum(n for topic, n in counts.items() if topic.rpartition("/")[0] == zone)
            self.publisher.retain(*retained)
            self.publisher.retain(zone, b"%d" % counts[zone])

    def device_state(self, state: Dict[str, Any]) -> None:
        self._retain("", f"{self._base}/state", state)

    def telemetry(self, said: Optional[Dict[str, Any]]) -> None:
        """How the device is; None: nothing is to be kept of it any more."""
        if said is None:
            self.forget(_TELEMETRY)
        else:
            self._retain(_TELEMETRY, f"{self._base}/telemetry", {"time": self.factory.now(), **said})

    def camera_state(self, camera: str, state: Dict[str, Any]) -> None:
        self._pictured.add(snapshot_topic(self._prefix, self._device, camera))
        self._retain(camera, f"{self._base}/cameras/{topic_level(camera)}/state", state)

    def take_back(self, camera: str) -> None:
        """The broker is to keep its newest picture no more; the next one it does."""
        self._clear(snapshot_topic(self._prefix, self._device, camera))

    def counts(self, camera: str, counts: Mapping[Tuple[str, str], int], zones: Iterable[str] = ()) -> None:
        """The camera has these counts, by zone and label, and no others any more; each zone its sum as well."""
        topics = {zone_topic(self._prefix, self._device, camera, zone): 0 for zone in zones}
        for key, n in counts.items():
            topic = count_topic(self._prefix, self._device, camera, *key)
            zone = topic.rpartition("/")[0]
            topics[topic], topics[zone] = n, topics.get(zone, 0) + n
        for topic in set(self._counts.get(camera, {})) - set(topics):
            self._clear(topic)
        self._counts[camera] = topics
        for topic, n in topics.items():
            self.publisher.retain(topic, b"%d" % n)

    def forget(self, camera: str) -> None:
        """The camera is gone, and what the broker keeps of it goes too."""
        for topic in self._topics(camera):
            self._clear(topic)
        if camera not in ("", _TELEMETRY):
            self._pictured.discard(snapshot_topic(self._prefix, self._device, camera))  # the publisher's thread looks
            self.take_back(camera)
        self._counts.pop(camera, None)
        self._states.pop(camera, None)

    def withdraw(self) -> None:
        """The device is going to have another name: nothing of this one stays at the broker."""
        for camera in {*self._states, *self._counts}:
            self.forget(camera)

    def reconnect(self, mqtt: MqttConfig) -> bool:
        """Another broker, or another way to it; what waits is sent there. Whether the states must be told anew.

        Where the prefix changes, the old topics are emptied first.
        """
        renamed = mqtt.prefix != self._prefix
        if renamed:
            for camera in {*self._states, *self._counts}:
                self.forget(camera)
        self._prefix = mqtt.prefix
        self.publisher.change(mqtt)
        return renamed

    @property
    def _base(self) -> str:
        return f"{self._prefix}/{topic_level(self._device)}"

    def _topics(self, camera: str) -> Iterator[str]:
        yield from self._counts.get(camera, ())
        state: Optional[str] = self._states.get(camera)
        if state is not None:
            yield state

    def _retain(self, camera: str, topic: str, state: Dict[str, Any]) -> None:
        self._states[camera] = topic
        payload = json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode()
        self.publisher.retain(topic, payload)

    def _clear(self, topic: str) -> None:
        self.publisher.retain(topic, b"")
