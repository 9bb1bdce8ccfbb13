"""As Frigate does it: an ffmpeg a camera decodes, thins out and scales, raw pictures come through its pipe, and one
detector takes the newest of each camera.

Frigate has two processes of Python a camera besides, for reading and tracking. They are left out here: a thread reads.
"""

from __future__ import annotations

import subprocess
import threading
from typing import Any, Dict

import cv2
import numpy as np

from scripts.bench.compare import marker
from scripts.bench.compare.baselines.detector import Detector
from scripts.bench.compare.baselines.job import Job, Publisher, each, person

#: What the detector gets; its network is smaller.
_WIDTH, _HEIGHT = 640, 360

cv2.setNumThreads(1)


def _command(url: str, fps: float) -> str:
    return (
        "setpriv --pdeathsig KILL -- "  # it ends with this program
        "ffmpeg -nostdin -hide_banner -loglevel error -threads 1 -fflags nobuffer -flags low_delay "
        f"-analyzeduration 500000 -rtsp_transport tcp -i {url} "
        f"-an -vf fps={fps:g},scale={_WIDTH}:{_HEIGHT}:flags=fast_bilinear -threads 1 "
        "-f rawvideo -pix_fmt yuv420p pipe:1"
    )


class _Newest:
    """A camera's picture that nobody took is replaced by its next."""

    def __init__(self) -> None:
        self._pictures: Dict[str, bytes] = {}
        self._more = threading.Condition()

    def put(self, camera: str, picture: bytes) -> None:
        with self._more:
            self._pictures[camera] = picture
            self._more.notify()

    def take(self) -> Dict[str, bytes]:
        with self._more:
            self._more.wait_for(lambda: self._pictures)
            taken, self._pictures = self._pictures, {}
            return taken


def main() -> None:
    job = Job.given()
    detector, publisher, newest = Detector(job.onnx, job.score), Publisher(job), _Newest()

    def receive(name: str, url: str) -> None:
        while True:
            with subprocess.Popen(_command(url, job.fps).split(), stdout=subprocess.PIPE) as ffmpeg:
                assert ffmpeg.stdout is not None
                picture = ffmpeg.stdout.read(_WIDTH * _HEIGHT * 3 // 2)
                while len(picture) == _WIDTH * _HEIGHT * 3 // 2:
                    newest.put(name, picture)
                    picture = ffmpeg.stdout.read(_WIDTH * _HEIGHT * 3 // 2)

    each(job.cameras, receive)
    threading.Thread(target=publisher.count, daemon=True).start()
    while True:
        for name, raw in newest.take().items():
            planes: Any = np.frombuffer(raw, np.uint8).reshape(_HEIGHT * 3 // 2, _WIDTH)
            found = detector.people(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420))
            publisher.tell(name, marker.read(planes[:_HEIGHT]), [person(box, score) for box, score in zip(*found)])


if __name__ == "__main__":
    main()
