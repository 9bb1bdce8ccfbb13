"""A profile as a picture: a bar for each layer, in the order in which they run, one column of bars a lane."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence
from xml.sax.saxutils import escape

from edge.cli.terminal import clean

_WIDTH, _NAMES, _ROW, _HEAD, _MARGIN = 1000, 420, 16, 44, 12
_FIGURES = 96
_NAME_CHARACTERS = 60
_COLOURS = {"GPU": "#4c78a8", "DLA": "#59a14f", "": "#9c755f"}
_STYLE = (
    "text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#222}.head{font-size:14px;font-weight:bold}"
    ".name{text-anchor:end}rect.back{fill:#fff}"
)


def bars(name: str, profiles: Sequence[Dict[str, Any]]) -> str:
    """The SVG. ``profiles``: device, precision, runs and layers (name, ms, share, device, type, precision) of each."""
    parts: List[str] = []
    top = _MARGIN
    for profile in profiles:
        parts += _profile(name, profile, top)
        top += _HEAD + _ROW * len(profile["layers"]) + _MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{_WIDTH}" height="{top}"/>',
        *parts,
        "</svg>",
        "",
    ])  # fmt: skip


def _profile(name: str, profile: Dict[str, Any], top: int) -> List[str]:
    layers: List[Dict[str, Any]] = profile["layers"]
    total = sum(float(layer["ms"]) for layer in layers)
    longest = max([float(layer["ms"]) for layer in layers] or [0.0]) or 1.0
    head = f"{name} on {profile['device']} {profile['precision']}: {total:.3f} ms, mean of {profile['runs']} runs"
    lines = [f'<text class="head" x="{_MARGIN}" y="{top + 16}">{_text(head)}</text>']
    room = _WIDTH - _NAMES - _FIGURES - 2 * _MARGIN
    for place, layer in enumerate(layers):
        y = top + _HEAD - _ROW + _ROW * place
        length = max(0.5, room * float(layer["ms"]) / longest)
        colour = _COLOURS.get(str(layer.get("device", "")), _COLOURS[""])
        lines.append(f'<text class="name" x="{_NAMES}" y="{y + 12}">{_text(_short(str(layer["name"])))}</text>')
        lines.append(
            f'<rect x="{_NAMES + 8}" y="{y + 2}" width="{length:.1f}" height="{_ROW - 4}" fill="{colour}">'
            f"<title>{_text(_about(layer))}</title></rect>"
        )
        figures = f"{float(layer['ms']):.3f} ms {float(layer['share']):.1%}"
        lines.append(f'<text x="{_NAMES + 12 + length:.1f}" y="{y + 12}">{_text(figures)}</text>')
    return lines


def _about(layer: Dict[str, Any]) -> str:
    kinds = [str(layer.get(key, "")) for key in ("device", "type", "precision")]
    return " ".join([str(layer["name"]), *(kind for kind in kinds if kind)])


def _short(text: str) -> str:
    return text if len(text) <= _NAME_CHARACTERS else "…" + text[-(_NAME_CHARACTERS - 1) :]


def _text(text: str) -> str:
    return escape(clean(text))
