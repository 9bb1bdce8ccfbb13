"""The same with roboflow's ``supervision`` and its ByteTrack behind the model: objects rather than boxes."""

from __future__ import annotations

import numpy as np
import supervision

from scripts.bench.compare import marker
from scripts.bench.compare.baselines import opencv
from scripts.bench.compare.baselines.detector import Detector
from scripts.bench.compare.baselines.job import Job, Publisher, each, person


def main() -> None:
    job = Job.given()
    detector, publisher = Detector(job.onnx, job.score), Publisher(job)

    def watch(name: str, url: str) -> None:
        tracker = supervision.ByteTrack(frame_rate=round(job.fps))
        for picture in opencv.pictures(url, job.fps):
            boxes, scores = detector.people(picture)
            height, width = picture.shape[:2]
            size = np.array([width, height, width, height])
            found = supervision.Detections(boxes * size, confidence=scores, class_id=np.zeros(len(scores), dtype=int))
            tracks = tracker.update_with_detections(found)
            people = [
                {**person(box / size, score), "id": int(number)}
                for box, score, number in zip(tracks.xyxy, tracks.confidence, tracks.tracker_id)
            ]
            publisher.tell(name, marker.read(picture[..., 1]), people)

    each(job.cameras, watch)
    publisher.count()


if __name__ == "__main__":
    main()
