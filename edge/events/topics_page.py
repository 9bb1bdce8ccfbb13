"""docs/mqtt.md, from the tables in topics.py, topics_fields.py and kinds.py."""

from __future__ import annotations

from typing import Iterable, Iterator, Sequence

from edge.events.commands import MAX_PAYLOAD
from edge.events.kinds import KINDS
from edge.events.topics import TOPICS, Topic
from edge.events.topics_fields import CAMERA_STATE, COMMAND, REPLY, STATE, TELEMETRY, Field

_INTRODUCTION = """\
<!-- Made by: python -m edge.events.topics -->

# MQTT

What a device says, and what it listens to. `<prefix>` is `mqtt.prefix` of the configuration (`edge`), `<device>` its
`device`, and `<discovery>` is `homeassistant.prefix` (`homeassistant`). In a name, `/`, `+` and `#` become `_`: a label
like `sink/basin` is one level of a topic.

All is QoS 1. What is retained is what holds now: it is told again at every connect, and emptied when it is over, as
when a camera is taken out of the configuration. Events are never retained: they wait on the device's disk until the
broker has them, in order for each camera, and one that had to wait has `"replayed": true` (see [events](events.md)).
"""

_REJECTED = """\
After an edit that cannot be used, while the last good configuration goes on:

    "config": {"state": "rejected", "error": "cameras.gate.fps: found 'fast'; allowed: a number from 0.1 to 60",
               "at": "/etc/edge/cameras.d/gate.yaml:3", "problems": 1}
"""

_COMMANDS = f"""\
Off unless `mqtt.commands` in the configuration names them:

    mqtt:
      commands: [enable, disable, snapshot, reload]

A command is its bare word, or a JSON object of at most {MAX_PAYLOAD:,} bytes with no other keys than these:

"""

_EXAMPLES = """\
    mosquitto_sub -t 'edge/gate-7/command/reply' &
    mosquitto_pub -t 'edge/gate-7/command/cameras/square' -m disable
    mosquitto_pub -t 'edge/gate-7/command/cameras/square' -m '{"command": "snapshot", "id": "7"}'
    mosquitto_pub -t 'edge/gate-7/command/device' -m reload

| command | to | what it does |
|---|---|---|
| `enable`, `disable` | a camera | turns it on or off, against what its file says. It holds through restarts, until \
its `enabled` in the file is edited; the camera's state and `edge status` tell of it |
| `snapshot` | a camera | takes a picture of what it shows now; the reply names its file |
| `reload` | the device | reads the configuration again, as an edit does; the reply tells whether it was applied |

Who may publish to these topics is for the broker to say: give them to nobody else in its list of rights (mosquitto:
`acl_file`). A device does the first 40 commands at once and then 10 a second, lets 100 wait, and answers for all others
together, once a second, how many it did not look at.

**Never publish a command retained.** The broker would send it again at every connect: the device ignores it then, and
warns once. (When it is published, nothing but a broker of MQTT 5 can tell that it was meant to stay: it is done at
first, and ignored from the next connect on.) An empty retained message takes it away.
"""

_REPLY = """\
With MQTT 5 the command's correlation data is given back. `id` is the way to it that works with every version.

"""

_TELEMETRY = """\
It has what the board lets itself be asked, and leaves out the rest. [Events](events.md#telemetry) tells more of it.

"""

_EVENTS = """\
What each type tells, and its fields, is in [events](events.md); as JSON Schema in
[event.schema.json](event.schema.json).
"""


def text() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from _topics("From the device", [topic for topic in TOPICS.values() if not topic.heard])
    yield from _topics("To the device", [topic for topic in TOPICS.values() if topic.heard])
    yield "## Events\n"
    yield _EVENTS
    yield "| type | topic |\n|---|---|"
    for kind, told in KINDS.items():
        where = TOPICS["camera events" if "camera" in told.fields else "device events"]
        yield f"| `{kind}` | `{where.pattern.replace('<type>', kind)}` |"
    yield ""
    yield from _fields("State of the device", "", STATE)
    yield _REJECTED
    yield from _fields("State of a camera", "", CAMERA_STATE)
    yield from _fields("Telemetry", _TELEMETRY, TELEMETRY)
    yield from _fields("Commands", _COMMANDS, COMMAND)
    yield _EXAMPLES
    yield from _fields("Replies", _REPLY, REPLY)


def _topics(heading: str, topics: Iterable[Topic]) -> Iterator[str]:
    yield f"## {heading}\n"
    yield "| topic | QoS | retained | payload | meaning |\n|---|---|---|---|---|"
    for topic in topics:
        retained = "–" if topic.heard else "yes" if topic.retained else "no"
        yield f"| `{topic.pattern}` | {topic.qos} | {retained} | {topic.payload} | {topic.meaning} |"
    yield ""


def _fields(heading: str, before: str, fields: Sequence[Field]) -> Iterator[str]:
    yield f"## {heading}\n"
    yield f"{before}| field | type | | meaning |\n|---|---|---|---|"
    for field in fields:
        yield f"| `{field.name}` | {field.type} | {'' if field.always else 'may be left out'} | {field.meaning} |"
    yield ""
