"""A camera's line for gst-launch-1.0, and gst-launch-1.0 with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any, Callable, Mapping, Optional

import pytest

from edge.doctor.context import Context
from edge.doctor.pipeline import Pipeline, pipeline
from tests.doctor.machines import PATIENCE

Here = Callable[..., Context]
PASSWORD = "right word-of-secrecy"


def told(here: Here, camera: str, codec: str = "", workers: str = "", **how: Any) -> Pipeline:
    """The pipeline of a camera of that YAML."""
    text = f"device: gate-7\nmodels: {{people: {{spec: person}}}}\n{workers}cameras:\n  cam: {camera}\n"
    return pipeline(here(text, **how), "cam", codec)


def launched(line: str, environment: Optional[Mapping[str, str]] = None, secret: str = PASSWORD) -> str:
    """What gst-launch-1.0 says when a shell is given the line, which is ended after some pictures."""
    if shutil.which("gst-launch-1.0") is None:
        pytest.skip("no gst-launch-1.0 (package gstreamer1.0-tools)")
    assert line.count(" appsink ") == 1
    line = line.replace(" appsink ", " identity eos-after=5 ! appsink ")
    done = subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        env={
            **(os.environ if environment is None else environment),
            "CAMERA_USER": "viewer",
            "CAMERA_PASSWORD": secret,
        },
    )
    said, end, _ = done.stdout.partition("Got EOS from element")
    assert end and "ERROR" not in said, done.stdout + done.stderr
    return said
