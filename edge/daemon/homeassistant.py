"""Tells Home Assistant of the device and its cameras, and takes back what is gone.

What the broker may hold of it is kept in a file, so that a camera which was taken out of the configuration while the
daemon was off is taken away as well. It is written down what was told, not what was wanted: a component that goes is
named as gone for a while before it is left out, as Home Assistant keeps what is only left out.
"""

from __future__ import annotations

import json
import logging
import random
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Protocol, Sequence, Set

from edge import log
from edge.config import CameraConfig, Config
from edge.daemon.homeassistant_file import Kept, Told, ToldFile
from edge.events.homeassistant import Field, Payloads, discovery, present, removal_stubs
from edge.events.homeassistant.labels import known_labels

_logger = logging.getLogger("edge.homeassistant")
#: A Home Assistant that was born is told again within so many seconds: not by all devices of a site at once.
BIRTH_S = 10.0
#: Connected for so long after something was told, the broker has it, and who listens there knows it.
SETTLED_S = 60.0
#: Between two rounds of telling. Home Assistant drops part of a device's payload that comes while it is still busy with
#: the one before (2025.4, mqtt/discovery.py: it leaves its loop over the components).
PAUSE_S = 5.0
#: A telemetry field that was in no reading for so long is gone. Sensors pause; an entity's history does not come back.
FIELD_S = 24 * 3600.0
MOST_FIELDS = 60


class Heard(Protocol):
    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def retained(self) -> bool: ...


class Publisher(Protocol):
    """What is needed of edge.events.mqtt.publisher.Publisher."""

    @property
    def state(self) -> str: ...
    def retain(self, topic: str, payload: bytes) -> None: ...
    def listen(self, filters: Sequence[str], heard: Callable[[Any], None]) -> None: ...


class HomeAssistant:
    """``labels(camera)``: those of its models, by the model's name. ``file``: what keeps what was told.

    All but :meth:`heard` belongs to the loop's thread. Nothing is told before a :meth:`tick`: what an edit changes bit
    by bit is told once.
    """

    def __init__(
        self,
        publisher: Publisher,
        file: Path,
        version: str,
        labels: Callable[[CameraConfig], Mapping[str, Sequence[str]]],
        rng: Optional[random.Random] = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher, self._version, self._labels = publisher, version, labels
        self._rng, self._clock = rng or random.Random(), clock
        self._file = ToldFile(file)
        kept = self._file.read()
        self._told: Told = kept.told
        self._fields: Dict[Field, float] = dict.fromkeys(kept.fields, clock())  # and when it was seen
        self._config: Optional[Config] = None
        self._published: Dict[str, bytes] = {}
        self._listened: List[str] = []  # prefixes; the last one is the one that counts
        self._stale = False
        self._next = float("-inf")  # when something may be told again
        self._birth: Optional[float] = None  # when to tell all again
        self._online: Optional[float] = None  # since when
        self._gone: Told = {}  # what is told as gone, and since when
        self._going: Optional[float] = None
        self._taken: Set[str] = set()  # topics among it

    def change(self, config: Config) -> None:
        """Another configuration, or the first."""
        if config.homeassistant.enabled and config.homeassistant.prefix not in self._listened[-1:]:
            prefix = config.homeassistant.prefix
            if prefix not in self._listened:
                self._publisher.listen([f"{prefix}/status"], self.heard)
            else:
                self._listened.remove(prefix)
            self._listened.append(prefix)
        if not config.telemetry.enabled:
            self._fields = {}
        self._config = config
        self.refresh()

    def refresh(self) -> None:
        """Models have other labels."""
        self._stale = True

    def telemetry(self, said: Optional[Mapping[str, Any]]) -> None:
        """What telemetry publishes; None for nothing any more. A reading that fails takes no sensor away."""
        found = present(said or {})
        if not found:
            return
        now = self._clock()
        kept = {field: seen for field, seen in self._fields.items() if now - seen < FIELD_S}
        kept.update(dict.fromkeys(found, now))
        kept = dict(sorted(kept.items(), key=lambda item: item[1])[-MOST_FIELDS:])
        if set(kept) != set(self._fields):
            self.refresh()
        self._fields = kept

    def heard(self, heard: Heard) -> None:
        """Home Assistant says that it is there, or that it goes. In the publisher's thread.

        A storm of births within the delay leads to one answer. A retained word is an old one.
        """
        config = self._config
        if config is None or not config.homeassistant.enabled or heard.retained or self._birth is not None:
            return
        if heard.topic == f"{config.homeassistant.prefix}/status" and heard.payload == b"online":
            self._birth = self._clock() + self._rng.uniform(0.0, BIRTH_S)

    def tick(self) -> None:
        """To be called about once a second: tells what there is to be told."""
        if self._config is None:
            return
        now = self._clock()
        settled = self._settled(now)
        if now < self._next:
            return
        if self._stale or settled:
            self._stale = False
            self._next = now + PAUSE_S
            self._tell(self._config, now, settled)
        elif self._birth is not None and now >= self._birth:
            self._birth = None
            self._next = now + PAUSE_S
            for topic, payload in self._published.items():
                self._publisher.retain(topic, payload)

    def withdraw(self) -> None:
        """The device gets another name: nothing is to be left under this one."""
        for topic in reversed(list(self._told)):
            self._publisher.retain(topic, b"")
        self._published = {}
        self._config = None

    def stop(self) -> None:
        """Nothing more is to be written; what is under way is."""
        self._file.stop()

    def _settled(self, now: float) -> bool:
        """Whether what is told as gone has been heard by now."""
        if self._publisher.state != "online":
            self._online = None
        elif self._online is None:
            self._online = now
        if self._going is None or self._online is None:
            return False
        return now - max(self._online, self._going) >= SETTLED_S

    def _tell(self, config: Config, now: float, settled: bool) -> None:
        labels = {name: known_labels(self._labels(camera)) for name, camera in config.cameras.items()}
        fields = list(self._fields) if config.telemetry.enabled else []
        wanted = discovery(config, self._version, labels, fields)
        holds = {topic: _platforms(payload) for topic, payload in wanted.items()}
        before = self._told
        if settled:
            before, self._going = _without(before, self._gone), None
        gone = _less(before, holds)
        if gone and (self._going is None or gone != self._gone):
            self._going = now
        self._gone = gone
        self._told = {topic: {**before.get(topic, {}), **holds.get(topic, {})} for topic in {**before, **holds}}
        self._file.write(Kept(self._told, list(self._fields)))
        self._publish(wanted, gone)

    def _publish(self, wanted: Payloads, gone: Told) -> None:
        """Cameras go before the device that they name, and come after it. Only what is another than before is told."""
        taken = [topic for topic in gone if topic not in wanted]
        for topic in reversed(taken):
            if topic not in self._taken:
                self._published.pop(topic, None)
                self._publisher.retain(topic, b"")
                log.event(_logger, "Home Assistant: taken away", topic=topic)
        self._taken = set(taken)
        for topic, payload in wanted.items():
            payload["cmps"].update(removal_stubs(gone.get(topic, {})))
            said = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            if self._published.get(topic) != said:
                if topic not in self._published:
                    log.event(_logger, "Home Assistant: told", topic=topic, entities=len(payload["cmps"]))
                self._published[topic] = said
                self._publisher.retain(topic, said)


def _platforms(payload: Mapping[str, Any]) -> Dict[str, str]:
    return {key: component["p"] for key, component in payload["cmps"].items()}


def _less(told: Told, holds: Told) -> Told:
    """What is in ``told`` and not in ``holds``: whole topics, and components of those that stay."""
    gone: Told = {}
    for topic, components in told.items():
        left = {key: platform for key, platform in components.items() if key not in holds.get(topic, {})}
        if left or topic not in holds:
            gone[topic] = left
    return gone


def _without(told: Told, gone: Told) -> Told:
    """``told`` but for what is ``gone``."""
    return {
        topic: {key: platform for key, platform in components.items() if key not in gone.get(topic, {})}
        for topic, components in told.items()
        if topic not in gone or set(components) != set(gone[topic])
    }
