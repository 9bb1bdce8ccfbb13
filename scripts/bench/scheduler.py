"""``python -m scripts.bench.scheduler``: what a decision costs, and how much of a bare session loop a full lane gives.

The first drives the scheduler alone: cameras that wish more than eight models can do, each answer and each batch at
once. The second is the inference process with the model ``person`` on ONNX Runtime with one thread, and cameras that
answer every credit, beside a loop over the same network's ``session.run`` with its best batch, in turns.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import select
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List

import numpy as np

from edge.inference.scheduling.scheduler import Scheduler
from edge.models.spec import load_spec
from edge.wire import start
from edge.wire.channel import Channel, Closed
from edge.wire.clock import monotonic_ns
from edge.wire.memory import Slots
from edge.wire.messages import FORMATS, RESULT, Credit, Memory, PictureHeader

from .measures import Row
from .setting import ROOT, Setting

MODELS = 8
BATCH = 4
CAMERAS = 12
WIDTH, HEIGHT = 384, 288


def decision_us(cameras: int, pictures: int = 10_000) -> float:
    """CPU microseconds a picture of all that the scheduler is asked and told for it, the driver's own included.

    The lanes can do half of what is wished. As in the worker's loop, the scheduler is asked after each picture that
    comes and after each batch that is begun.
    """
    scheduler, now = Scheduler(), 100.0
    step = 0.002
    for number in range(cameras):
        fps = 2 * BATCH / step / cameras
        scheduler.add(number, fps, [number % MODELS], now, weight=(0.25, 1.0, 4.0)[number % 3])
    queues: Dict[int, List[int]] = {model: [] for model in range(MODELS)}
    room = dict.fromkeys(queues, 2 * BATCH)
    asked: List[int] = []
    done, model = 0, 0

    def ask() -> None:
        scheduler.next_due(now)
        if scheduler.any_due(now):
            waiting = {number: len(queue) for number, queue in queues.items()}
            asked.extend(grant.camera for grant in scheduler.grants(now, waiting, room))

    began = time.thread_time()
    while done < pictures:
        now += step
        model = (model + 1) % MODELS
        for camera in queues[model][:BATCH]:
            scheduler.released(camera, now)
            done += 1
        del queues[model][:BATCH]
        ask()
        while asked:
            camera = asked.pop(0)
            scheduler.arrived(camera, now)
            queues[camera % MODELS].append(camera)
            ask()
    return (time.thread_time() - began) / done * 1e6


_LOOP = """
import sys, time, numpy, onnxruntime as o
s = o.SessionOptions(); s.intra_op_num_threads = 1
s.add_session_config_entry('session.intra_op.allow_spinning', '0')
n = o.InferenceSession(sys.argv[1], s, providers=['CPUExecutionProvider'])
best = 0.0
for batch in (1, 2, 4):
    x = {n.get_inputs()[0].name: numpy.random.rand(batch, 3, 288, 384).astype('f4')}
    for _ in range(5): n.run(None, x)
    began, runs = time.perf_counter(), 0
    while time.perf_counter() - began < float(sys.argv[2]): n.run(None, x); runs += 1
    best = max(best, runs * batch / (time.perf_counter() - began))
print(best)
"""


def bare_rate(onnx: Path, seconds: float) -> float:
    """Pictures/s of a loop over ``session.run`` with the best of the batch sizes that a lane may take."""
    quiet = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-c", _LOOP, str(onnx), str(seconds / 3)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=quiet).stdout)


class Cameras:
    """They answer every credit at once with the same picture, in one thread."""

    def __init__(self) -> None:
        self._channels: List[Channel] = []
        self._slots: List[Slots] = []
        self._next: Dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def add(self) -> Channel:
        """The inference process's end of one more."""
        ours, theirs = Channel.pair()
        size = WIDTH * HEIGHT * 3 // 2
        slots = Slots(size)
        noise = np.random.default_rng(len(self._slots)).integers(16, 235, size, np.uint8).tobytes()
        for slot in range(2):
            ctypes.memmove(slots.address(slot), noise, size)
        ours.send_bytes(Memory(slots.slot_size).pack(), [slots.fd])
        self._channels.append(ours)
        self._slots.append(slots)
        return theirs

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        luma = WIDTH * HEIGHT
        offsets, strides = (0, luma, luma * 5 // 4), (WIDTH, WIDTH // 2, WIDTH // 2)
        try:
            while True:
                for channel in select.select(self._channels, [], [])[0]:
                    credit, now = Credit.unpack(channel.receive().data), monotonic_ns()
                    sequence = self._next[channel.fileno()] = self._next.get(channel.fileno(), 0) + 1
                    header = PictureHeader(
                        sequence % 2, FORMATS.index("i420"), 0, credit.serial, sequence, now, now, now, WIDTH, HEIGHT,
                        offsets, strides, -1.0,
                    )  # fmt: skip
                    channel.send_bytes(header.pack())
        except Closed:
            pass  # the inference process has ended

    def close(self) -> None:
        self._thread.join(10)
        for slots in self._slots:
            slots.close()


def lane_rate(model: Dict[str, object], seconds: float) -> float:
    """Pictures/s of the inference process whose cameras wish more than it can do."""
    control, theirs = Channel.pair()
    fd = theirs.fileno()
    command = [sys.executable, start.__file__, "edge.inference", "inference", str(fd), str(os.getpid())]
    process = subprocess.Popen(command, pass_fds=[fd], cwd=ROOT)
    theirs.close()
    cameras = Cameras()
    try:
        control.set_timeout(60)
        options = {"backend": "onnxruntime", "threads": 1, "batch": BATCH}
        control.send({"op": "model", "id": 1, "model": model, "lanes": [options]})
        for number in range(1, CAMERAS + 1):
            end = cameras.add()
            order = {"op": "camera", "id": number, "name": str(number), "fps": 100, "models": {1: [0.9]}}
            control.send(order, [end.fileno()])
            end.close()
        cameras.start()
        count, began = 0, 0.0
        while not began or time.monotonic() < began + seconds:
            message = control.receive()
            if message.control is None and message.data[0] == RESULT:
                count += 1
                if not began and count == 100:  # the sizes were tried
                    count, began = 0, time.monotonic()
        return count / (time.monotonic() - began)
    finally:
        control.close()
        process.wait(10)
        cameras.close()


def decisions(_setting: Setting, _seconds: float) -> List[Row]:
    """What a decision costs with 16, 64 and 256 cameras on eight lanes that are full."""
    costs = {cameras: statistics.median(decision_us(cameras) for _ in range(5)) for cameras in (16, 64, 256)}
    detail = f"with 16 cameras {costs[16]:.1f}, with 64 {costs[64]:.1f}; {MODELS} models, all full"
    return [Row("scheduler's decision a picture, 256 simulated cameras", costs[256], "µs", 50, detail=detail)]


def utilisation(_setting: Setting, seconds: float) -> List[Row]:
    """A full lane's rate beside the bare loop's, in turns."""
    spec = load_spec(str(ROOT / "models" / "person"), ROOT)
    ratios, rates = [], []
    for _ in range(3):
        before = bare_rate(spec.onnx, seconds / 2)
        rates.append(lane_rate(spec.worker_dict(), seconds))
        after = bare_rate(spec.onnx, seconds / 2)
        ratios.append(rates[-1] / ((before + after) / 2))
    detail = f"{statistics.median(rates):.0f} pictures/s of {CAMERAS} cameras, one thread, model person"
    what = "inference rate at saturation over a bare session.run loop with the best batch"
    return [Row(what, statistics.median(ratios), "x", 0.95, True, detail)]


ALL: Dict[str, Callable[[Setting, float], List[Row]]] = {"decisions": decisions, "utilisation": utilisation}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.scheduler", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each window (default 10)")
    parser.add_argument("--only", choices=list(ALL), help="this measurement alone")
    args = parser.parse_args()
    rows: List[Row] = []
    for name, measure in ALL.items():
        if args.only in (None, name):
            rows += measure(None, args.seconds)  # type: ignore[arg-type]  # neither needs one
    for row in rows:
        print(f"{row.what}: {row.value:.2f} {row.unit} ({'≥' if row.at_least else '≤'} {row.bound:g}) {row.detail}")
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
