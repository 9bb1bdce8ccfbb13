"""A camera by OpenCV: every picture is taken off the stream, those that are due are converted."""

from __future__ import annotations

import os
import time
from typing import Any, Iterator

# Before its import. Without these it asks for UDP first, holds pictures back, and looks at the stream for seconds.
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join([
    "rtsp_transport;tcp", "fflags;nobuffer", "flags;low_delay", "analyzeduration;500000"
])  # fmt: skip
import cv2

cv2.setNumThreads(1)  # a thread a camera is enough of them

_AGAIN_S = 1.0


def pictures(url: str, fps: float) -> Iterator[Any]:
    """BGR, ``fps`` a second at most, for ever."""
    while True:
        # One decoding thread: more cost more, and hold a picture back each.
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        due = time.monotonic()
        while capture.grab():
            now = time.monotonic()
            if now < due:
                continue
            due = max(due + 1 / fps, now - 1 / fps)
            there, picture = capture.retrieve()
            if there:
                yield picture
        capture.release()
        time.sleep(_AGAIN_S)
