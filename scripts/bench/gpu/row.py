"""One figure."""

from __future__ import annotations

from typing import List, NamedTuple, Optional


class Row(NamedTuple):
    """``least`` or ``most``: what it must reach, where it must."""

    name: str
    value: float
    unit: str
    least: Optional[float] = None
    most: Optional[float] = None

    @property
    def reached(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def bound(self) -> str:
        if self.least is None and self.most is None:
            return ""
        words = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        return words if self.reached else words + " MISSED"


def table(rows: List[Row]) -> str:
    lines = ["| | | bound |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row.name} | {row.value:.4g} {row.unit} | {row.bound} |" for row in rows])
