"""`decode: on-activity` on real streams: what is decoded while it is quiet, and what comes when something happens."""

from __future__ import annotations

import select
import threading
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from edge.boards import ANY_MACHINE
from edge.capture import picture as planes
from edge.capture.sink import Picture
from edge.capture.source import Source
from edge.capture.stream import Stream
from edge.errors import Ended
from edge.wire.messages import LATE, PictureHeader
from scripts.bench import scenes
from scripts.servers import RtspServer
from tests.capture import numbered
from tests.capture.harness import CaptureHarness, clip, rtsp
from tests.simulation.conftest import BOARDS
from tests.simulation.jetson import Jetson
from tests.support.worker import PATIENCE

SECOND = 10**9
RATE = 25


class Gate:
    """What looks for motion, under the test's command."""

    wish = None

    def __init__(self) -> None:
        self.quiet = True
        self.moved = 0
        self.told = 0

    def activity(self, _now: int) -> None:
        self.told += 1


def number(picture: Picture) -> int:
    luma = np.empty(picture.layout.size, np.uint8)
    planes.copy(picture.sample, picture.layout, luma.ctypes.data, len(luma))
    rows, stride = picture.layout.height, picture.layout.strides[0]
    return numbered.number_of(luma[: rows * stride].reshape(rows, stride)[:, : picture.layout.width])


class Watched:
    """A numbered clip, played in its own thread: what is taken of it, as (number, captured, late)."""

    def __init__(self, path: Path, back: bool) -> None:
        self.taken: List[Tuple[int, int, bool]] = []
        self.shares: List[float] = []
        self.waked = 0
        self._back = back
        self._thread = threading.Thread(target=self._run, args=(path,))
        self._thread.start()

    def _run(self, path: Path) -> None:
        gate = Gate()
        self.stream = stream = Stream(Source("file", str(path), fps=RATE), ANY_MACHINE, on_activity=True)
        stream.activity.gate = gate
        try:
            self._take(stream, gate)
        except Ended:
            pass
        finally:
            stream.close(2)

    def _take(self, stream: Stream, gate: Gate) -> None:
        valve: Any = None
        while True:
            stream.check()
            picture = stream.take(False, 0.05)
            valve = stream.activity.valve
            if valve is not None and valve.switch.quiet and stream.packets >= 215 and not self.waked:
                if not self._back:
                    self.waked, gate.quiet = stream.packets, False
                elif picture is not None:
                    self.waked, gate.quiet = stream.packets, False
                    assert stream.activity.again(picture)
                    continue
                self.shares.append(stream.decoded / stream.packets)
            if picture is not None:
                self.taken.append((number(picture), picture.captured, picture.late))

    def join(self) -> None:
        self._thread.join()


def test_what_was_kept_back_is_decoded_as_if_nothing_had_been(tmp_path: Path) -> None:
    """From where it was when something happened, or from the key picture before on."""
    paths = {
        name: numbered.make(tmp_path / f"{name}.mp4", [*numbered.CODINGS[name], "-threads", "1"], 280)
        for name in ("h264", "h264 with B pictures", "h265 with B pictures")
    }
    watched = {(name, back): Watched(path, back) for name, path in paths.items() for back in (False, True)}
    for case, one in watched.items():
        one.join()
        assert one.waked, case
        first = next(captured - shown * SECOND // RATE for shown, captured, _ in one.taken)
        for shown, captured, _late in one.taken:
            assert abs(captured - first - shown * SECOND // RATE) < SECOND / RATE / 2, (case, shown)
        late = [shown for shown, _, late in one.taken if late]
        assert late, case
        after = [shown for shown, _, _ in one.taken if shown >= late[0]]
        assert after == sorted(set(after)), (case, after)
        assert max(b - a for a, b in zip(after, after[1:])) < RATE, (case, after)
        assert after[-1] > 260, case


ANALYSE = {"sensitivity": 0.5, "heartbeat": 60.0, "hold": 1.0, "masks": []}


def played(worker: CaptureHarness) -> List[PictureHeader]:
    """Every picture that comes, up to the end of the stream."""
    headers = []
    worker.give_credit(fresh=False)
    while True:
        assert worker.pictures is not None
        ready = select.select([worker.control, worker.pictures], [], [], PATIENCE)[0]
        assert ready
        if worker.control in ready:
            message = worker.hear()
            if message is not None and message["op"] == "end":
                return headers
        else:
            headers.append(worker.take_picture()[0])
            worker.give_credit(fresh=False)


def check(worker: CaptureHarness, headers: List[PictureHeader]) -> None:
    """Of the scene below."""
    begin = headers[0].captured
    before = [b for b in worker.said("beat") if 6 * SECOND < b["time"] - begin < (ENTERS - 0.2) * SECOND]
    packets, decoded = (before[-1][name] - before[0][name] for name in ("packets", "decoded"))
    assert packets > 20 and decoded < 0.3 * packets, before
    assert before[-1]["frames"] - before[0]["frames"] == packets, "all that comes is a sign of life"
    times = [(header.captured - begin) / SECOND for header in headers]
    assert times == sorted(times)
    moved = [time for time, header in zip(times, headers) if header.motion > 0 and time > ENTERS - 1]
    assert moved[0] < ENTERS + 1.2, moved
    assert max(b - a for a, b in zip(moved, moved[1:])) < 1, moved
    assert not any(header.flags & LATE for header in headers if header.captured - begin < (ENTERS - 1.5) * SECOND)


ENTERS = 11.4


@pytest.fixture(scope="module")
def still(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing happens until somebody walks in; a key picture every two seconds, and B pictures."""
    folder = tmp_path_factory.mktemp("scenes")
    media = shared / "media" / "vtest-h264.mp4"
    film = scenes.raw(media, "still", folder / "film.nut", length=15.0, enters=ENTERS)
    return scenes.encode(film, scenes.ENCODERS["x264 crf B pyramid"], folder / "still.mp4")


def board(folder: Path) -> Jetson:
    try:
        return Jetson("r35", BOARDS["r35"], folder)
    except LookupError as error:
        pytest.skip(str(error))


def test_somebody_enters_between_two_key_pictures(still: Path, tmp_path: Path, python36: Path) -> None:
    """Through a network, from a file, and on a board: at once, each in real time."""
    with RtspServer({"still": still}, once=True) as server:
        remote, size = rtsp(server.url("still"), fps=5), [384, 288]
        ways: List[Dict[str, Any]] = [
            {"source": remote},
            {"source": clip(still, fps=5, size=size), "python": python36},
            {"source": dict(remote, size=size), "environment": board(tmp_path).environment()},
        ]
        workers = [CaptureHarness(analyse=ANALYSE, decode="on-activity", **way) for way in ways]
        found: List[List[PictureHeader]] = [[] for _ in workers]
        threads = [
            threading.Thread(target=lambda n=n: found[n].extend(played(workers[n]))) for n in range(len(workers))
        ]
        for thread in threads:
            thread.start()
        for thread, worker in zip(threads, workers):
            thread.join()
            worker.__exit__(None, None, None)
    for worker, headers in zip(workers, found):
        check(worker, headers)
