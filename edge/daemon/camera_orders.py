"""What a capture process is told of its camera's configuration, when it begins and when that changes."""

from __future__ import annotations

from typing import Any, Dict, Optional

from edge.config import CameraConfig
from edge.config.order import source_order


def at_first(config: CameraConfig, fps: float) -> Dict[str, Any]:
    """``fps``: pictures a second that are wanted now. With user and password."""
    return {"source": {**source_order(config), "fps": fps}, "decode": config.decode, **_live(config)}


def later(config: CameraConfig, fps: float) -> Dict[str, Any]:
    """All that a process can take while it runs."""
    return {"fps": fps, **_live(config)}


def _live(config: CameraConfig) -> Dict[str, Any]:
    return {
        "stall_timeout": config.stall_timeout,
        "frozen_timeout": config.frozen_timeout,
        "analyse": _analyse(config),
    }


def _analyse(config: CameraConfig) -> Optional[Dict[str, Any]]:
    """None: every picture matters. Where few are decoded, those that matter are told by their motion as well."""
    if config.analyse == "always" and config.decode == "full":
        return None
    motion = config.motion
    return {
        "sensitivity": motion.sensitivity,
        "heartbeat": motion.heartbeat,
        "hold": motion.hold,
        "masks": [[[x, y] for x, y in mask.points] for mask in motion.masks.values()],
    }
