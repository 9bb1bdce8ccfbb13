"""Reading YAML: what it becomes, where it stands, and what is refused."""

import os
from pathlib import Path
from typing import List, Optional, Union

import pydantic
import pytest

from edge.config.document import Document, read, validate
from edge.config.files import MAX_BYTES
from edge.config.tree import MAX_DEPTH, plain_value
from edge.errors import ConfigError, Problem


def refused(path: Path) -> List[Problem]:
    with pytest.raises(ConfigError) as caught:
        read(path)
    return caught.value.problems


def refused_text(write, text: str) -> Problem:
    (problem,) = refused(write(text))
    return problem


def test_data_and_places(write):
    document = read(
        write(
            """\
            a: 1
            b:
              - x
              - {c: 2.5, d: }
            """
        )
    )
    assert document.data == {"a": 1, "b": ["x", {"c": 2.5, "d": None}]}
    place = document.position(("b", 1, "c"))
    assert place == (str(document.path), 4, 9)
    assert document.position(("b", 0))[1:] == (3, 5)
    assert document.key_position(("b",))[1:] == (2, 1)
    assert document.position(("b", 7, "x"))[1:] == (2, 1), "what is not there: its nearest parent"
    assert document.position(("nothing",))[1:] == (1, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        # YAML 1.1 makes true, eight, ninety, a date, 10 and 0.0 of these
        ("on", "on"),
        ("no", "no"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("0xa", "0xa"),
        ("1_0", "1_0"),
        (".", "."),
        ("e5", "e5"),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_plain_scalars(text, value):
    got = plain_value(text)
    assert got == value
    assert isinstance(got, type(value))


def test_quoted_is_text(write):
    assert read(write("a: '5'\nb: \"true\"\nc: !!str 5\n")).data == {"a": "5", "b": "true", "c": "5"}


def test_aliases_and_merge_keys(write):
    document = read(write("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\nd: {<<: [*a, {z: 9}]}\n"))
    assert document.data["b"] == {"x": 1, "y": 3}
    assert document.data["c"] == {"x": 1, "y": 2}
    assert document.data["d"] == {"x": 1, "y": 2, "z": 9}
    assert document.position(("b", "x")).line == 1, "a merged value stands where it was written"


def test_key_twice_names_both_places(write):
    path = write("a: 1\nb: 2\na: 3\n")
    (problem,) = refused(path)
    assert (problem.line, problem.column, problem.key) == (3, 1, "a")
    assert f"{path}:1" in problem.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("- a\n", 1, "found a list of 1; allowed: keys and values"),
        ("hello\n", 1, "found 'hello'"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("a: [1\nb: 2\n", 2, "bracket"),
        ("a:\n\t- b\n", 2, "tabs"),
        ("a: 'x\n", 2, "quotes are not closed"),
        ("a: b: c\n", 1, "a colon where none can be"),
        ("a: 1\n b: 2\n", 2, "indentation"),
        ("a: @x\n", 1, "goes in quotes"),
        ('a: "\\UFFFFFFFF"\n', 1, "not valid YAML"),
        ('a: "\\0"\n', 1, "U+0000"),
        ('a: "\\ud800"\n', 1, "U+D800"),
        ("\n\na: \x00\n", 3, "U+0000"),
        ("a: !secret x\n", 1, "YAML tags"),
        ("a: !!python/object/apply:os.system [id]\n", 1, "YAML tags"),
        ("a: !x!y z\n", 1, "not valid YAML"),
        ("a: *b\n", 1, "without its anchor"),
        ("a: &b [*b]\n", 1, "inside the value"),
        ("a: &b 1\nc: &b 2\n", 2, "there already"),
        ("? [a]\n: b\n", 1, "a key must be plain text"),
        ("{x}: 1\n", 1, "a key must be plain text"),
        ("~: 1\n", 1, "a key must be plain text"),
        ("a: {<<: 5}\n", 1, "merges a mapping"),
        ("a: " + "[" * 5000, 1, "levels deep"),
        ("a: " + "{a: " * 5000, 1, "levels deep"),
    ],
)
def test_refused(write, text, line, words):
    problem = refused_text(write, text)
    assert problem.line == line
    assert words in problem.message


def test_depth_that_is_allowed(write):
    depth = MAX_DEPTH - 1
    assert read(write("a: " + "[" * depth + "]" * depth)).data


def test_alias_bomb_is_refused_and_cheap(write):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 20)]
    assert "too much" in refused_text(write, "\n".join(lines)).message


def test_bytes_that_are_no_utf8(tmp_path):
    path = tmp_path / "edge.yaml"
    path.write_bytes("# ä\na: b\xff\n".encode("latin-1").replace(b"\xe4", "ä".encode()))
    (problem,) = refused(path)
    assert (problem.line, problem.column) == (2, 5)
    assert "0xff" in problem.message


def test_windows_line_ends_and_byte_order_mark(tmp_path):
    path = tmp_path / "edge.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    document = read(path)
    assert document.data == {"a": 1, "b": "x"}
    assert document.position(("b",))[1:] == (2, 4)


def test_not_a_file(tmp_path):
    assert "no such file" in refused(tmp_path / "missing.yaml")[0].message
    assert "a folder" in refused(tmp_path)[0].message
    os.mkfifo(str(tmp_path / "pipe"))
    assert "neither a file" in refused(tmp_path / "pipe")[0].message
    assert "cannot be read" in refused(Path("a\0b"))[0].message
    assert "cannot be read" in refused(tmp_path / ("x" * 5000))[0].message


def test_no_permission(tmp_path, monkeypatch):
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "edge.yaml"
    path.write_text("a: 1")
    monkeypatch.setattr("builtins.open", refuse)
    assert "permission denied" in refused(path)[0].message


def test_too_large(tmp_path):
    path = tmp_path / "edge.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "larger than" in refused(path)[0].message


class Inner(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    min_score: Optional[float] = None
    labels: Union[List[str], str] = "all"


class Outer(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    name: str = pydantic.Field(description="what it is called")
    inner: List[Inner] = []
    password: str = ""


def invalid(document: Document) -> List[str]:
    with pytest.raises(ConfigError) as caught:
        validate(document, Outer)
    return [f"{p.line}:{p.column} {p.key}: {p.message}" for p in caught.value.problems]


def test_validate_tells_all_with_places(write):
    assert invalid(read(write("inner:\n- {min-score: 1}\n- {min_score: x}\npassword: [1]\n"))) == [
        "1:1 name: is missing: what it is called",
        "2:4 inner[0].min-score: unknown key (did you mean 'min_score'?); allowed: labels, min_score",
        "3:15 inner[1].min_score: found 'x'; allowed: a number",
        "4:11 password: found a list of 1; allowed: text",
    ]


def test_alternatives_are_one_problem(write):
    assert invalid(read(write("name: x\ninner: [{labels: 5}]\n"))) == [
        "2:18 inner[0].labels: found 5; allowed: a list or text"
    ]


def test_valid(write):
    assert validate(read(write("name: x\n")), Outer) == Outer(name="x")
