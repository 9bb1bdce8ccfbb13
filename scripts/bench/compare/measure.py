"""One contender with so many cameras for a while: what it used, analysed and told, and when."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from scripts.bench.setting import Setting

from .cameras import Cameras, Mount, Sent
from .contender import ONNX, Contender, Decoding, wait_ready
from .heard import Subscriber, Told, in_sight, read
from .usage import busy, cpu_of, tree

_SETTLE_S = 2.0
_BEHIND_MS = 1000.0


class Measured(NamedTuple):
    """``cores``: CPU seconds a second of all its processes; ``root``: of those that were started first alone (edge's
    daemon). ``pictures``: analysed a second. ``sight``: objects there on average, for those who tell starts and ends.
    """

    name: str
    cameras: int
    cores: float
    root: float
    pictures: float
    seconds: float
    told: List[Told]
    sight: float
    sent: Dict[str, Sent]
    #: Cores that something else on the machine used meanwhile.
    others: float = 0.0

    @property
    def latencies(self) -> List[float]:
        """Milliseconds from when a picture was sent until somebody heard of a person in it."""
        return [(one.arrived - one.sent) * 1e3 for one in self.told]

    @property
    def behind(self) -> bool:
        """Whether it fell behind: then it has not done all the work whose cost is compared."""
        return bool(self.told) and float(np.median(self.latencies)) > _BEHIND_MS


def measure(
    setting: Setting, contender: Contender, mounts: Dict[str, Mount], seconds: float, settle: float = _SETTLE_S
) -> Measured:
    folder = _folder(setting)
    with Cameras(mounts) as cameras, Subscriber(setting.broker_port) as subscriber:
        contender.start(setting.broker_port, cameras.urls, folder)
        try:
            wait_ready(contender)
            time.sleep(settle)
            began, before, first = time.monotonic(), _used(contender), contender.pictures()
            strange = _strange()
            time.sleep(seconds)
            strange = _strange() - strange
            ended, after, last = time.monotonic(), _used(contender), contender.pictures()
            sent, messages = cameras.sent(), list(subscriber.messages)
        finally:
            contender.close()
    lasted = ended - began
    used = [(end - start) / lasted for start, end in zip(before, after)]
    rate = (last[1] - first[1]) / max(last[0] - first[0], 1e-3)
    told = [one for one in read(messages, sent) if began <= one.arrived <= ended]
    sight = in_sight(messages, began, ended)
    return Measured(contender.name, len(mounts), used[0], used[1], rate, lasted, told, sight, sent, strange / lasted)


def _strange() -> float:
    """CPU seconds of whoever is not ours."""
    return busy() - cpu_of(tree([os.getpid()]))


def _used(contender: Contender) -> Tuple[float, float]:
    roots = contender.roots()
    return cpu_of(tree(roots)), cpu_of(roots)


def _folder(setting: Setting) -> Path:
    setting.folder.joinpath("compare").mkdir(exist_ok=True)
    return setting.folder / "compare" / str(time.monotonic_ns())


class Floor(NamedTuple):
    """CPU seconds: of receiving and decoding in a second, and of one picture's inference."""

    decode: float
    infer: float

    def cores(self, pictures: float) -> float:
        """What so many analysed pictures a second cost at least."""
        return self.decode + self.infer * pictures


def floor(setting: Setting, mounts: Dict[str, Mount], seconds: float, pictures: int) -> Floor:
    """The bare loop runs beside the decoders, so that both have the machine as the others have it."""
    decoding = Decoding()
    with Cameras(mounts) as cameras, Bare() as bare:
        decoding.start(setting.broker_port, cameras.urls, _folder(setting))
        try:
            wait_ready(decoding)
            time.sleep(_SETTLE_S)
            began, before = time.monotonic(), cpu_of(tree(decoding.roots()))
            infer, _ = bare.run(pictures)
            time.sleep(max(0.0, began + seconds - time.monotonic()))
            used = cpu_of(tree(decoding.roots())) - before
            return Floor(used / (time.monotonic() - began), infer)
        finally:
            decoding.close()


class Bare:
    """A bare loop over ``session.run`` of ONNX Runtime on prepared tensors, one thread, with the best of some batches.

    In a process of its own. Its first answer, CPU and wall seconds a picture by batch, chooses the batch.
    """

    _CODE = """
import json, sys, time
import numpy as np, onnxruntime as o
s = o.SessionOptions()
s.intra_op_num_threads = s.inter_op_num_threads = 1
n = o.InferenceSession(sys.argv[1], s, providers=["CPUExecutionProvider"])
name, _, h, w = n.get_inputs()[0].name, *n.get_inputs()[0].shape[1:]
x = {b: {name: np.random.default_rng(1).random((b, 3, h, w), np.float32)} for b in (1, 2, 4, 8)}
def loop(b, pictures):
    c, t, runs = time.process_time(), time.perf_counter(), max(1, round(pictures / b))
    for _ in range(runs):
        n.run(None, x[b])
    return (time.process_time() - c) / runs / b, (time.perf_counter() - t) / runs / b
for b in x:
    loop(b, 16)
best = min(x, key=lambda b: min(loop(b, 24) for _ in range(3)))
print(best, flush=True)
for line in sys.stdin:
    print(*loop(best, int(line)), flush=True)
"""

    def __enter__(self) -> Bare:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._CODE, str(ONNX)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
        )  # fmt: skip
        self.batch = int(self._answer())
        return self

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def run(self, pictures: int) -> Tuple[float, float]:
        """CPU and wall seconds a picture."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{pictures}\n")
        self._process.stdin.flush()
        cpu, wall = self._answer().split()
        return float(cpu), float(wall)

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def right(told: List[Told], people: List[Any]) -> float:
    """The share of boxes told that the model also finds in that picture, or one of its neighbours, decoded in full."""
    from .scene import overlap

    hits = [
        any(overlap(box, other) >= 0.5 for near in (0, -1, 1) for other in people[(one.number + near) % len(people)])
        for one in told
        for box in one.boxes
    ]
    return float(np.mean(hits)) if hits else 0.0
