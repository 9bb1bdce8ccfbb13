"""One object that is followed: what rules and events know about it. It lives as long as the tracker keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    from edge.analytics.looks import Seen

Box = Tuple[float, float, float, float]
Point = Tuple[float, float]

# An anchor on the picture's very edge is put this far inside it, so that a zone drawn up to the edge holds it.
_INSIDE = 1e-6
_OUTSIDE = 1.0 - _INSIDE


class Attribute(NamedTuple):
    """What a second model says of an object. ``box``: of what it found, in fractions of the picture, if it finds boxes.

    It is that of the last look which found the label that is believed (looks.py).
    """

    label: str
    score: float
    box: Optional[Box] = None


_NO_ATTRIBUTES: Mapping[str, Attribute] = {}


class Facts(NamedTuple):
    """A track at one moment, for an event. Box in fractions of the picture, velocity in fractions a second."""

    id: int
    label: str
    score: float
    best_score: float
    box: Box
    picture: Tuple[int, int]
    velocity: Point
    age: float
    zones: Tuple[str, ...]
    seen: float = 0.0  # capture of the last picture that shows it, in monotonic seconds
    attributes: Mapping[str, Attribute] = _NO_ATTRIBUTES  # by the second model's name


class Stay:
    """A track in a zone: since when, whether its dwell was told, and since when it may be out again."""

    __slots__ = ("dwelt", "out_since", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.dwelt = False
        self.out_since: Optional[float] = None


class Track:
    """Filled in by the tracker on every picture that shows the object; rules keep what they remember in it."""

    __slots__ = (
        "attributes", "best_score", "box", "crossings", "first", "id", "label", "line_anchor", "looks", "model",
        "picture", "score", "seen", "stays", "told", "told_at", "velocity", "zone_alarm", "zone_row",
    )  # fmt: skip

    def __init__(self, number: int, label: str, model: str, first: float, box: Box, picture: Tuple[int, int]) -> None:
        self.id = number
        self.label = label
        self.model = model
        self.first = first
        self.seen = first
        self.score = 0.0
        self.best_score = 0.0
        self.box = box
        self.velocity: Point = (0.0, 0.0)
        self.picture = picture
        self.stays: Dict[str, Stay] = {}
        self.zone_row: Optional[List[bool]] = None  # in which zones the anchor was in the last picture
        self.zone_alarm = float("inf")  # the next time at which a zone must look, even if nothing moved
        self.line_anchor = self.anchor  # where the lines saw it last
        self.crossings: Dict[str, int] = {}  # by line: +1 is one crossing to the right that is not told yet
        self.told: Optional[Facts] = None  # as of the last object event
        self.told_at = first
        self.attributes: Dict[str, Attribute] = {}  # by the second model's name
        self.looks: Dict[str, Seen] = {}  # and what it has said so far

    @property
    def anchor(self) -> Point:
        """The middle of the box's lower edge, where a thing stands on the ground; inside the picture."""
        x1, _, x2, y = self.box
        x = (x1 + x2) / 2.0
        return (
            x if _INSIDE < x < _OUTSIDE else _INSIDE if x < 0.5 else _OUTSIDE,
            y if _INSIDE < y < _OUTSIDE else _INSIDE if y < 0.5 else _OUTSIDE,
        )

    @property
    def age(self) -> float:
        """Seconds from the first to the last picture that showed it."""
        return self.seen - self.first

    def facts(self) -> Facts:
        return Facts(
            self.id, self.label, self.score, self.best_score, self.box, self.picture, self.velocity, self.age,
            tuple(self.stays), self.seen, dict(self.attributes) if self.attributes else _NO_ATTRIBUTES,
        )  # fmt: skip
