"""What the tests of the configuration share: writing files, and reading the problems in them."""

from pathlib import Path
from textwrap import dedent
from typing import Callable, List

import pytest

from edge.config import load
from edge.errors import ConfigError, Problem

MINIMAL = """\
device: gate-7
models:
  people: {spec: ./fastestdet}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(text, name="edge.yaml")``: a file with this text; the path to it."""

    def write_file(text: str, name: str = "edge.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def problems(write: Write) -> Callable[..., List[Problem]]:
    """``problems(text)``: what is wrong with a main file of this text."""

    def problems_of(text: str, **environment: str) -> List[Problem]:
        with pytest.raises(ConfigError) as caught:
            load(write(text), environment)
        return caught.value.problems

    return problems_of


@pytest.fixture
def camera_problems(problems: Callable[..., List[Problem]]) -> Callable[..., List[Problem]]:
    """``camera_problems(text)``: what is wrong with a camera ``c`` of this text, beginning in line 5, column 5."""

    def problems_of(text: str, **environment: str) -> List[Problem]:
        body = "\n".join("    " + line for line in dedent(text).splitlines())
        return problems(f"{MINIMAL}cameras:\n  c:\n{body}\n", **environment)

    return problems_of
