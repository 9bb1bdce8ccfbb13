"""Two small clips of the demo's scene, so that many cameras fit on a small machine: made once, with GStreamer."""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.servers import ROOT

_SCENE = ROOT / "configs" / "demo" / "square.mp4"
_CACHE = ROOT / ".cache" / "chaos"
_ENCODERS = {
    "h264": "x264enc bitrate=400 key-int-max={keys} bframes=0 ! video/x-h264,profile=main ! h264parse",
    "h265": "x265enc bitrate=400 key-int-max={keys} speed-preset=ultrafast option-string=bframes=0 ! h265parse",
}


def small(codec: str = "h264", keys: int = 10) -> Path:
    """640x360, 10 pictures/s, 25 s; ``keys``: every so manieth picture stands by itself."""
    clip = _CACHE / f"square-{codec}-{keys}.mp4"
    if not clip.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        part = clip.with_suffix(".part")
        encoder = _ENCODERS[codec].format(keys=keys)
        pipeline = (
            f"filesrc location={_SCENE} ! qtdemux ! h264parse ! avdec_h264 ! videoscale ! "
            f"video/x-raw,format=I420,width=640,height=360,pixel-aspect-ratio=1/1 ! {encoder} "
            f"! mp4mux ! filesink location={part}"
        )
        subprocess.run(["gst-launch-1.0", "-q", *pipeline.split()], check=True, stdout=subprocess.DEVNULL)
        part.replace(clip)
    return clip
