"""Every MQTT topic of a device, in one table: docs/mqtt.md is made of it, and the code's topics are held against it.

python -m edge.events.topics [FILE]     writes the page, to docs/mqtt.md of the source tree if no file is named
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple

from edge.events.event import topic_level

FILE = Path(__file__).resolve().parents[2] / "docs" / "mqtt.md"
#: These may have several levels; every other part of a pattern is one.
_PREFIXES = ("prefix", "discovery")
_PART = re.compile(r"<(\w+)>")


class Topic(NamedTuple):
    """``heard``: the device subscribes to it, and says nothing there."""

    pattern: str
    payload: str
    meaning: str
    qos: int = 1
    retained: bool = False
    heard: bool = False

    def at(self, **parts: str) -> str:
        """The topic with these in the place of ``<…>``. What has a meaning in topics becomes ``_`` in a name."""
        levels = {name: text if name in _PREFIXES else topic_level(text) for name, text in parts.items()}
        return _PART.sub(lambda match: levels[match[1]], self.pattern)

    def fits(self, topic: str, **parts: str) -> bool:
        """Whether ``topic`` is one of these, with ``parts`` as far as they are known."""
        texts: List[str] = _PART.split(self.pattern)  # fixed text and names of parts in turn
        texts[::2] = map(re.escape, texts[::2])
        texts[1::2] = [
            re.escape(parts[name]) if name in parts else ".+" if name in _PREFIXES else "[^/]+" for name in texts[1::2]
        ]
        return re.fullmatch("".join(texts), topic, re.DOTALL) is not None


_DEVICE, _CAMERA = "<prefix>/<device>", "<prefix>/<device>/cameras/<camera>"

TOPICS: Dict[str, Topic] = {
    "availability": Topic(
        f"{_DEVICE}/availability", "`online` or `offline`",
        "whether the device is there. It is its will, too: the broker says `offline` when it is gone", retained=True,
    ),
    "state": Topic(
        f"{_DEVICE}/state", "JSON: [state of the device](#state-of-the-device)",
        "what the daemon is doing; at every change", retained=True,
    ),
    "telemetry": Topic(
        f"{_DEVICE}/telemetry", "JSON: [telemetry](#telemetry)",
        "how the device itself is; every `telemetry.interval`, and at once when throttling or an alarm begins or ends",
        retained=True,
    ),
    "device events": Topic(
        f"{_DEVICE}/events/<type>", "JSON: an [event](events.md)", "something happened to the device",
    ),
    "camera state": Topic(
        f"{_CAMERA}/state", "JSON: [state of a camera](#state-of-a-camera)", "what the camera does; at every change",
        retained=True,
    ),
    "camera events": Topic(
        f"{_CAMERA}/events/<type>", "JSON: an [event](events.md)",
        "something happened in its picture, or to the camera",
    ),
    "count": Topic(
        f"{_CAMERA}/counts/<zone>/<label>", "a bare number", "how many objects of the label are in the zone",
        retained=True,
    ),
    "zone count": Topic(
        f"{_CAMERA}/counts/<zone>", "a bare number",
        "how many objects of all labels are in it, where Home Assistant is told of that", retained=True,
    ),
    "snapshot": Topic(
        f"{_CAMERA}/snapshot", "JPEG", "the camera's last snapshot, where `snapshots.publish` is on", retained=True,
    ),
    "snapshots": Topic(
        f"{_CAMERA}/snapshots/<id>", "JPEG", "the snapshot of the event with that `id`; it comes after the event",
    ),
    "device command": Topic(
        f"{_DEVICE}/command/device", "[command](#commands): `reload`", "an order to the device", heard=True,
    ),
    "camera command": Topic(
        f"{_DEVICE}/command/cameras/<camera>", "[command](#commands): `enable`, `disable` or `snapshot`",
        "an order to a camera", heard=True,
    ),
    "reply": Topic(f"{_DEVICE}/command/reply", "JSON: [reply](#replies)", "what came of a command"),
    "discovery": Topic(
        "<discovery>/device/<id>/config", "JSON: [Home Assistant's device discovery](homeassistant.md)",
        "the device, and each camera, with all that Home Assistant shows of it; where `homeassistant.enabled` is on",
        retained=True,
    ),
    "birth": Topic(
        "<discovery>/status", "`online` or `offline`",
        "Home Assistant has started: discovery is published again, after a random while", heard=True,
    ),
}  # fmt: skip


if __name__ == "__main__":
    from edge.events.topics_page import text

    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    file.write_text(text(), encoding="utf-8")
