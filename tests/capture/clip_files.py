"""What is in a clip's file, by ffmpeg."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Dict

import numpy as np


def probed(path: Path) -> Dict[str, Any]:
    """What ffprobe says of the video in a file: ``codec_tag_string``, ``start_time``, … and ``pts``, ``flags``."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_packets", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0 and not done.stderr, done.stderr
    told = json.loads(done.stdout)
    (video,) = told["streams"]
    return {
        **video,
        "pts": sorted(float(packet["pts_time"]) for packet in told["packets"]),
        "flags": [packet["flags"] for packet in told["packets"]],
    }


def decoded(path: Path, width: int, height: int) -> np.ndarray:
    """All its pictures by ffmpeg: (count, rows, width), the colours below the brightness."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vsync", "passthrough", "-f", "rawvideo"]
    command += ["-enc_time_base", "1:90000"]
    command += ["-pix_fmt", "yuvj420p" if path.suffix == ".mjpeg" else "yuv420p", "-"]
    done = subprocess.run(command, capture_output=True, timeout=150)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height * 3 // 2, width)
