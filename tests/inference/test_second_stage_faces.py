"""Faces in people, by two real networks: each is what the second one, run by hand, says of that part of the picture."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, List, Sequence

import numpy as np
import pytest

from edge.wire.messages import HELD
from tests.inference import networks
from tests.inference.decoders import reference
from tests.inference.harness import InferenceHarness, i420

cv2 = pytest.importorskip("cv2")
ort = pytest.importorskip("onnxruntime")

FIRST, SECOND = 1, 2
LOOKS = {str(FIRST): {"classes": [0], "min_size": 32, "by": {str(SECOND): [0.6]}}}


@lru_cache(maxsize=1)
def session(onnx: str) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # the file's initialisers are all inputs, and each is warned of
    return ort.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


def by_hand(shared: Path, planes: Sequence[np.ndarray], box: Sequence[float]) -> List[reference.Row]:
    """The faces in that part of a picture, by plain OpenCV and ONNX Runtime: place in the whole picture, score."""
    height, width = planes[0].shape
    x1, y1 = (int(v * n / 2) * 2 for v, n in zip(box[:2], (width, height)))
    x2, y2 = (min(n, int(np.ceil(v * n / 2)) * 2) for v, n in zip(box[2:], (width, height)))
    parts = [planes[0][y1:y2, x1:x2], *(plane[y1 // 2 : y2 // 2, x1 // 2 : x2 // 2] for plane in planes[1:])]
    y, u, v = (cv2.resize(part, (320, 240)).astype(np.float32) for part in parts)
    # BT.601, limited range.
    light, blue, red = 1.16438 * (y - 16), u - 128, v - 128
    rgb = np.stack([light + 1.59603 * red, light - 0.39176 * blue - 0.81297 * red, light + 2.01723 * blue])
    scores, boxes = session(networks.faces(shared)["onnx"]).run(
        ["scores", "boxes"], {"input": (rgb.clip(0, 255).round() - 127)[None] / np.float32(128)}
    )  # fmt: skip
    rows = reference.greedy_nms(reference.boxes_scores(boxes[0], scores[0][:, 1:], "xyxy", 0.6), 0.3)
    place, span = (x1 / width, y1 / height) * 2, ((x2 - x1) / width, (y2 - y1) / height) * 2
    return [(*(at + min(1.0, max(0.0, n)) * size for at, n, size in zip(place, row, span)), row[4], 0) for row in rows]


def check_faces_of_people(worker: InferenceHarness, shared: Path, names: Sequence[str]) -> int:
    """Each person of these pictures looked at: how many faces were found, each as a run by hand finds it."""
    worker.add_model(FIRST, networks.fastestdet(shared))
    worker.add_model(SECOND, networks.faces(shared))
    camera = worker.add_camera(1, floor=0.4, looks=LOOKS)
    worker.ready(FIRST, SECOND)
    faces = 0
    for name in names:
        picture = cv2.imread(str(shared / "media" / "faces" / name))
        picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
        planes = i420(picture)
        sequence = camera.answer(planes)
        (held,) = worker.take(1, model=FIRST, sequence=sequence)
        people = [row[:4].tolist() for row in held.boxes if int(row[5]) == 0][:16]
        if held.header.flags != HELD:
            continue
        worker.look(held, *[(SECOND, n + 1, *box) for n, box in enumerate(people)])
        for result in worker.take(len(people), model=SECOND, sequence=sequence):
            expected = by_hand(shared, planes, people[result.header.object - 1])
            found = result.boxes.tolist()
            faces += len(found)
            for some, others in ((found, expected), (expected, found)):
                for row in some:
                    alike = [o for o in others if reference.iou(o, row) > 0.9 and abs(o[4] - row[4]) < 0.03]
                    assert alike or row[4] < 0.63, (name, row, others)
    return faces


def test_every_face_of_every_person_is_what_a_run_by_hand_finds(shared: Path) -> None:
    with InferenceHarness() as worker:
        names = sorted(path.name for path in (shared / "media" / "faces").glob("*.jpg"))
        assert check_faces_of_people(worker, shared, names) >= 5


def test_on_the_workers_interpreters(shared: Path, inference_python: List[str], inference_environment: Any) -> None:
    with InferenceHarness(inference_python[0], environment=inference_environment) as worker:
        assert check_faces_of_people(worker, shared, ["12.jpg"]) >= 1
    assert "Traceback" not in worker.stderr
