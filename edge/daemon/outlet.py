"""What leaves the device: events as they come, and the states that the broker keeps, by the topics of this device."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, Mapping, Optional, Set, Tuple

from edge.analytics import Happening
from edge.config import MqttConfig
from edge.events.event import Event, count_topic, topic_level
from edge.events.factory import EventFactory
from edge.events.publisher import Publisher

#: Among the cameras' topics, for what is the device's: no camera can be called so.
_TELEMETRY = "/telemetry"


class Outlet:
    """Knows which retained topics each camera has, so that none is left when it goes."""

    def __init__(self, mqtt: MqttConfig, device: str) -> None:
        self.factory = EventFactory(device)
        self.publisher = Publisher(mqtt, device)
        self._prefix, self._device = mqtt.prefix, device
        self._counts: Dict[str, Set[str]] = {}
        self._states: Dict[str, str] = {}

    def happened(self, camera: str, happening: Happening, stages: Dict[str, float]) -> None:
        """What analytics found in a picture of ``camera``."""
        self.event(self.factory.make(camera, happening, stages or None))

    def event(self, event: Event) -> None:
        self.publisher.publish(event.topic(self._prefix), event.to_json())
        retained = event.retained(self._prefix)
        if retained is not None:
            self._counts.setdefault(event.camera or "", set()).add(retained[0])
            self.publisher.publish(retained[0], retained[1], retain=True)

    def device_state(self, state: Dict[str, Any]) -> None:
        self._retain("", f"{self._base}/state", state)

    def telemetry(self, said: Optional[Dict[str, Any]]) -> None:
        """How the device is; None: nothing is to be kept of it any more."""
        if said is None:
            self.forget(_TELEMETRY)
        else:
            self._retain(_TELEMETRY, f"{self._base}/telemetry", {"time": self.factory.now(), **said})

    def camera_state(self, camera: str, state: Dict[str, Any]) -> None:
        self._retain(camera, f"{self._base}/cameras/{topic_level(camera)}/state", state)

    def counts(self, camera: str, counts: Mapping[Tuple[str, str], int]) -> None:
        """The camera has these counts, by zone and label, and no others any more."""
        topics = {count_topic(self._prefix, self._device, camera, *key): n for key, n in counts.items()}
        for topic in self._counts.get(camera, set()) - set(topics):
            self._clear(topic)
        self._counts[camera] = set(topics)
        for topic, count in topics.items():
            self.publisher.publish(topic, b"%d" % count, retain=True)

    def forget(self, camera: str) -> None:
        """The camera is gone, and what the broker keeps of it goes too."""
        for topic in self._topics(camera):
            self._clear(topic)
        self._counts.pop(camera, None)
        self._states.pop(camera, None)

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
        self.publisher.publish(topic, payload, retain=True)

    def _clear(self, topic: str) -> None:
        self.publisher.publish(topic, b"", retain=True)
