"""What the README says can be done is done here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from edge.cli.main import parser_for
from edge.events.kinds import KINDS
from edge.models.outputs import OUTPUTS
from scripts.servers import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> List[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> List[List[str]]:
    return [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines() if line.strip()]


def files() -> Dict[str, str]:
    """The YAML examples, by the name in their first line."""
    return {block.splitlines()[0].lstrip("# "): block for block in blocks("yaml")}


def check(config: Path) -> str:
    command = [sys.executable, "-m", "edge", "check", "-c", str(config)]
    done = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    config = tmp_path / "edge.yaml"
    config.write_text(files()["edge.yaml"])
    assert check(config) == "ok: 1 camera, 1 model\n"


def test_the_model_is_valid_too(tmp_path: Path, shared: Path) -> None:
    text = files()["edge.yaml"].replace("{spec: person}", "{spec: ./fastestdet}")
    assert "./fastestdet" in text
    (tmp_path / "edge.yaml").write_text(text)
    (tmp_path / "fastestdet").mkdir()
    (tmp_path / "fastestdet" / "model.yaml").write_text(files()["fastestdet/model.yaml"])
    shutil.copy(str(shared / "models" / "FastestDet.onnx"), str(tmp_path / "fastestdet"))
    assert check(tmp_path / "edge.yaml") == "ok: 1 camera, 1 model\n"


@pytest.mark.parametrize("words", [words for words in commands() if words[0] == ".venv/bin/edge"], ids=" ".join)
def test_the_commands_exist_as_written(words: List[str]) -> None:
    parser_for(words[1:]).parse_args(words[1:])


@pytest.mark.parametrize("words", [words for words in commands() if words[0] != ".venv/bin/edge"], ids=" ".join)
def test_the_rest_is_made_by_make_or_installs(words: List[str]) -> None:
    if words[0] == "sudo":  # what it does is for the tests under a real systemd
        assert os.access(str(ROOT / words[1]), os.X_OK)
        return
    assert words[0] == "make" or words == ["scripts/install", "--dry-run"]
    assert subprocess.run([*words, "--dry-run"], cwd=str(ROOT), stdout=subprocess.PIPE).returncode == 0


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert "docs/demo.svg" in links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_what_it_names_is_there() -> None:
    for word in (*KINDS, *OUTPUTS):
        assert f"`{word}`" in README, word
    for target in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
    for folder in re.findall(r"`([\w/]+/)`", README):
        assert (ROOT / folder).is_dir() or folder == ".venv/", folder
