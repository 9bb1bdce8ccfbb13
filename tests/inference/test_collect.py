"""Collecting pictures of cameras: the worker with this test as every camera, and the set that it writes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import pytest

from edge.errors import EngineError
from edge.inference.picture import Picture
from edge.inference.picture_set import PictureSet, thumbnail
from edge.inference.preprocess import Preprocessor
from edge.wire.channel import Channel
from tests.inference.harness import FakeCamera
from tests.support.worker import WorkerHarness

WIDTH, HEIGHT = 320, 180
INPUT = {"color": "bgr", "scale": 0.00392157, "mean": [0.485, 0.456, 0.406], "std": 0.225, "layout": "nchw",
         "fit": "letterbox", "pad": 114.0, "letterbox_align": "center", "size": [64, 48]}  # fmt: skip
SIZE = (64, 48)


def scene(left: int = -1, noise: int = 0, level: int = 90) -> List[np.ndarray]:
    """NV12 planes of a wall, with something at ``left`` that is 24 by 60 pixels."""
    rng = np.random.default_rng(noise)
    luma = np.full((HEIGHT, WIDTH), level, np.int16)
    if left >= 0:
        luma[100:160, left : left + 24] = 200
    luma += rng.integers(-8, 9, luma.shape, np.int16) if noise else 0
    return [np.clip(luma, 0, 255).astype(np.uint8), np.full((HEIGHT // 2, WIDTH // 2, 2), 128, np.uint8)]


def picture(planes: List[np.ndarray]) -> Picture:
    return Picture("nv12", WIDTH, HEIGHT, planes)


class Collector(WorkerHarness):
    """The worker. ``camera`` connects one of this test's making."""

    def __init__(self, folder: Path, count: int = 100, cameras: str = "gate", **how: Any) -> None:
        super().__init__("edge.inference.collect", "pictures", **how)
        self.cameras: List[FakeCamera] = []
        self.names = cameras.split(",")
        self.file = folder / "set" / "pictures.npy"
        order = {"op": "collect", "file": str(self.file), "input": INPUT, "size": list(SIZE), "count": count,
                 "every": 0.0, "cameras": self.names}  # fmt: skip
        self.control.send(order)

    def camera(self, name: str) -> FakeCamera:
        ours, theirs = Channel.pair()
        self.control.send({"op": "camera", "name": name}, [theirs.fileno()])
        theirs.close()
        camera = FakeCamera(0, ours)
        camera.send_memory(WIDTH * HEIGHT * 2)
        self.cameras.append(camera)
        return camera

    def show(self, camera: FakeCamera, planes: List[np.ndarray]) -> Dict[str, Any]:
        """What is told once the camera has sent that picture."""
        camera.send(planes, camera.credit(), "nv12")
        return self.wait_for("collected")

    def stop(self) -> None:
        self.control.send({"op": "stop"})
        assert self.process.wait(100) == 0

    def close_channels(self) -> None:
        super().close_channels()
        for camera in self.cameras:
            camera.close()


def test_only_what_is_unlike_all_the_others_is_kept(tmp_path: Path) -> None:
    with Collector(tmp_path) as collector:
        assert collector.wait_for("collected")["kept"] == 0
        gate = collector.camera("gate")
        assert collector.show(gate, scene())["kept"] == 1
        for noise in (1, 2, 3):
            assert collector.show(gate, scene(noise=noise))["kept"] == 1
        assert collector.show(gate, scene(left=40, noise=4))["kept"] == 2
        assert collector.show(gate, scene(left=41, noise=5))["kept"] == 2
        assert collector.show(gate, scene(left=200, noise=6))["kept"] == 3
        assert collector.show(gate, scene(noise=7))["kept"] == 3
        night = collector.show(gate, scene(level=30))
        assert (night["kept"], night["seen"], night["cameras"]) == (4, 9, {"gate": 4})
        collector.stop()
    stored = np.load(tmp_path / "set" / "pictures.npy", mmap_mode="r")
    assert stored.shape == (4, 3, 48, 64) and stored.dtype == np.uint8
    assert all(oct(path.stat().st_mode & 0o777) == "0o600" for path in (tmp_path / "set").iterdir())


def test_what_is_stored_becomes_exactly_what_the_network_would_have_got(tmp_path: Path) -> None:
    kept = PictureSet(str(tmp_path / "pictures.npy"), INPUT, SIZE)
    assert kept.offer("gate", picture(scene(left=100, noise=1)))
    kept.close()
    whole = Preprocessor(INPUT, SIZE)
    wanted = np.empty(whole.item_shape, np.float32)
    whole.write(picture(scene(left=100, noise=1)), wanted)
    pixels = np.load(tmp_path / "pictures.npy")[0].astype(np.float32)
    gain = np.full((3, 1, 1), 0.00392157 / 0.225, np.float32)
    bias = (-np.array([0.485, 0.456, 0.406]) / 0.225).astype(np.float32).reshape(3, 1, 1)
    np.testing.assert_allclose(pixels * gain + bias, wanted, atol=1e-5)


def test_each_camera_gives_its_share_and_is_then_left_alone(tmp_path: Path) -> None:
    with Collector(tmp_path, count=5, cameras="gate,yard") as collector:
        collector.wait_for("collected")
        gate, yard = collector.camera("gate"), collector.camera("yard")
        for place in range(3):
            told = collector.show(gate, scene(left=60 * place))
        assert told["cameras"] == {"gate": 3} and not gate.has_credit(within=0.3)
        for place in range(2):
            told = collector.show(yard, scene(left=60 * place + 30, level=140))
        assert told["cameras"] == {"gate": 3, "yard": 2} and told["kept"] == 5
        collector.wait_for("full")
        assert not yard.has_credit(within=0.3)
        collector.stop()


def test_a_run_goes_on_where_the_last_was_broken_off(tmp_path: Path) -> None:
    with Collector(tmp_path) as collector:
        gate = collector.camera("gate")
        collector.wait_for("collected")
        assert collector.show(gate, scene(left=40))["kept"] == 1
        assert collector.show(gate, scene(left=200))["kept"] == 2
        collector.process.kill()
    with Collector(tmp_path) as collector:
        assert collector.wait_for("collected")["cameras"] == {"gate": 2}
        gate = collector.camera("gate")
        assert collector.show(gate, scene(left=41))["kept"] == 2
        assert collector.show(gate, scene())["kept"] == 3
        collector.stop()
    assert len(np.load(collector.file)) == 3


def test_a_camera_that_was_gone_comes_back(tmp_path: Path) -> None:
    with Collector(tmp_path) as collector:
        collector.wait_for("collected")
        gate = collector.camera("gate")
        assert collector.show(gate, scene())["kept"] == 1
        gate.credit()
        gate.close()
        again = collector.camera("gate")
        assert collector.show(again, scene(left=100))["kept"] == 2
        collector.stop()


def test_a_camera_that_breaks_the_protocol_does_not_stop_the_others(tmp_path: Path) -> None:
    with Collector(tmp_path, cameras="gate,yard") as collector:
        collector.wait_for("collected")
        gate, yard = collector.camera("gate"), collector.camera("yard")
        gate.credit()
        gate.channel.send_bytes(b"\x07nonsense")
        assert collector.show(yard, scene())["kept"] == 1
        collector.stop()
    assert "camera gate: unexpected message of kind 7" in collector.stderr


def test_two_do_not_collect_into_one_set(tmp_path: Path) -> None:
    with Collector(tmp_path) as first:
        first.wait_for("collected")
        with Collector(tmp_path) as second:
            assert second.ended()["reason"] == "another process collects pictures for this network"
        first.stop()


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "set").write_text("a file")
    with Collector(tmp_path) as collector:
        assert str(tmp_path / "set") in collector.ended()["reason"]


@pytest.mark.parametrize("harm", ["line", "picture", "both", "header"])
def test_what_was_written_half_does_not_count(tmp_path: Path, harm: str) -> None:
    path, lines = tmp_path / "pictures.npy", tmp_path / "pictures.jsonl"
    kept = PictureSet(str(path), INPUT, SIZE)
    for left in (0, 100, 200):
        assert kept.offer("gate", picture(scene(left=left)))
    kept.close()
    if harm in ("line", "both"):
        os.truncate(lines, lines.stat().st_size - 20)
    if harm in ("picture", "both"):
        os.truncate(path, path.stat().st_size - 100)
    if harm == "header":
        path.write_bytes(bytes(128) + path.read_bytes()[128:])
    again = PictureSet(str(path), INPUT, SIZE)
    count = 3 if harm == "header" else 2
    assert again.count == count and again.cameras == {"gate": count}
    assert len(np.load(path)) == count
    assert again.offer("gate", picture(scene(level=200)))
    again.close()
    assert len(np.load(path)) == count + 1 and len(lines.read_text().splitlines()) == count + 2


def test_a_set_for_another_input_is_begun_anew_and_other_arithmetic_is_no_other_input(tmp_path: Path) -> None:
    path = str(tmp_path / "pictures.npy")
    kept = PictureSet(path, INPUT, SIZE)
    kept.offer("gate", picture(scene()))
    kept.close()
    same = PictureSet(path, {**INPUT, "scale": 1.0, "mean": 0.0, "std": 1.0}, SIZE)
    assert same.count == 1
    same.close()
    for change in ({"color": "rgb"}, {"fit": "stretch"}, {"pad": 0.0}):
        other = PictureSet(path, {**INPUT, **change}, SIZE)
        assert other.count == 0 and not os.path.exists(path)
        assert other.offer("gate", picture(scene()))
        other.close()


def test_a_list_of_nonsense_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "pictures.jsonl").write_bytes(b"\xff\xfe[]\n{}\n")
    kept = PictureSet(str(tmp_path / "pictures.npy"), INPUT, SIZE)
    assert kept.count == 0
    kept.close()


def test_another_layout_and_gray(tmp_path: Path) -> None:
    kept = PictureSet(str(tmp_path / "a.npy"), {**INPUT, "layout": "nhwc"}, SIZE)
    assert kept.offer("gate", picture(scene()))
    assert np.load(tmp_path / "a.npy").shape == (1, 48, 64, 3)
    kept.close()
    gray = {**INPUT, "color": "gray", "mean": 0.5, "std": 1.0}
    kept = PictureSet(str(tmp_path / "b.npy"), gray, SIZE)
    assert kept.offer("gate", picture(scene()))
    assert np.load(tmp_path / "b.npy").shape == (1, 1, 48, 64)
    kept.close()


@pytest.mark.parametrize("size", [(1, 1), (31, 17), (641, 359), (1920, 1080)])
def test_thumbnails_of_any_size_and_format(size: tuple[int, int]) -> None:
    width, height = size
    ramp = np.repeat(np.linspace(0, 255, width).astype(np.uint8)[np.newaxis], height, axis=0)
    plain = thumbnail(Picture("gray8", width, height, [ramp]))
    packed = thumbnail(Picture("bgrx", width, height, [np.repeat(ramp[:, :, np.newaxis], 4, axis=2)]))
    assert plain.shape == packed.shape == (18, 32) and np.abs(plain - packed).max() <= 1
    assert width == 1 or (np.diff(plain.astype(int), axis=1) >= 0).all()


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    kept = PictureSet(str(tmp_path / "pictures.npy"), INPUT, SIZE)
    with pytest.raises(ValueError):
        kept.offer("gate", Picture("nv12", WIDTH, HEIGHT, [scene()[0]]))
    assert kept.count == 0
    kept.close()
    with pytest.raises(EngineError, match="/proc/nowhere: No such file"):
        PictureSet("/proc/nowhere/pictures.npy", INPUT, SIZE)


def test_on_python_3_6(python36: Path, tmp_path: Path) -> None:
    environment: Optional[Dict[str, str]] = {**os.environ, "PYTHONWARNINGS": "error"}
    with Collector(tmp_path, python=python36, environment=environment) as collector:
        collector.wait_for("collected")
        gate = collector.camera("gate")
        assert collector.show(gate, scene())["kept"] == 1
        assert collector.show(gate, scene(noise=1))["kept"] == 1
        assert collector.show(gate, scene(left=100))["kept"] == 2
        collector.stop()
    assert np.load(collector.file).shape == (2, 3, 48, 64)
    first = json.loads((tmp_path / "set" / "pictures.jsonl").read_text().splitlines()[0])
    assert first["item"] == [3, 48, 64]
