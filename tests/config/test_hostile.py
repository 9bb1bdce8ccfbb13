"""Whatever a file holds: a Config or a ConfigError, and every problem with its place."""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.config import Config, load, survey
from edge.config.excerpt import Excerpts
from edge.errors import ConfigError
from tests.config.test_load import EXAMPLE

KEPT = (Path(__file__).parents[2] / "configs" / "edge.yaml").read_text(encoding="utf-8")
RELAXED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.dates(),
    st.binary(max_size=5),
    st.sampled_from(
        ["on", "010", "1:30", "~", "", "${env:X}", "${file:/}", "$${", "10s", "1280x720", "rtsp://a:b@c", "test://"]
    ),
)
KEYS = st.one_of(
    st.sampled_from(
        ["device", "mqtt", "models", "cameras", "source", "zones", "points", "objects", "<<", "password", "spec"]
    ),
    st.text(max_size=8),
    st.integers(),
    st.none(),
)
VALUES = st.recursive(
    SCALARS, lambda v: st.one_of(st.lists(v, max_size=4), st.dictionaries(KEYS, v, max_size=4)), max_leaves=12
)


def holds(path, content):
    """Load ``content``; a Config, or a ConfigError whose problems all have a place in a file."""
    path.write_bytes(content)
    try:
        config = load(path, {"X": "x"})
    except ConfigError as error:
        excerpts = Excerpts()
        assert error.problems
        for problem in error.problems:
            assert problem.file == str(path)
            assert problem.line is not None and problem.line >= 1
            assert problem.column is not None and problem.column >= 1
            assert problem.message.isprintable()
            str(problem).encode("utf-8")
            excerpts.of(problem)
        assert isinstance(survey(path, {"X": "x"})[0], Config)
    else:
        assert isinstance(config, Config)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "edge.yaml"


@RELAXED
@given(st.binary(max_size=300))
def test_any_bytes(path, content):
    holds(path, content)


@RELAXED
@given(st.text(max_size=300))
def test_any_text(path, text):
    holds(path, text.encode("utf-8", "surrogatepass"))


@RELAXED
@given(st.text(alphabet="abc:-?[]{}&*!|>'\"%@`#,~<=\n\t $0.1", max_size=80))
def test_any_punctuation(path, text):
    holds(path, text.encode())


@RELAXED
@given(st.data())
def test_an_example_with_bytes_changed(path, data):
    content = bytearray(data.draw(st.sampled_from([EXAMPLE, KEPT])).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        what = data.draw(st.binary(max_size=3))
        content[at : at + data.draw(st.integers(0, 4))] = what
    holds(path, bytes(content))


@RELAXED
@given(st.data())
def test_an_example_with_lines_moved(path, data):
    lines = EXAMPLE.splitlines(keepends=True)
    order = data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=20))
    indents = data.draw(st.lists(st.integers(0, 6), min_size=len(order), max_size=len(order)))
    holds(path, "".join(" " * indent + lines[i].lstrip() for i, indent in zip(order, indents)).encode())


@RELAXED
@given(VALUES)
def test_any_structure(path, value):
    holds(path, yaml.dump(value, allow_unicode=True).encode("utf-8", "surrogatepass"))


def places(value, here=()):
    yield here
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*here, key))


@RELAXED
@given(st.data())
def test_an_example_with_values_and_keys_changed(path, data):
    config = yaml.safe_load(data.draw(st.sampled_from([EXAMPLE, KEPT])))
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from([p for p in places(config) if p]))
        container = config
        for key in parents:
            container = container[key]
        if isinstance(container, dict) and data.draw(st.booleans()):
            container[data.draw(KEYS)] = copy.deepcopy(container.pop(last))
        else:
            container[last] = data.draw(VALUES)
    holds(path, yaml.dump(config, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass"))
