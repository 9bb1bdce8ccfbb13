"""A configuration with something in every section, and edits of it."""

import copy
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import yaml

from edge.config import Config, load
from edge.config.files import Files
from edge.config.plan import plan

MAIN = Path("/etc/edge/edge.yaml")
ZONE = [[0.1, 0.5], [0.6, 0.5], [0.6, 1.0]]
BASE: Dict[str, Any] = {
    "device": "gate-7",
    "mqtt": {
        "url": "mqtts://broker",
        "username": "edge",
        "password": "hunter2",
        "tls": {"certificate": "edge.pem", "key": "edge.key"},
    },
    "workers": {},
    "logging": {},
    "models": {
        "people": {"spec": "./fastestdet"},
        "cars": {"spec": "./yolox"},
        "faces": {"spec": "/m/rfb", "boxes": {"of": "people"}},
    },
    "cameras": {
        "gate": {
            "source": "rtsp://10.0.0.5/stream",
            "username": "viewer",
            "password": "hunter2",
            "models": ["people"],
            "objects": {"people": {}, "cars": {}},
            "zones": {"lawn": {"points": ZONE}},
            "lines": {"door": {"points": [[0.5, 0.0], [0.5, 1.0]]}},
            "masks": {"window": {"points": ZONE}},
            "motion": {"masks": {"tree": {"points": ZONE}}},
        },
        "clip": {"source": "file:clip.mp4", "models": ["people"]},
        "off": {"source": "test://", "models": ["cars"], "enabled": False},
    },
}

Keys = Tuple[Any, ...]


def config(data: Dict[str, Any], main: Path = MAIN, environment: Optional[Dict[str, str]] = None) -> Config:
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    return load(main, environment or {}, Files(main, {str(main): text.encode()}))


def edited(keys: Keys, value: Any) -> Dict[str, Any]:
    data = copy.deepcopy(BASE)
    section = data
    for key in keys[:-1]:
        section = section.setdefault(key, {})
    if value is None:
        del section[keys[-1]]
    else:
        section[keys[-1]] = value
    return data


def lines(after: Dict[str, Any], before: Dict[str, Any] = BASE) -> List[str]:
    return plan(config(before), config(after)).lines()
