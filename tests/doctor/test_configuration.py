"""The configuration's problems with their places, and its models' files."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from edge.doctor.account import Account
from edge.doctor.checks import configuration
from edge.doctor.context import Context
from scripts.servers import ROOT
from tests.doctor.machines import Tree, by_name

Here = Callable[..., Context]
PERSON = "device: a\nmodels: {p: {spec: person}}\n"
MODEL = "device: a\nmodels: {people: {spec: ./net}}\n"


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A copy of the person model beside the configuration."""
    folder = tmp_path / "net"
    folder.mkdir()
    for name in ("model.yaml", "person.onnx"):
        (folder / name).write_bytes((ROOT / "models" / "person" / name).read_bytes())
    return folder


def test_there_may_be_none(tree: Tree) -> None:
    context = tree.context()
    assert by_name(configuration.configuration(context))["file"].status == "skipped"
    assert by_name(configuration.models(context))["models"].status == "skipped"


def test_the_services_own_is_looked_at_by_itself(tree: Tree) -> None:
    tree.write("/etc/edge/edge.yaml", "device: a\n")
    found = by_name(configuration.configuration(tree.context()))["file"]
    assert found.status == "ok" and found.message.endswith("/etc/edge/edge.yaml: 0 cameras, 0 models")


def test_every_problem_has_its_place(here: Here) -> None:
    context = here(PERSON + "cameras:\n  gate: {source: 'test://', fsp: 3}\n  yard: {source: 'foo://x'}\n")
    found = list(configuration.configuration(context))
    assert [finding.status for finding in found] == ["error", "error"]
    assert "edge.yaml:4" in found[0].message and "fps" in found[0].message
    assert "edge.yaml:5" in found[1].message


def test_many_problems_are_not_all_told(here: Here) -> None:
    found = list(configuration.configuration(here("device: a\n" + "".join(f"x{n}: 1\n" for n in range(30)))))
    assert len(found) == 11
    assert found[-1].message == "and 20 more problems" and found[-1].remedy.startswith("edge check -c ")


def test_a_file_that_is_not_there(tmp_path: Path, here: Here) -> None:
    (found,) = configuration.configuration(here(path=tmp_path / "none.yaml"))
    assert found.status == "error" and "none.yaml" in found.message


def test_clips_are_looked_for_where_cameras_are_not_looked_at(here: Here) -> None:
    text = PERSON + "cameras: {clip: {source: 'file:none.mp4'}}\n"
    assert by_name(configuration.configuration(here(text)))["file"].status == "ok"
    (found,) = configuration.configuration(here(text, cameras=False))
    assert found.status == "error" and "none.mp4" in found.message


def test_the_daemons_user_must_be_able_to_read_it(tree: Tree, nobody: Account) -> None:
    context = tree.context("device: a\n", account=nobody)
    assert context.path is not None
    context.path.chmod(0o640)
    found = list(configuration.configuration(context))
    assert found[0].status == "error" and "cannot be read by edge" in found[0].message


def test_a_model_that_is_right(net: Path, here: Here) -> None:
    found = by_name(configuration.models(here(MODEL)))["people"]
    assert found.status == "ok" and "person.onnx" in found.message and "SHA-256" in found.message


def test_a_model_with_another_hash(net: Path, here: Here) -> None:
    text = [line for line in (net / "model.yaml").read_text().splitlines() if not line.startswith("sha256")]
    (net / "model.yaml").write_text("\n".join([*text, "sha256: " + "0" * 64]) + "\n")
    found = by_name(configuration.models(here(MODEL)))["people"]
    assert found.status == "error" and "is not the file meant" in found.message
    assert str(net / "model.yaml") in found.remedy


def test_a_model_that_is_not_there_or_broken(net: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    (net / "person.onnx").unlink()
    assert "no file" in by_name(configuration.models(here(MODEL)))["people"].message
    (net / "model.yaml").write_text("onnx: person.onnx\ninput: {colour: bgr}\n")
    found = list(configuration.models(here(MODEL)))
    assert found and all(finding.status == "error" and "model.yaml:" in finding.message for finding in found)
    monkeypatch.setenv("XDG_DATA_HOME", str(net))
    found = list(configuration.models(here("device: a\nmodels: {p: {spec: no-such-model}}\n")))
    assert "no model 'no-such-model'" in found[0].message and "edge models list" in found[0].remedy


def test_a_label_that_no_model_knows(here: Here) -> None:
    text = PERSON + "cameras: {a: {source: 'test://', objects: {preson: {}}}}\n"
    *_, found = configuration.models(here(text))
    assert found.status == "error" and "'person'" in found.message and "edge.yaml:3" in found.message
