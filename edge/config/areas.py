"""What is looked for in a camera's picture, and where."""

from __future__ import annotations

from typing import List, Optional, Tuple

import pydantic
from typing_extensions import Annotated

from edge.config.fault import Fault
from edge.config.geometry import line_fault, zone_fault
from edge.config.section import Section, field
from edge.config.values import Point, Seconds, Share, Text

Points = List[Tuple[float, float]]


def _polygon(points: Points) -> Points:
    fault = zone_fault(points)
    if fault:
        raise Fault(fault)
    return points


Polygon = Annotated[List[Point], pydantic.AfterValidator(_polygon)]


class ObjectConfig(Section):
    """What counts as an object of one label. Areas are fractions of the picture."""

    min_score: Optional[Share] = field("least score; left out: the model's", "live", None)
    min_area: Share = field("smallest box, as a fraction of the picture", "live", 0.0)
    max_area: Share = field("largest box, as a fraction of the picture", "live", 1.0)

    @pydantic.model_validator(mode="after")
    def _order(self) -> ObjectConfig:
        if self.min_area > self.max_area:
            raise Fault(f"{self.min_area:g} is more than max_area, {self.max_area:g}", "min_area")
        return self


class ZoneConfig(Section):
    """An area of the picture."""

    points: Polygon = field("corners [x, y], 0 to 1, in the order of a walk around the zone", "live")
    dwell: Optional[Annotated[float, Seconds(0.1, 86400)]] = field(
        "stay after which zone.dwell is told; left out: never", "live", None
    )
    objects: Optional[List[Text]] = field("labels that count; left out: all", "live", None, min_length=1)


class LineConfig(Section):
    """A line that objects cross."""

    points: List[Point] = field("two or more points [x, y], 0 to 1, along the line", "live")
    objects: Optional[List[Text]] = field("labels that count; left out: all", "live", None, min_length=1)

    @pydantic.field_validator("points")
    @classmethod
    def _line(cls, points: Points) -> Points:
        fault = line_fault(points)
        if fault:
            raise Fault(fault)
        return points


class MaskConfig(Section):
    """An area that nobody is to see: it is black in every snapshot, and in clips."""

    points: Polygon = field("corners [x, y], 0 to 1, in the order of a walk around the area", "live")
