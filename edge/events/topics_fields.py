"""The fields of the states that a device tells by MQTT, and of a command and its reply: for docs/mqtt.md."""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple


class Field(NamedTuple):
    """``always``: it is there whatever there is to say."""

    name: str
    type: str
    meaning: str
    always: bool = True


STATE: Tuple[Field, ...] = (
    Field("version", "text", "of the daemon"),
    Field("time", "text", "when this was said: RFC 3339, UTC, milliseconds"),
    Field("boot_id", "text", "a random id for each start of the daemon, as in events"),
    Field("config", "object", "`state`: `applied`, or `rejected` after an edit that cannot be used, with `error`, `at` "
          "(file:line) and the number of `problems`; `running`: what is worked with instead"),
    Field("cameras", "object", "how many cameras are in which state: numbers by state"),
    Field("inference", "object", "`state` and `reason` of the process that runs the models"),
    Field("models", "object", "the state of each model, by its name"),
    Field("spool", "object", "where events wait: `state` (`ok`, or `memory` where the disk is in trouble), `reason`, "
          "and how many are `waiting`", False),
)  # fmt: skip

CAMERA_STATE: Tuple[Field, ...] = (
    Field("state", "text", "`starting`, `online`, `frozen`, `stalled`, `unreachable`, `unauthorized`, `unsupported`, "
          "`ended` or `disabled`"),
    Field("reason", "text or null", "why, in words; `disabled by command since …` where a command did it"),
    Field("time", "text", "when this was said"),
    Field("override", "text", "`enabled by command since …` or `disabled by command since …`, where a command holds "
          "against the file", False),
    Field("codec", "text", "of the stream; like all below while pictures come", False),
    Field("decoder", "text", "GStreamer's element that decodes it", False),
    Field("memory", "text", "what it decodes to: `system`, or the hardware's", False),
    Field("width", "integer", "of the camera's picture, in pixels", False),
    Field("height", "integer", "of the camera's picture, in pixels", False),
)  # fmt: skip

TELEMETRY: Tuple[Field, ...] = (
    Field("time", "text", "when this was said"),
    Field("source", "text", "who was asked: `jtop` with its version, or `sysfs`", False),
    Field("note", "text", "why jtop was not, or why telemetry is lost", False),
    Field("throttling", "list of text", "what holds the clocks down; empty: nothing does", False),
    Field("gpus", "list of objects", "`name`, `load` (percent), `mhz`, `limit_mhz`, `memory_used_mib`, "
          "`memory_total_mib`, `decoder_load`, `encoder_load`", False),
    Field("engine_clocks", "object", "by engine (`dla0`, `nvdec`, `vic`): whether its clock is `on`, and `mhz`. It is "
          "no load", False),
    Field("cpu", "object", "`load` (percent), `cores` (load of each), `mhz`, `limit_mhz`, `max_mhz`", False),
    Field("memory", "object", "`total_mib`, `used_mib`, `swap_total_mib`, `swap_used_mib`, `emc_load`, `emc_mhz`",
          False),
    Field("temperatures", "object", "degrees Celsius by sensor", False),
    Field("power_mw", "object", "milliwatts by rail", False),
    Field("fans", "object", "by fan: `percent`, `rpm`", False),
    Field("alarms", "list of text", "of `overheated` and `throttled`, what holds", False),
    Field("governor", "object", "`factor` of the wished rates that is analysed because of the heat, and `reason`",
          False),
)  # fmt: skip

COMMAND: Tuple[Field, ...] = (
    Field("command", "text", "the word"),
    Field("id", "text", "any text of up to 128 characters, given back with the reply", False),
)

REPLY: Tuple[Field, ...] = (
    Field("id", "text", "the command's, if it had one", False),
    Field("command", "text", "its word, where it is one", False),
    Field("camera", "text", "its camera, where there is one of that name", False),
    Field("ok", "boolean", "whether it was done"),
    Field("error", "text", "why not", False),
    Field("snapshot", "text", "of `snapshot`: the picture's file, below the folder of the evidence", False),
    Field("note", "text", "what else is to be known", False),
    Field("time", "text", "when this was said"),
)

#: By the page's headings.
PAYLOADS: Dict[str, Tuple[Field, ...]] = {
    "State of the device": STATE,
    "State of a camera": CAMERA_STATE,
    "Telemetry": TELEMETRY,
    "Commands": COMMAND,
    "Replies": REPLY,
}
