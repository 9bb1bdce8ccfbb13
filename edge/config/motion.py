"""When a picture is worth a look."""

from __future__ import annotations

from typing import Dict

from typing_extensions import Annotated

from edge.config.areas import MaskConfig
from edge.config.section import Section, field
from edge.config.values import Name, Seconds, Share


class MotionConfig(Section):
    """For ``analyse: on-motion`` and ``decode: on-activity``."""

    sensitivity: Share = field("0: only much motion counts, 1: next to none is enough", "live", 0.5)
    heartbeat: Annotated[float, Seconds(0.5, 3600)] = field(
        "a picture is analysed after this long without motion, all the same", "live", 10.0
    )
    hold: Annotated[float, Seconds(1, 600)] = field("every picture is analysed for so long after motion", "live", 3.0)
    masks: Dict[Name, MaskConfig] = field("areas where motion does not count", "live", factory=dict)
