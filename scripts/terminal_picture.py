"""Turns what a terminal shows, colours included, into an SVG: how docs/demo.svg was made.

    tmux new-session -d -s demo -x 108 -y 36 'DURATION=20 make demo; sleep 60'
    sleep 25; tmux capture-pane -e -p -t demo | python3 scripts/terminal_picture.py > docs/demo.svg

Needs nothing installed. Knows the colours that the commands use (SGR 0, 1, 2 and 30 to 37) and no cursor movements.
"""

from __future__ import annotations

import re
import sys
from html import escape
from typing import Iterator, List, NamedTuple, Tuple

WIDTH, HEIGHT, SIZE, MARGIN = 8.4, 18, 14, 16  # of a character, a line, the font and the border, in pixels
INK, PAPER, DIM = "#d4d7dd", "#14171c", "#7d8590"
COLOURS = ("#484f58", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f3f6")
_SEQUENCE = re.compile(r"\033\[([0-9;]*)m|\033\[[0-9;?]*[A-Za-z]|\033[()].")


class Style(NamedTuple):
    colour: str = INK
    bold: bool = False
    dim: bool = False

    @property
    def fill(self) -> str:
        return DIM if self.dim and self.colour == INK else self.colour

    def after(self, codes: str) -> Style:
        style = self
        for code in (int(c or 0) for c in codes.split(";")):
            if code == 0:
                style = Style()
            elif code == 1:
                style = style._replace(bold=True)
            elif code == 2:
                style = style._replace(dim=True)
            elif 30 <= code <= 37:
                style = style._replace(colour=COLOURS[code - 30])
            elif code == 39:
                style = style._replace(colour=INK)
        return style


def runs(line: str, style: Style) -> Iterator[Tuple[str, Style]]:
    """The line's text in pieces of one style each; the last is empty and carries the style on."""
    at = 0
    for match in _SEQUENCE.finditer(line):
        if match.start() > at:
            yield line[at : match.start()], style
        if match.group(1) is not None:
            style = style.after(match.group(1))
        at = match.end()
    yield line[at:], style


def svg(text: str) -> str:
    lines = text.rstrip().split("\n")
    rows: List[str] = []
    widest, carried = 0, Style()
    for number, line in enumerate(lines):
        column, y = 0, MARGIN + (number + 0.75) * HEIGHT
        for piece, style in runs(line, carried):
            carried = style
            if piece.strip():
                lead = len(piece) - len(piece.lstrip())
                words = piece.strip()
                weight = ' font-weight="bold"' if style.bold else ""
                shown = escape(words).replace(" ", "&#160;")  # browsers fold plain spaces in SVG
                rows.append(
                    f'<text x="{MARGIN + (column + lead) * WIDTH:.1f}" y="{y:.1f}" fill="{style.fill}"{weight}'
                    f' textLength="{len(words) * WIDTH:.1f}">{shown}</text>'
                )
            column += len(piece)
        widest = max(widest, len(_SEQUENCE.sub("", line).rstrip()))
    width, height = widest * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="{SIZE}">'
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n'
        + "\n".join(rows)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    sys.stdout.write(svg(sys.stdin.read()))
