"""Several lanes of one model: who gets a picture, in which order results leave, and what a failure leaves."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import pytest

from edge.errors import DeviceLost, EngineError, OutOfMemory
from edge.inference.backends import Backend, Slot
from edge.inference.job import Job
from edge.inference.model import ModelLanes
from edge.inference.picture import Picture
from edge.wire.messages import PictureHeader, unpack_result
from scripts.servers import wait_until
from tests.inference import networks


class Device(Backend):
    """Answers when it is told to, and fails where it is told to."""

    name = "device"
    input_shape = (2, 1, 4, 4)
    size = (4, 4)

    def __init__(self, ms: float) -> None:
        self.ms = ms
        self.go = threading.Event()
        self.go.set()
        self.error: Optional[Exception] = None
        self.closed = False
        self.seen: List[int] = []

    def enqueue(self, slot: Slot, count: int) -> None:
        slot.count = count

    def wait(self, slot: Slot) -> Dict[str, np.ndarray]:
        assert self.go.wait(60)
        if self.error is not None:
            raise self.error
        slot.busy_ns = int(self.ms * 1e6 * slot.count)
        scores = slot.input[: slot.count, 0, 0, 0].reshape(-1, 1, 1).astype(np.float32)
        self.seen += [round(float(score) * 255) for score in scores.ravel() if score]
        return {"boxes": np.full((slot.count, 1, 4), 0.5, np.float32), "scores": scores}

    def close(self) -> None:
        self.closed = True


class Setting:
    """A model with a lane on each of the devices, and what it sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *devices: Device) -> None:
        self.devices = devices
        made = iter(devices)
        lock = threading.Lock()

        def opened(*_given: Any) -> Device:
            with lock:
                return next(made)

        monkeypatch.setattr("edge.inference.network.open_backend", opened)
        self.sent: List[bytes] = []
        self.released: List[int] = []
        spec = {**networks.order(Path("n.onnx")), "min_score": 0.0}
        self.model = ModelLanes(7, spec, [{} for _ in devices], self.sent.append, lambda: None)
        self.until(lambda: all(lane.state != "loading" for lane in self.model.lanes))

    def until(self, true: Callable[[], bool]) -> None:
        def look() -> bool:
            self.model.collect()
            return true()

        wait_until(look, 60, "the lanes")

    def submit(self, *levels: int, camera: int = 1) -> None:
        for level in levels:
            header = PictureHeader(0, 2, 0, 0, level, 0, 0, 0, 4, 4, (0, 0, 0), (0, 0, 0), -1.0)
            picture = Picture("gray8", 4, 4, [np.full((4, 4), level, np.uint8)], "bt709", True)
            self.model.submit(Job(camera, header, picture, 1, lambda level=level: self.released.append(level)), False)

    @property
    def sequences(self) -> List[int]:
        return [unpack_result(data)[0].sequence for data in self.sent]


def test_the_faster_device_gets_more(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow = Device(1), Device(4)
    setting = Setting(monkeypatch, fast, slow)
    setting.submit(200, 201)  # one each: none is measured yet
    setting.until(lambda: len(setting.sent) == 2)
    fast.seen.clear()
    slow.seen.clear()
    fast.go.clear()
    slow.go.clear()
    setting.model.tune(0.1, 60.0)  # all of them may wait
    setting.submit(*range(1, 26))
    fast.go.set()
    slow.go.set()
    setting.until(lambda: len(setting.sent) == 27)
    assert sorted(fast.seen + slow.seen) == list(range(1, 26))
    assert 15 <= len(fast.seen) <= 24, "four times as fast, or twice on a machine that was slow to notice"
    setting.model.close(60)
    assert fast.closed and slow.closed


def test_results_leave_in_the_order_of_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Device(1), Device(1)
    setting = Setting(monkeypatch, first, second)
    first.go.clear()
    setting.submit(1, 2)
    setting.submit(3, camera=2)
    setting.until(lambda: sum(len(device.seen) for device in setting.devices) >= 1)
    waiting = [device for device in setting.devices if not device.go.is_set()]
    assert waiting == [first]
    early = list(setting.sequences)
    assert 2 not in early, "the second of a camera before its first"
    first.go.set()
    setting.until(lambda: len(setting.sent) == 3)
    of_one = [sequence for sequence in setting.sequences if sequence != 3]
    assert of_one == [1, 2]
    assert sorted(setting.released) == [1, 2, 3]
    setting.model.close(60)


@pytest.mark.parametrize("error", [EngineError("no more"), OutOfMemory("full"), DeviceLost("gone"), ValueError("bug")])
def test_one_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch, error: Exception, capsys: Any) -> None:
    bad, good = Device(1), Device(1)
    setting = Setting(monkeypatch, bad, good)
    bad.go.clear()
    good.go.clear()
    setting.submit(*range(1, 21))
    bad.error = error
    bad.go.set()
    setting.until(lambda: any(lane.state == "failed" for lane in setting.model.lanes))
    assert setting.model.state == "ready"
    (failed,) = (lane for lane in setting.model.lanes if lane.state == "failed")
    assert failed.error is error and str(error) in failed.reason
    good.go.set()
    setting.until(lambda: setting.model.waiting == 0 and sum(lane.running for lane in setting.model.lanes) == 0)
    assert sorted(setting.released) == list(range(1, 21)), "every slot is free again"
    # What was in its two slots is lost; all that waited went to the other, and left in order.
    assert len(setting.sent) >= 16 and setting.sequences == sorted(setting.sequences)
    setting.submit(30, 31)
    setting.until(lambda: setting.sequences[-2:] == [30, 31])
    wait_until(lambda: bad.closed, 60, "the failed one's memory is given back")
    setting.model.close(60)


def test_when_all_have_failed_so_has_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Device(1), Device(1)
    setting = Setting(monkeypatch, one, two)
    one.error = two.error = EngineError("no more")
    setting.submit(*range(1, 12))
    setting.until(lambda: setting.model.state == "failed")
    assert setting.model.room == 0 and setting.sent == []
    setting.submit(40)
    assert sorted(setting.released) == [*range(1, 12), 40]
    setting.model.close(60)


def test_taking_it_away_releases_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Device(1), Device(1)
    setting = Setting(monkeypatch, one, two)
    one.go.clear()
    two.go.clear()
    setting.submit(*range(1, 16))
    setting.model.retire()
    assert sorted(setting.released) == list(range(1, 16))
    one.go.set()
    two.go.set()
    began = time.monotonic()
    setting.model.close(60)
    assert one.closed and two.closed and time.monotonic() - began < 60
