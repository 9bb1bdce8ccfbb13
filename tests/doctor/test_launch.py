"""Lines for ``gst-launch-1.0``: what a shell and its parser make of them is what was meant."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest

from edge.boards import ANY_MACHINE
from edge.capture.element import caps
from edge.capture.source import Source, head
from edge.doctor.launch import line


def element(factory: str, *properties: Tuple[str, object], name: Any = None) -> Dict[str, Any]:
    return {"factory": factory, "name": name, "properties": [list(each) for each in properties]}


def test_an_element_a_line() -> None:
    form = caps("a/b(memory:X),c=1")._asdict()
    told = line([element("fakesrc", ("is-live", True), name="source"), form, form, element("fakesink")])
    assert told == (
        "gst-launch-1.0 -v \\\n    fakesrc name=source is-live=true ! \\\n    'a/b(memory:X),c=1' ! \\\n"
        "    capsfilter caps='a/b(memory:X),c=1' ! \\\n    fakesink"
    )


@pytest.mark.parametrize("value", ["none", "", "p ss'w\"ord"])
def test_a_secret_is_never_in_it(value: str) -> None:
    told = line([element("rtspsrc", ("user-id", value), ("user-pw", value))])
    assert told.endswith('rtspsrc user-id="$CAMERA_USER" user-pw="$CAMERA_PASSWORD"')


def test_every_source_property_that_is_a_secret_is_known_as_one() -> None:
    source = Source("rtsp", "rtsp://host/", "word-of-a-user", "word-of-secrecy")
    elements = [element._asdict() for element in head(source, ANY_MACHINE)]
    elements += [element._asdict() for element in head(source._replace(kind="http"), ANY_MACHINE)]
    assert "word-of" in str(elements) and "word-of" not in line(elements)


NAMES = ["plain", "two words", "a&b;c", "it's", 'say "so"', "$HOME `x`", "back\\slash", "a ! b", '"', "ä*?[x]"]


@pytest.mark.parametrize("name", [*NAMES, " ".join(NAMES)])
def test_a_shell_and_the_parser_take_any_name_of_a_file(name: str, tmp_path: Path) -> None:
    if shutil.which("gst-launch-1.0") is None:
        pytest.skip("no gst-launch-1.0 (package gstreamer1.0-tools)")
    (tmp_path / name).write_bytes(b"what stands in it")
    told = line(
        [
            element("filesrc", ("location", str(tmp_path / name))),
            element("filesink", ("location", str(tmp_path / (name + " copy")))),
        ]
    )
    done = subprocess.run(["sh", "-c", told], capture_output=True, text=True, timeout=60, env=dict(os.environ))
    assert done.returncode == 0, (told, done.stderr)
    assert (tmp_path / (name + " copy")).read_bytes() == b"what stands in it"
