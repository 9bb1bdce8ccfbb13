"""The inference worker with real networks: pictures through shared memory in, the right boxes out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

from tests.inference import networks
from tests.inference.decoders import reference
from tests.inference.harness import Autopilot, InferenceHarness, grey, i420

cv2 = pytest.importorskip("cv2")
ort = pytest.importorskip("onnxruntime")

ROOT = Path(__file__).resolve().parents[2]


def frame(shared: Path, number: int = 0) -> np.ndarray:
    """A picture of the clip, (576, 768, 3) BGR."""
    clip = cv2.VideoCapture(str(shared / "media" / "vtest-h264.mp4"))
    clip.set(cv2.CAP_PROP_POS_FRAMES, number)
    there, picture = clip.read()
    clip.release()
    assert there
    return picture


def run(model: Dict[str, Any], tensor: np.ndarray) -> List[np.ndarray]:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(model["onnx"], options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(tensor, np.float32)})


def expected_people(shared: Path, bgr: np.ndarray, threshold: float) -> List[reference.Row]:
    """FastestDet as its authors run it: OpenCV's resize, its formulas, NMS."""
    tensor = cv2.resize(bgr, (352, 352)).transpose(2, 0, 1)[None].astype(np.float32) / 255
    (head,) = run(networks.fastestdet(shared), tensor)
    return reference.greedy_nms(reference.fastestdet(head[0], threshold), 0.45)


def expected_faces(shared: Path, bgr: np.ndarray, threshold: float) -> List[reference.Row]:
    rgb = cv2.cvtColor(cv2.resize(bgr, (320, 240)), cv2.COLOR_BGR2RGB)
    scores, boxes = run(networks.faces(shared), ((rgb.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])
    return reference.greedy_nms(reference.boxes_scores(boxes[0], scores[0][:, 1:], "xyxy", threshold), 0.3)


def alike(found: np.ndarray, expected: List[reference.Row], clear: float, iou: float, score: float) -> None:
    """Each box that is clearly above the threshold on one side is there on the other, at the same place.

    Of the first label: what else the network takes a bench for hangs on the last digits.
    """
    rows = [(*(float(v) for v in row[:5]), int(row[5])) for row in found]
    expected = [(*(min(1.0, max(0.0, v)) for v in row[:4]), *row[4:]) for row in expected]  # type: ignore[misc]
    for some, others in ((rows, expected), (expected, rows)):
        for row in some:
            if row[4] < clear or row[5] != 0:
                continue
            near = [o for o in others if o[5] == row[5] and reference.iou(o, row) > iou and abs(o[4] - row[4]) < score]
            assert near, (row, others)


def test_fastestdet_finds_the_same_people_as_a_direct_run(shared: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.fastestdet(shared))
        camera = worker.add_camera(1, floor=0.4)
        worker.ready(1)
        state = worker.states[1]
        assert (state["backend"], state["input"]) == ("onnxruntime", [1, 3, 352, 352])
        for number in (0, 200, 400):
            picture = frame(shared, number)
            sequence = camera.answer(i420(picture))
            (result,) = worker.take(1, sequence=sequence)
            assert (result.header.camera, result.header.model) == (1, 1)
            assert (result.header.width, result.header.height) == (768, 576)
            expected = expected_people(shared, picture, 0.4)
            assert len([row for row in expected if row[5] == 0]) >= 5
            # The planes are resized before they become colours, the reference's after: the last digits differ.
            alike(result.boxes, expected, clear=0.48, iou=0.85, score=0.06)
            assert np.all(result.boxes[:, 4] >= 0.4)
            assert np.all((result.boxes[:, :4] >= 0) & (result.boxes[:, :4] <= 1))


def test_a_picture_of_the_networks_own_size_gives_the_same_boxes(shared: Path) -> None:
    picture = cv2.resize(frame(shared, 100), (352, 352))
    planes = i420(picture)
    # What is left of it in I420, so that the two differ in nothing but the way.
    seen = cv2.cvtColor(np.concatenate([p.reshape(-1) for p in planes]).reshape(528, 352), cv2.COLOR_YUV2BGR_I420)
    with InferenceHarness() as worker:
        worker.add_model(1, networks.fastestdet(shared))
        camera = worker.add_camera(1, floor=0.3)
        worker.ready(1)
        (result,) = worker.take(1, sequence=camera.answer(planes))
        alike(result.boxes, expected_people(shared, seen, 0.3), clear=0.36, iou=0.8, score=0.05)


@pytest.mark.parametrize("name", ["1.jpg", "12.jpg"])
def test_faces(shared: Path, name: str) -> None:
    picture = cv2.imread(str(shared / "media" / "faces" / name))
    picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
    with InferenceHarness() as worker:
        worker.add_model(1, networks.faces(shared))
        camera = worker.add_camera(1, floor=0.6)
        worker.ready(1)
        assert worker.states[1]["input"] == [1, 3, 240, 320]
        (result,) = worker.take(1, sequence=camera.answer(i420(picture)))
        expected = expected_faces(shared, picture, 0.6)
        assert expected
        alike(result.boxes, expected, clear=0.8, iou=0.8, score=0.12)


def test_our_own_person_network(shared: Path) -> None:
    folder = ROOT / "models" / "person"
    if not (folder / "person.onnx").exists():
        pytest.skip("no models/person")
    spec = pytest.importorskip("edge.models.spec")
    with InferenceHarness() as worker:
        model = spec.load_spec(str(folder), folder).worker_dict()
        worker.add_model(1, model)
        cameras = [worker.add_camera(n, fps=5) for n in (1, 2, 3)]
        worker.ready(1)
        picture = frame(shared, 200)
        people = [row for row in expected_people(shared, picture, 0.5) if row[5] == 0]
        for camera in cameras:
            camera.answer(i420(picture))
        for result in worker.take(3):
            found = [r for r in people if any(reference.iou(r, (*map(float, b[:5]), 0)) > 0.4 for b in result.boxes)]
            assert len(found) >= 0.4 * len(people), "it sees a good part of the people that its teacher sees"


# ---- batches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 3, "batch"])
def test_every_camera_gets_its_own_pictures_result_whatever_the_batch(tmp_path: Path, batch: Any) -> None:
    network = networks.brightness(tmp_path / "network.onnx", batch=batch)
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(network), batch=4)
        lumas = {number: 40 + 22 * number for number in range(1, 8)}
        cameras = {number: worker.add_camera(number, floor=0.05) for number in lumas}
        worker.ready(1)
        assert worker.states[1]["input"] == [4 if batch == "batch" else batch, 1, 32, 32]
        for round_ in range(4):
            credits = {
                number: camera.credit() for number, camera in cameras.items()
            }  # all at once, so that batches fill
            for number, camera in cameras.items():
                # Sizes and brightness differ from camera to camera, and from picture to picture.
                camera.send(grey(32 + 2 * number, 30 + number, lumas[number] + round_), credits[number])
            for result in worker.take(7, sequence=round_ + 1):
                number = result.header.camera
                score = (lumas[number] + round_ - 16) / 219  # limited range
                assert result.boxes.shape == (1, 6)
                np.testing.assert_allclose(
                    result.boxes[0], [0.25, 0.25, 0.75, 0.75, score, 0], atol=0.006, err_msg=f"camera {number}"
                )
                assert (result.header.width, result.header.height) == (32 + 2 * number, 30 + number)


def test_times_of_every_stage_are_in_order(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.brightness(tmp_path / "network.onnx")))
        camera = worker.add_camera(1)
        worker.ready(1)
        for _ in range(5):
            (result,) = worker.take(1, sequence=camera.answer(grey(luma=200)))
            times = list(result.header.times)
            assert times == sorted(times) and times[0] > 0
            assert times[-1] <= result.arrived


def test_scores_below_a_cameras_floor_are_left_out(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.brightness(tmp_path / "network.onnx")))
        low, high = worker.add_camera(1, floor=0.3), worker.add_camera(2, floor=0.7)
        worker.ready(1)
        picture = grey(luma=16 + 110)  # half as bright as can be
        low.answer(picture)
        high.answer(picture)
        counts = {r.header.camera: len(r.boxes) for r in worker.take(2)}
        assert counts == {1: 1, 2: 0}, "no box is a result too"


@pytest.mark.parametrize(
    ("picture_format", "planes"),
    [
        ("i420", grey(50, 38, 191)),
        ("nv12", (np.full((38, 50), 191, np.uint8), np.full((19, 25, 2), 128, np.uint8))),
        ("gray8", (np.full((38, 50), 191, np.uint8),)),
        ("rgba", (np.full((38, 50, 4), 204, np.uint8),)),
        ("bgrx", (np.full((38, 50, 4), 204, np.uint8),)),
        ("i420", grey(51, 37, 191)),
    ],
)
def test_every_layout_of_pictures(tmp_path: Path, picture_format: str, planes: Any) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.brightness(tmp_path / "network.onnx")))
        camera = worker.add_camera(1)
        worker.ready(1)
        (result,) = worker.take(1, sequence=camera.answer(planes, picture_format=picture_format))
        assert result.boxes[0, 4] == pytest.approx(0.8, abs=0.006)


def test_a_larger_picture_in_new_memory(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.brightness(tmp_path / "network.onnx")))
        camera = worker.add_camera(1, floor=0.1)
        worker.ready(1)
        for size, luma in (((64, 48), 100), ((640, 480), 150), ((64, 48), 200), ((1280, 720), 120)):
            (result,) = worker.take(1, sequence=camera.answer(grey(*size, luma)))
            assert result.boxes[0, 4] == pytest.approx((luma - 16) / 219, abs=0.006)
            assert (result.header.width, result.header.height) == size


# ---- two models on one camera ----------------------------------------------------------------------------------------


def test_two_models_look_at_the_same_picture(shared: Path, tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.brightness(tmp_path / "network.onnx")))
        worker.add_model(2, networks.fastestdet(shared))
        both = worker.add_camera(1, models=(1, 2))
        one = Autopilot(worker.add_camera(2, models=(1,)), grey())
        worker.ready(1, 2)
        picture = frame(shared, 200)
        for _ in range(6):
            sequence = both.answer(i420(picture))
            results = {r.header.model: r for r in worker.take(2, camera=1, sequence=sequence)}
            assert set(results) == {1, 2}
            assert results[1].header.times.captured == results[2].header.times.captured
            assert len(results[1].boxes) == 1
            alike(results[2].boxes, expected_people(shared, picture, 0.4), clear=0.48, iou=0.85, score=0.06)
        one.close()
        assert one.sent > 0


def test_a_slot_is_free_only_when_both_models_have_read_it(tmp_path: Path) -> None:
    # The slow model's lane is full, so that a picture waits there unread; the quick one has read it at once.
    quick = networks.brightness(tmp_path / "quick.onnx")
    slow = networks.brightness(tmp_path / "slow.onnx", batch=1, size=160, work=12)
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(quick, "quick"))
        worker.add_model(2, networks.order(slow, "slow"))
        camera = worker.add_camera(1, models=(1, 2), fps=60)
        worker.ready(1, 2)
        for number in range(12):
            # Were a slot written while the slow one still waits for it, that one would see another brightness.
            camera.answer(grey(64, 48, 20 + 15 * number))
        for model in (1, 2):
            for result in worker.take(12, model=model):
                expected = (20 + 15 * (result.header.sequence - 1) - 16) / 219
                found = result.boxes[0, 4] if len(result.boxes) else 0.0
                if expected > 0.4:
                    assert found == pytest.approx(expected, abs=0.006), (model, result.header.sequence)


# ---- credits ---------------------------------------------------------------------------------------------------------


def test_one_credit_at_a_time_and_none_before_the_model_is_ready(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.brightness(tmp_path / "network.onnx")))
        camera = worker.add_camera(1, fps=60)
        worker.ready(1)
        first = camera.credit()
        worker.beat()
        worker.beat()
        assert not camera.has_credit(), "the first was not answered"
        camera.send(grey(), first)
        second = camera.credit()
        assert second.serial != first.serial


def test_wished_rates_are_kept(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.brightness(tmp_path / "network.onnx")))
        wishes = {1: 4.0, 2: 12.0}
        pilots = [Autopilot(worker.add_camera(n, fps=fps), grey()) for n, fps in wishes.items()]
        worker.ready(1)
        worker.take(1, camera=1)
        worker.take(1, camera=2)
        begin, before = worker.beat(), {n: p.sent for n, p in zip(wishes, pilots)}
        for _ in range(4):
            end = worker.beat()
        counts = {n: p.sent - before[n] for n, p in zip(wishes, pilots)}
        for pilot in pilots:
            pilot.close()
        seconds = (end["time"] - begin["time"]) / 1e9
        for number, fps in wishes.items():
            assert counts[number] <= fps * seconds + 2, "never more than was wished"
            assert counts[number] >= 0.6 * fps * seconds - 2, "and, even on a busy machine, not much less"


# ---- on the interpreters that a worker has to run on -----------------------------------------------------------------


def test_on_the_workers_interpreters(shared: Path, inference_python: List[str], inference_environment: Any) -> None:
    with InferenceHarness(inference_python[0], environment=inference_environment) as worker:
        worker.add_model(1, networks.fastestdet(shared))
        camera = worker.add_camera(1, floor=0.4)
        worker.ready(1)
        picture = frame(shared, 200)
        (result,) = worker.take(1, sequence=camera.answer(i420(picture)))
        alike(result.boxes, expected_people(shared, picture, 0.4), clear=0.5, iou=0.8, score=0.08)
    assert "Traceback" not in worker.stderr
    assert sys.executable not in inference_python
