"""Labels, files, and what ``edge check`` prints of it all."""

import argparse
import io
import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from edge.cli import check as command
from edge.config import check_files, check_labels, load
from edge.config.excerpt import Excerpts
from edge.errors import ConfigError, ModelError, Problem
from tests.config.conftest import MINIMAL

LABELS = """\
cameras:
  c:
    source: test://
    objects: {person: , dgo: }
    zones: {z: {points: [[0, 0], [1, 0], [0, 1]], objects: [person]}}
  d:
    source: file:clip.mp4
    lines: {l: {points: [[0, 0], [1, 0]], objects: [cart, person]}}
"""


def test_labels(write):
    config = load(write(MINIMAL + LABELS))
    assert check_labels(config, {}) == [], "nothing is said while the model is not known"
    problems = check_labels(config, {"people": ["person", "dog", *(f"label{i}" for i in range(20))]})
    assert [(p.line, p.column, p.key) for p in problems] == [
        (7, 25, "cameras.c.objects.dgo"),
        (11, 53, "cameras.d.lines.l.objects[0]"),
    ]
    assert "no label 'dgo' (did you mean 'dog'?); people knows: person, dog, label0" in problems[0].message
    assert problems[0].message.endswith("and 10 more")


def test_labels_of_all_of_a_cameras_models(write):
    text = "device: a\nmodels: {x: {spec: x}, y: {spec: y}}\n"
    config = load(write(text + "cameras: {c: {source: 'test://', models: [x, y], objects: {a: , b: }}}\n"))
    assert check_labels(config, {"x": ["a"], "y": ["b"]}) == []
    assert check_labels(config, {"x": ["a"]}) == []
    assert len(check_labels(config, {"x": ["a"], "y": []})) == 1


def test_files(write, tmp_path):
    config = load(write(MINIMAL + LABELS))
    (problem,) = check_files(config)
    assert (problem.line, problem.key) == (10, "cameras.d.source")
    assert problem.message == f"no file {tmp_path / 'clip.mp4'}"
    (tmp_path / "clip.mp4").mkdir()
    assert "is no file" in check_files(config)[0].message
    (tmp_path / "clip.mp4").rmdir()
    (tmp_path / "clip.mp4").write_bytes(b"")
    assert check_files(config) == []


def test_files_with_impossible_names(write):
    for name, words in (("x" * 300, "file name too long"), ("edge.yaml/clip.mp4", "not a directory")):
        config = load(write(f"{MINIMAL}cameras: {{c: {{source: 'file:{name}'}}}}\n"))
        (problem,) = check_files(config)
        assert problem.line == 4 and words in problem.message


def test_files_without_permission(write, tmp_path, monkeypatch):
    (tmp_path / "clip.mp4").write_bytes(b"")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "no permission" in check_files(load(write(MINIMAL + LABELS)))[0].message


class Terminal(io.StringIO):
    encoding = "ascii"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def run_check(monkeypatch, capsys):
    """``run_check(path, *flags, labels=..., error=...)``: (status, output) where every model has these labels."""

    def run(path, *flags, labels=("person", "dog", "cart"), error=None):
        def load_spec(ref, base):
            if error:
                raise error
            return SimpleNamespace(labels=list(labels))

        double = ModuleType("edge.models.spec")
        double.load_spec = load_spec
        monkeypatch.setitem(sys.modules, "edge.models.spec", double)
        parser = argparse.ArgumentParser()
        command.add_parser(parser.add_subparsers())
        args = parser.parse_args(["check", "-c", str(path), *flags])
        return args.run(args), capsys.readouterr().out

    return run


def test_command_fine(write, run_check):
    path = write(MINIMAL + "cameras: {c: {source: 'test://'}, d: {source: 'test://'}}\n")
    assert run_check(path) == (0, "ok: 2 cameras, 1 model\n")
    status, out = run_check(path, "--json")
    assert (status, json.loads(out)) == (0, {"ok": True, "problems": [], "cameras": 2, "models": 1})


def test_command_tells_every_kind_of_problem_at_once(write, run_check):
    path = write(MINIMAL + LABELS + "  e:\n    source: test://\n    fps: fast\n")
    status, out = run_check(path)
    assert status == 78
    assert (
        out
        == f"""\
{path}:7:25: cameras.c.objects.dgo
  no label 'dgo' (did you mean 'dog'?); people knows: person, dog, cart
      7 |     objects: {{person: , dgo: }}
        |                         ^

{path}:10:13: cameras.d.source
  no file {path.parent / "clip.mp4"}
     10 |     source: file:clip.mp4
        |             ^

{path}:14:10: cameras.e.fps
  found 'fast'; allowed: a number from 0.1 to 60
     14 |     fps: fast
        |          ^

3 problems
"""
    )
    status, out = run_check(path, "--json")
    report = json.loads(out)
    assert (status, report["ok"], report["cameras"], report["models"]) == (78, False, 2, 1)
    assert report["problems"][2] == {
        "file": str(path),
        "line": 14,
        "column": 10,
        "key": "cameras.e.fps",
        "message": "found 'fast'; allowed: a number from 0.1 to 60",
    }


def test_command_tells_of_models(write, run_check):
    path = write(MINIMAL)
    status, out = run_check(path, error=ModelError("no folder fastestdet"))
    assert (status, out.splitlines()[:2]) == (78, [f"{path}:3:18: models.people.spec", "  no folder fastestdet"])
    error = ConfigError([Problem("model.yaml", 3, 1, "input.colour", "unknown key")])
    status, out = run_check(path, error=error)
    assert (status, out.splitlines()[:2]) == (78, ["model.yaml:3:1: input.colour", "  unknown key"])


def test_command_without_a_file(tmp_path, run_check):
    status, out = run_check(tmp_path / "nope.yaml")
    assert status == 78
    assert out == f"{tmp_path / 'nope.yaml'}\n  cannot be read: no such file or directory\n\n1 problem\n"


def test_command_on_a_terminal(write, run_check, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    path = write(MINIMAL + "ä: 1\n")
    for no_color, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", no_color)
        screen = Terminal()
        monkeypatch.setattr(sys, "stdout", screen)
        assert run_check(path)[0] == 78
        assert ("\x1b[31m" in screen.getvalue()) == coloured
        assert "\\xe4" in screen.getvalue(), "a terminal without this character"


def test_long_lines_are_cut_around_the_place(write):
    path = write("a: " + "x" * 1000 + " y")
    excerpt = Excerpts().of(Problem(str(path), 1, 1005, "", ""))
    assert len(excerpt.text) <= 110
    assert excerpt.text[excerpt.caret] == "y"


def test_no_excerpt():
    assert Excerpts().of(Problem("nowhere", 1, 1, "", "")) is None
    assert Excerpts().of(Problem(__file__, None, None, "", "")) is None
    assert Excerpts().of(Problem(__file__, 10**6, 1, "", "")) is None


STAGES = """\
models:
  people: {spec: ./people}
  faces: {spec: ./faces, boxes: {of: people, objects: [person, dgo]}}
  hats: {spec: ./hats, boxes: {of: faces}}
  own: {spec: ./own, boxes: {of: own}}
  lost: {spec: ./lost, boxes: {of: peple}}
cameras:
  c: {source: "test://", models: [faces]}
"""


def test_second_stages(write):
    with pytest.raises(ConfigError) as caught:
        load(write("device: gate-7\n" + STAGES))
    assert [(p.line, p.key, p.message) for p in caught.value.problems] == [
        (5, "models.hats.boxes.of", "faces looks at boxes itself: a second stage has no stage after it"),
        (6, "models.own.boxes.of", "a model cannot look at its own objects: name the one that finds them"),
        (7, "models.lost.boxes.of",
         "no model peple (did you mean 'people'?); defined are: faces, hats, lost, own, people"),
        (9, "cameras.c.models[0]", "faces looks at the objects of people: add that here"),
    ]  # fmt: skip
    text = "\n".join(line for line in STAGES.splitlines() if line.split(":")[0].strip() not in ("hats", "own", "lost"))
    config = load(write("device: gate-7\n" + text.replace("[faces]", "[people, faces], objects: {face: }")))
    labels = {"people": ["person", "dog"], "faces": ["face"]}
    assert [p.key for p in check_labels(config, labels)] == [
        "models.faces.boxes.objects[1]", "cameras.c.objects.face"
    ], "what a second stage finds is told of an object, and is none"  # fmt: skip
