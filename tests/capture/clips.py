"""Small clips, made where they are needed from a real one or from generated pictures and sound."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import pytest


def launch(line: str) -> None:
    """Run a gst-launch line to its end."""
    if shutil.which("gst-launch-1.0") is None:
        pytest.skip("no gst-launch-1.0 (package gstreamer1.0-tools)")
    done = subprocess.run(["gst-launch-1.0", "-q", *line.split()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def cut(clip: Path, to: Path, pictures: int, codec: str = "h264", mux: str = "mp4mux") -> Path:
    """The first so many pictures of an MP4, not encoded again."""
    launch(
        f"filesrc location={clip} ! qtdemux ! identity eos-after={pictures + 1} ! {codec}parse ! {mux} ! "
        f"filesink location={to}"
    )
    return to


def sound(to: Path) -> Path:
    """A tone, alone: a .wav, or an .mp4 without video."""
    if to.suffix == ".wav":
        with wave.open(str(to), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(16000))
    else:
        launch(f"audiotestsrc num-buffers=50 ! voaacenc ! aacparse ! mp4mux ! filesink location={to}")
    return to


def with_sound(clip: Path, to: Path) -> Path:
    """``clip`` with a tone beside the pictures, and the sound first."""
    launch(
        f"mp4mux name=mux ! filesink location={to} audiotestsrc num-buffers=80 ! voaacenc ! aacparse ! mux. "
        f"filesrc location={clip} ! qtdemux ! h264parse ! mux."
    )
    return to
