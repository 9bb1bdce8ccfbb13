"""What `decode: on-activity` saves while nothing happens, and when it notices that something does.

    python -m scripts.bench.activity [--scene NAME] [--encoder NAME]

Each scene of ``scenes`` is served as an RTSP camera, and two capture workers take it at the same time at 5 pictures/s,
both with `analyse: on-motion`: one decodes all, the other on activity. Compared are their CPU before anybody walks in,
and the first picture after that in which each sees motion: when it was taken, and when it was delivered.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from edge.wire import start
from edge.wire.channel import Channel, Closed
from edge.wire.messages import LATE, PICTURE, Credit, PictureHeader
from scripts.servers import RtspServer

from . import scenes
from .processes import Child, cpu_seconds
from .setting import CACHE, SHARED

FPS = 5
#: Seconds after a worker's first picture between which its CPU is measured: it has learned, and nobody is there.
FROM, TO = 8.0, scenes.ENTERS - 1


class Worker:
    """A capture worker with this process as daemon and as inference; ``first``: when its first picture was taken."""

    def __init__(self, url: str, decode: str, log: Path) -> None:
        self.headers: List[PictureHeader] = []
        self.beat: Dict[str, Any] = {}
        self._control, theirs = Channel.pair()
        self._pictures, ours = Channel.pair()
        command = [sys.executable, start.__file__, "edge.capture", "bench", str(theirs.fileno()), str(os.getpid())]
        self._child = Child(command, log, pass_fds=[theirs.fileno()])
        theirs.close()
        analyse = {"sensitivity": 0.5, "heartbeat": 10.0, "hold": 3.0, "masks": []}
        self._control.send(
            {"op": "open", "source": {"kind": "rtsp", "location": url, "fps": FPS}, "stall_timeout": 30,
             "frozen_timeout": 60, "analyse": analyse, "decode": decode}
        )  # fmt: skip
        self._control.send({"op": "inference"}, [ours.fileno()])
        ours.close()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._listen, self._take)]
        for thread in self._threads:
            thread.start()

    @property
    def first(self) -> Optional[float]:
        return self.headers[0].captured / 1e9 if self.headers else None

    @property
    def cpu_s(self) -> float:
        return cpu_seconds([self._child.pid])

    def _listen(self) -> None:
        try:
            while True:
                message = self._control.receive().control or {}
                if message.get("op") == "beat":
                    self.beat = message
        except (Closed, OSError):
            pass

    def _take(self) -> None:
        """As the scheduler does: a credit when the camera is due, for a fresh picture."""
        serial, due = 0, time.monotonic()
        try:
            while True:
                due = max(due + 1 / FPS, time.monotonic())
                time.sleep(max(0.0, due - time.monotonic()))
                serial += 1
                self._pictures.send_bytes(Credit(True, serial).pack())
                while True:
                    message = self._pictures.receive()
                    for fd in message.fds:
                        os.close(fd)
                    if message.data[0] == PICTURE:
                        self.headers.append(PictureHeader.unpack(message.data))
                        break
        except (Closed, OSError):
            pass

    def moved(self, after: float) -> Optional[PictureHeader]:
        """The first picture with motion that was taken so long after the first of all, or later."""
        assert self.first is not None
        return next((h for h in self.headers if h.motion > 0 and h.captured / 1e9 - self.first > after), None)

    def close(self) -> None:
        try:
            self._control.send({"op": "stop"})
        except (Closed, OSError):
            pass
        self._child.__exit__()
        for channel in (self._control, self._pictures):
            channel.close()


def film(scene: str, encoder: str) -> Path:
    """Made once."""
    path = CACHE / "scenes" / "{}-{}.mp4".format(scene, encoder.replace(" ", "-"))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=str(path.parent)) as folder:
            raw = scenes.raw(SHARED / "media" / "vtest-h264.mp4", scene, Path(folder) / "film.nut")
            scenes.encode(raw, scenes.ENCODERS[encoder], Path(folder) / "film.mp4").replace(path)
    return path


def measure(scene: str, encoder: str, folder: Path) -> str:
    """One line about one film."""
    with RtspServer({"film": film(scene, encoder)}, once=True) as server:
        workers = [Worker(server.url("film"), decode, folder / decode) for decode in ("full", "on-activity")]
        try:
            used, shares = _quiet(workers)
            time.sleep(scenes.LENGTH - TO)
        finally:
            for worker in workers:
                worker.close()
    whole, careful = (worker.moved(scenes.ENTERS - 1.5) for worker in workers)
    words = "{:<8} {:<20} CPU {:5.2f} % and {:5.2f} % of a core: {:.2f}; decoded {:.0%}".format(
        scene, encoder, *(100 * seconds / (TO - FROM) for seconds in used), used[1] / used[0], shares
    )
    if whole is None or careful is None:
        return words + "; motion " + ("only with full decoding" if whole else "in neither")
    taken, told = ((getattr(careful, t) - getattr(whole, t)) / 1e9 for t in ("captured", "sent"))
    late = sum(bool(h.flags & LATE) for h in workers[1].headers)
    return words + f"; motion in a picture {taken:+.2f} s later, delivered {told:+.2f} s later; {late} late"


def _quiet(workers: List[Worker]) -> Any:
    """CPU seconds of each between the two times, and the share that the second has decoded."""
    while not all(worker.first for worker in workers):
        time.sleep(0.05)
    began = max(worker.first or 0 for worker in workers)
    _until(began + FROM)
    before, beat = [worker.cpu_s for worker in workers], workers[1].beat
    _until(began + TO)
    after = workers[1].beat
    used = [worker.cpu_s - cpu for worker, cpu in zip(workers, before)]
    return used, (after["decoded"] - beat["decoded"]) / (after["packets"] - beat["packets"])


def _until(when: float) -> None:
    time.sleep(max(0.0, when - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", choices=scenes.SCENES, action="append")
    parser.add_argument("--encoder", choices=list(scenes.ENCODERS), action="append")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for encoder in args.encoder or ["x264 crf"]:
            for scene in args.scene or scenes.SCENES:
                print(measure(scene, encoder, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
