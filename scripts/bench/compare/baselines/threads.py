"""OpenCV, ONNX Runtime and paho in a loop a camera, each in a thread. Started once for each camera it is a process a
camera.
"""

from __future__ import annotations

from scripts.bench.compare import marker
from scripts.bench.compare.baselines import opencv
from scripts.bench.compare.baselines.detector import Detector
from scripts.bench.compare.baselines.job import Job, Publisher, each, person


def main() -> None:
    job = Job.given()
    detector, publisher = Detector(job.onnx, job.score), Publisher(job)

    def watch(name: str, url: str) -> None:
        for picture in opencv.pictures(url, job.fps):
            people = [person(box, score) for box, score in zip(*detector.people(picture))]
            publisher.tell(name, marker.read(picture[..., 1]), people)

    each(job.cameras, watch)
    publisher.count()


if __name__ == "__main__":
    main()
