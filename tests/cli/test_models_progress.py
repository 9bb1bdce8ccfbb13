"""The line that says how far a build is."""

from __future__ import annotations

import io
from typing import List

from edge.cli.models_progress import PhaseLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_that_is_gone_at_the_end() -> None:
    out, now = Terminal(), [0.0]
    with PhaseLine("people gpu fp16", out, lambda: now[0]) as line:
        line.update("parse", None)
        now[0] = 0.01
        line.update("build", 0.25)
        now[0] = 0.02
        line.update("build", 0.3)  # too soon to be drawn
        now[0] = 65.0
        line.update("build", 0.5)
        line.say("a word")
        assert line.phase == "build"
    drawn: List[str] = out.getvalue().split("\r")
    assert "[........................]        reading the network, 0 s" in drawn[1]
    assert "[######..................]  25 %  building, 0 s" in drawn[2]
    assert "[############............]  50 %  building, 1 min" in drawn[3]
    assert drawn[4].startswith("\033[Ka word\n") and "50 %" in drawn[5]
    assert drawn[-1] == "\033[K" and "30 %" not in out.getvalue()


def test_lines_elsewhere_one_a_phase_and_one_a_quarter() -> None:
    out = io.StringIO()
    with PhaseLine("people", out) as line:
        line.update("parse", None)
        for step in range(101):
            line.update("build", step / 100)
        line.update("collect", 0.5, "3 of 6 pictures")
    assert out.getvalue().splitlines() == [
        "people: reading the network", "people: building", "people: building, 25%", "people: building, 50%",
        "people: building, 75%", "people: building, 100%", "people: 3 of 6 pictures, 50%",
    ]  # fmt: skip


def test_nobody_to_tell() -> None:
    with PhaseLine("people", None) as line:
        line.update("parse", None)
        line.say("a word")
        assert line.phase == "parse"
