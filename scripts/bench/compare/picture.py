"""A comparison as a picture: groups of bars, written as SVG."""

from __future__ import annotations

from typing import List, Mapping, NamedTuple, Sequence, Tuple
from xml.sax.saxutils import escape

_WIDTH, _MARGIN, _NAMES, _FIGURES, _ROW, _GAP, _TITLE = 960, 14, 310, 90, 18, 12, 30
_OURS, _FLOOR, _OTHERS = "#2f6fb5", "#9aa5b1", "#d08a3c"
_STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#222}.title{font-size:14px;font-weight:bold}"
    ".name{text-anchor:end}.group{font-weight:bold}"
)


class Chart(NamedTuple):
    """``groups``: by the group's heading, values by name. ``unit``: behind each figure."""

    title: str
    unit: str
    groups: Mapping[str, Mapping[str, float]]


def drawn(charts: Sequence[Chart]) -> str:
    """The SVG, the charts one below the other."""
    parts: List[str] = []
    top = _MARGIN
    for chart in charts:
        lines, top = _chart(chart, top)
        parts += lines
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{top}" fill="#fff"/>',
        *parts,
        "</svg>",
        "",
    ])  # fmt: skip


def _chart(chart: Chart, top: int) -> Tuple[List[str], int]:
    longest = max([value for group in chart.groups.values() for value in group.values()] or [0.0]) or 1.0
    room = _WIDTH - _NAMES - _FIGURES - 2 * _MARGIN
    lines = [f'<text class="title" x="{_MARGIN}" y="{top + 16}">{escape(chart.title)}</text>']
    top += _TITLE
    for heading, group in chart.groups.items():
        if heading:
            lines.append(f'<text class="group" x="{_MARGIN}" y="{top + 13}">{escape(heading)}</text>')
        for name, value in group.items():
            length = max(0.5, room * value / longest)
            lines.append(f'<text class="name" x="{_NAMES}" y="{top + 13}">{escape(name)}</text>')
            lines.append(
                f'<rect x="{_NAMES + 8}" y="{top + 3}" width="{length:.1f}" height="{_ROW - 5}" '
                f'fill="{_colour(name)}"/>'
            )
            figure = f"{value:.3g} {chart.unit}".strip()
            lines.append(f'<text x="{_NAMES + 14 + length:.1f}" y="{top + 13}">{escape(figure)}</text>')
            top += _ROW
        top += _GAP
    return lines, top + _GAP


def _colour(name: str) -> str:
    if name.startswith("edge"):
        return _OURS
    return _FLOOR if name.startswith("floor") else _OTHERS
