"""What analytics reads of a camera's configuration, as shapes: any object with these attributes will do."""

from __future__ import annotations

from typing import Mapping, Optional, Protocol, Sequence

Points = Sequence[Sequence[float]]  # (x, y) as fractions of the picture


class ObjectRules(Protocol):
    """Which boxes of a label become objects. Areas are fractions of the picture."""

    @property
    def min_score(self) -> Optional[float]: ...
    @property
    def min_area(self) -> Optional[float]: ...
    @property
    def max_area(self) -> Optional[float]: ...


class ZoneRules(Protocol):
    @property
    def points(self) -> Points: ...
    @property
    def dwell(self) -> Optional[float]: ...
    @property
    def objects(self) -> Optional[Sequence[str]]: ...


class LineRules(Protocol):
    @property
    def points(self) -> Points: ...
    @property
    def objects(self) -> Optional[Sequence[str]]: ...


class CameraRules(Protocol):
    """``objects`` empty means every label of the model; ``None`` or empty ``objects`` of a zone or line means all."""

    @property
    def objects(self) -> Mapping[str, ObjectRules]: ...
    @property
    def zones(self) -> Mapping[str, ZoneRules]: ...
    @property
    def lines(self) -> Mapping[str, LineRules]: ...
