"""Configurations that payloads are made of: plain ones, full ones, and such as want to do harm."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from edge.config import Config
from edge.events.homeassistant import Payloads, discovery, present

SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
COCO = [f"class {number}" for number in range(80)]
#: Labels of a model, which anybody may have written. Each is to be shown as it is, and to do nothing.
HOSTILE = [
    "{{ 7*7 }}", "{% set x = 1 %}", "<b>bold</b>", "</script><script>alert(1)</script>", 'a"b', "a'b", "a\\b",
    "{{ value_json }}", "~", "~/x", "x~", "none", "a_b", "a.b", "a b", "ä", "日本語", "person_", "_person",
    "Person", "person", "\U0001f9d1", "}} {{ states('x') }}", "%s %(x)s {0}", "$ref", "long " * 300,
]  # fmt: skip

#: What a Jetson with jtop publishes.
TELEMETRY: Dict[str, Any] = {
    "time": "2024-05-04T12:30:30.000Z", "source": "jtop 4.3.2", "throttling": ["gpu-throttle-alert 1 of 1"],
    "gpus": [{"load": 87.4, "mhz": 612, "limit_mhz": 918}],
    "engine_clocks": {"dla0": {"on": False, "mhz": 614}},
    "cpu": {"load": 31.2, "cores": [30.1, 32.3], "mhz": 1510},
    "memory": {"total_mib": 7620, "used_mib": 3391, "swap_total_mib": 3810},
    "temperatures": {"cpu": 84.2, "gpu": 86.9, "tj": 86.9},
    "power_mw": {"VDD_IN": 9820, "VDD_SOC": 2510, "total": 9820},
    "fans": {"pwmfan": {"percent": 100}}, "alarms": ["throttled"],
    "governor": {"factor": 0.5, "reason": "analysed at 0.5 of the wished rate: gpu at 87 °C"},
}  # fmt: skip
#: A PC's, with two GPUs, no power of the whole, and sensors that want to do harm.
PC: Dict[str, Any] = {
    "throttling": [],
    "gpus": [
        {"name": "A", "load": 1, "memory_used_mib": 100, "memory_total_mib": 400, "decoder_load": 2, "encoder_load": 3},
        {"name": "B", "load": 4, "memory_used_mib": 200, "memory_total_mib": 400},
    ],
    "cpu": {"load": 5}, "memory": {"used_mib": 1},
    "temperatures": {'x"] }} {{ 7*7 }}': 40, "{% raw %}": 41, "1": 42, "\\u0041": 43, "日本 \U0001f525": 44},
    "power_mw": {"rail 1": 1500, "rail 2": 2500},
}  # fmt: skip


def camera(**settings: Any) -> Dict[str, Any]:
    return {"source": "rtsp://camera/stream", **settings}


def config(cameras: Dict[str, Any], *commands: str, **settings: Any) -> Config:
    told = {
        "device": "gate-7", "mqtt": {"commands": list(commands)}, "homeassistant": {"enabled": True},
        "cameras": cameras, **settings,
    }  # fmt: skip
    return Config.model_validate(told)


FULL = camera(
    zones={
        "door": {"points": SQUARE, "objects": ["person"], "dwell": 5},
        "yard": {"points": SQUARE, "objects": ["person", "dog"]},
        "all_of_it": {"points": SQUARE},
    },
    lines={"kerb": {"points": [[0, 0], [1, 1]]}},
    snapshots={"events": ["zone.*"]},
)


def configurations() -> Dict[str, Tuple[Config, Dict[str, List[str]], Dict[str, Any]]]:
    """By name: a configuration, the labels of each camera's models, and telemetry."""
    names = ["front_door", "front-door", "front--door", "A" * 64, "0", "gate-7"]
    return {
        "nothing": (config({}), {}, {}),
        "plain": (config({"square": camera()}), {"square": ["person"]}, TELEMETRY),
        "full": (
            config(
                {"square": FULL, "yard": camera(enabled=False)}, "enable", "disable", "snapshot", "reload",
                homeassistant={"enabled": True, "name": "Gate box", "area": "Yard"},
            ),
            {"square": ["person", "dog", "cat"]}, TELEMETRY,
        ),
        "coco": (config({"square": FULL}), {"square": ["person", "dog", *COCO]}, PC),
        "no telemetry": (config({"square": FULL}, telemetry={"enabled": False}), {}, TELEMETRY),
        "hostile labels": (
            config({"square": camera(zones={"door": {"points": SQUARE, "objects": HOSTILE}})}),
            {"square": HOSTILE}, PC,
        ),
        "names": (
            config(
                dict.fromkeys(names, FULL), "snapshot", device="a_b",
                homeassistant={"enabled": True, "name": "{{ 7*7 }}", "area": "<b>", "prefix": "my/ha"},
            ),
            {}, TELEMETRY,
        ),
        "deep prefix": (
            Config.model_validate(
                {
                    "device": "c", "mqtt": {"prefix": "a/b"}, "homeassistant": {"enabled": True},
                    "cameras": {"d": FULL},
                }
            ), {}, {},
        ),
        "many": (
            config({"square": camera(zones={f"zone{n}": {"points": SQUARE, "objects": COCO} for n in range(20)})}),
            {"square": COCO}, {},
        ),
    }  # fmt: skip


def payloads(name: str) -> Payloads:
    configuration, labels, telemetry = configurations()[name]
    return discovery(configuration, "1.2.3", labels, present(telemetry))
