"""The inference worker as the daemon would start it, with this test as daemon and as every camera's capture process."""

from __future__ import annotations

import ctypes
import select
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from edge.wire.channel import Channel, Closed, Message
from edge.wire.clock import monotonic_ns
from edge.wire.memory import Slots
from edge.wire.messages import FORMATS, Credit, Memory, PictureHeader, ResultHeader, unpack_result
from tests.support.worker import PATIENCE, WorkerHarness

Planes = Sequence[np.ndarray]


class Result:
    """One RESULT. ``boxes`` (N, 6): x1 y1 x2 y2 score class."""

    def __init__(self, data: bytes) -> None:
        self.header: ResultHeader
        self.header, raw = unpack_result(data)
        self.boxes = np.frombuffer(raw, np.float32).reshape(-1, 6)
        self.arrived = monotonic_ns()


class FakeCamera:
    """A capture process' end: takes credits, and answers them with the pictures that it is given."""

    def __init__(self, number: int, channel: Channel) -> None:
        self.number = number
        self.channel = channel
        self.channel.set_timeout(PATIENCE)
        self.slots: Optional[Slots] = None
        self.slot = 0
        self.sequence = 0
        self.written: Dict[int, bytes] = {}

    def credit(self) -> Credit:
        """The next credit."""
        return Credit.unpack(self.channel.receive().data)

    def has_credit(self, within: float = 0.0) -> bool:
        return bool(select.select([self.channel], [], [], within)[0])

    def send_memory(self, size: int) -> None:
        if self.slots is not None:
            self.slots.close()
        self.slots = Slots(size)
        self.channel.send_bytes(Memory(self.slots.slot_size).pack(), [self.slots.fd])

    def send(self, planes: Planes, credit: Credit, picture_format: str = "i420", **more: Any) -> int:
        """Write the picture into the next slot and tell of it; its sequence number. ``more``: the header's fields."""
        data = b"".join(np.ascontiguousarray(p).tobytes() for p in planes)
        if self.slots is None or self.slots.slot_size < len(data):
            self.send_memory(len(data))
        assert self.slots is not None
        self.slot = 1 - self.slot
        ctypes.memmove(self.slots.address(self.slot), data, len(data))
        self.sequence += 1
        sizes = [p.size for p in planes] + [0, 0]
        offsets = (0, sizes[0], sizes[0] + sizes[1])
        strides = [p.shape[1] * (p.shape[2] if p.ndim == 3 else 1) for p in planes] + [0, 0]
        now = monotonic_ns()
        header = PictureHeader(
            self.slot, FORMATS.index(picture_format), 0, credit.serial, self.sequence, now, now, now,
            planes[0].shape[1], planes[0].shape[0], offsets, (strides[0], strides[1], strides[2]), -1.0,
        )  # fmt: skip
        self.channel.send_bytes(header._replace(**more).pack())
        return self.sequence

    def answer(self, planes: Planes, **more: Any) -> int:
        """Wait for a credit and answer it."""
        return self.send(planes, self.credit(), **more)

    def close(self) -> None:
        self.channel.close()
        if self.slots is not None:
            self.slots.close()


class Autopilot:
    """A camera that answers every credit with the same picture, in a thread, until it is closed."""

    def __init__(self, camera: FakeCamera, planes: Planes) -> None:
        self.camera, self.planes = camera, planes
        self.sent = 0
        self.error: Optional[BaseException] = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if self.camera.has_credit(within=0.05):
                    self.camera.answer(self.planes)
                    self.sent += 1
        except Closed:
            pass
        except BaseException as error:
            self.error = error

    def close(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)
        if self.error is not None:
            raise self.error


class InferenceHarness(WorkerHarness):
    """Use as a context manager. ``how`` is WorkerHarness's: environment."""

    def __init__(self, python: Union[Path, str] = sys.executable, **how: Any) -> None:
        super().__init__("edge.inference", "inference", python=python, **how)
        self.cameras: Dict[int, FakeCamera] = {}
        self.models: Dict[int, Dict[str, Any]] = {}
        self.states: Dict[int, Dict[str, Any]] = {}
        self.lane_states: Dict[Tuple[int, int], Dict[str, Any]] = {}
        self.results: List[Result] = []
        self.beats: List[Dict[str, Any]] = []

    def close_channels(self) -> None:
        super().close_channels()
        for camera in self.cameras.values():
            camera.close()

    def add_model(self, number: int, model: Dict[str, Any], **options: Any) -> None:
        self.models[number] = model
        options = {"backend": "onnxruntime", "threads": 1, "batch": 4, **options}
        self.control.send({"op": "model", "id": number, "model": model, "options": options})

    def add_lanes(self, number: int, model: Dict[str, Any], *lanes: Dict[str, Any]) -> None:
        """A model on several devices; ``lane_states`` tells of each."""
        self.models[number] = model
        self.control.send({"op": "model", "id": number, "model": model, "lanes": list(lanes)})

    def add_camera(
        self, number: int, models: Sequence[int] = (1,), fps: float = 30.0, floor: float = 0.4, name: str = "",
        **more: Any,
    ) -> FakeCamera:  # fmt: skip
        """Link a camera to the models; ``floor`` is the least score of every class. ``more``: the order's fields."""
        ours, theirs = Channel.pair()
        floors = {str(m): [floor] * len(self.models[m]["labels"]) for m in models}
        # However long this machine stands still, a picture is not too old unless a test wants it to be.
        order = {
            "op": "camera", "id": number, "name": name or f"camera {number}", "fps": fps, "models": floors,
            "budget": PATIENCE, **more,
        }  # fmt: skip
        self.control.send(order, [theirs.fileno()])
        theirs.close()
        if number in self.cameras:
            self.cameras[number].close()
        self.cameras[number] = FakeCamera(number, ours)
        return self.cameras[number]

    def look(self, result: Result, *looks: Sequence[float]) -> None:
        """Answer a held picture: (second model's number, object's number, x1, y1, x2, y2) for each look."""
        header = result.header
        self.control.send(
            {"op": "look", "camera": header.camera, "model": header.model, "sequence": header.sequence, "looks": looks}
        )  # fmt: skip

    def heard(self, message: Message) -> Optional[Dict[str, Any]]:
        control = super().heard(message)
        if control is None:
            self.results.append(Result(message.data))
        elif control["op"] == "model":
            self.states[control["id"]] = control
            self.lane_states[(control["id"], control["lane"])] = control
        elif control["op"] == "beat":
            self.beats.append(control)
        return control

    def state(self, model: int) -> Dict[str, Any]:
        """What the worker says of the model, once it says something."""
        while model not in self.states:
            self.hear()
        return self.states[model]

    def ready(self, *models: int) -> None:
        for model in models:
            state = self.state(model)
            assert state["state"] == "ready", state

    def take(self, count: int, **wanted: int) -> List[Result]:
        """The next ``count`` results whose headers have these values (camera=1, model=2, sequence=7)."""
        found: List[Result] = []
        kept: List[Result] = []
        end = time.monotonic() + PATIENCE
        while True:
            while self.results and len(found) < count:
                result = self.results.pop(0)
                fits = all(getattr(result.header, key) == value for key, value in wanted.items())
                (found if fits else kept).append(result)
            if len(found) == count:
                self.results = kept + self.results
                return found
            assert time.monotonic() < end, f"{len(found)} of {count} results with {wanted} in {PATIENCE:g} s"
            self.hear()

    def beat(self) -> Dict[str, Any]:
        """The next beat."""
        count = len(self.beats)
        while len(self.beats) == count:
            self.hear()
        return self.beats[-1]

    def drain(self) -> None:
        """Forget the results so far: take all that is there."""
        self.beat()
        del self.results[:]


def i420(bgr: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture's planes (BT.601, limited range); its sides must be even."""
    import cv2

    height, width = bgr.shape[:2]
    flat = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).reshape(-1)
    luma, quarter = width * height, width * height // 4
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + quarter].reshape(height // 2, width // 2),
        flat[luma + quarter :].reshape(height // 2, width // 2),
    )


def grey(width: int = 64, height: int = 48, luma: int = 128) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An I420 picture of one colour."""
    half = ((height + 1) // 2, (width + 1) // 2)
    return np.full((height, width), luma, np.uint8), np.full(half, 128, np.uint8), np.full(half, 128, np.uint8)
