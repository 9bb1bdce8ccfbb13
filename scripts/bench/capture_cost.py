"""What a capture process costs a delivered picture beyond receiving, decoding and conversion.

The same stream goes at the same time through the worker and through ``gst-launch-1.0`` with a sink that throws away, so
that a faster or slower machine, or a neighbour on it, moves both sides. The difference is ours: the copy into shared
memory, the message, the heartbeat, and what looks at packets and pictures on the way.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

from edge.wire import start
from edge.wire.channel import Channel, Closed
from edge.wire.messages import PICTURE, Credit

from .measures import Row
from .processes import Child, until
from .setting import CACHE, Setting, clip_1080p30

#: CPU of one delivered picture of 640x360, in milliseconds.
BOUND_MS = 0.6
ROUNDS = 3
#: 640x360 as a camera's second stream is, in pictures/s and kbit/s.
RATE, KBITS = 30, 1000


class _Load(NamedTuple):
    """``of``: pictures/s that are asked for; None: every one. ``size``: to which the worker scales."""

    what: str
    clip: Callable[[], Path]
    of: Optional[float]
    size: Optional[List[int]]
    convert: str


def clip_360p30() -> Path:
    """The street clip as a camera's second stream; made once."""
    clip = CACHE / "street-360p30.mp4"
    if not clip.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = clip.with_suffix(".part")
        line = (
            f"filesrc location={clip_1080p30()} ! qtdemux ! h264parse ! avdec_h264 ! videoscale "
            f"! video/x-raw,format=I420,width=640,height=360,pixel-aspect-ratio=1/1 "
            f"! x264enc bitrate={KBITS} key-int-max={2 * RATE} bframes=0 ! video/x-h264,profile=main "
            f"! h264parse ! mp4mux ! filesink location={part}"
        )
        subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True, stdout=subprocess.DEVNULL)
        part.replace(clip)
    return clip


_SCALE = "videorate drop-only=true ! video/x-raw,framerate={}/1 ! {} ! video/x-raw,width=640,height=360,format=I420"
_LOADS = (
    _Load("640x360, every picture of 30 a second", clip_360p30, None, None, ""),
    _Load("640x360, 5 of 30 a second", clip_360p30, 5, None, ""),
    _Load("1080p scaled to 640x360, 5 of 30 a second", clip_1080p30, 5, [640, 360], _SCALE),
)


def _scaler() -> str:
    there = subprocess.run(["gst-inspect-1.0", "--exists", "videoconvertscale"]).returncode == 0
    return "videoconvertscale add-borders=false" if there else "videoscale add-borders=false ! videoconvert"


def _bare(url: str, load: _Load) -> str:
    """What receives, decodes and converts, and nothing of ours."""
    convert = load.convert.format(int(load.of or RATE), _scaler()) if load.convert else ""
    return (
        f"rtspsrc location={url} protocols=tcp latency=200 ! rtph264depay "
        "! video/x-h264,stream-format=byte-stream,alignment=au ! h264parse ! avdec_h264 max-threads=1 ! "
        f"{convert + ' ! ' if convert else 'videoconvert ! '}fakesink sync=false"
    )


class Consumer:
    """A capture worker with this process as daemon and as inference: credits at a rate, pictures counted."""

    def __init__(self, url: str, load: _Load, log: Path) -> None:
        self.pictures = 0
        self._load = load
        self._control, theirs = Channel.pair()
        self._pictures, ours = Channel.pair()
        command = [sys.executable, start.__file__, "edge.capture", "bench", str(theirs.fileno()), str(os.getpid())]
        self._child = Child(command, log, pass_fds=[theirs.fileno()])
        theirs.close()
        source: Dict[str, Any] = {"kind": "rtsp", "location": url, "size": load.size, "fps": load.of or RATE}
        self._control.send({"op": "open", "source": source, "stall_timeout": 30, "frozen_timeout": 60})
        self._control.send({"op": "inference"}, [ours.fileno()])
        ours.close()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._listen, self._take)]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    def _listen(self) -> None:
        try:
            while True:
                self._control.receive()
        except (Closed, OSError):
            pass

    def _take(self) -> None:
        """As the scheduler does: a credit when the camera is due, for a fresh picture."""
        serial, due = 0, time.monotonic()
        try:
            while True:
                if self._load.of is not None:
                    due = max(due + 1 / self._load.of, time.monotonic())
                    time.sleep(max(0.0, due - time.monotonic()))
                serial += 1
                self._pictures.send_bytes(Credit(self._load.of is not None, serial).pack())
                while True:
                    message = self._pictures.receive()
                    for fd in message.fds:
                        os.close(fd)
                    if message.data[0] == PICTURE:
                        break
                self.pictures += 1
        except (Closed, OSError):
            pass

    def close(self) -> None:
        self._control.send({"op": "stop"})
        for thread in self._threads:
            thread.join(10)
        self._child.__exit__()
        self._control.close()
        self._pictures.close()


@contextmanager
def _both(url: str, load: _Load, folder: Path) -> Iterator[Any]:
    consumer = Consumer(url, load, folder / "capture.log")
    try:
        with Child(["gst-launch-1.0", "-q", *_bare(url, load).split()], folder / "bare.log") as bare:
            yield consumer, bare
    finally:
        consumer.close()


def _measure(setting: Setting, seconds: float, load: _Load) -> Row:
    costs, details = [], []
    with setting.rtsp_server(load.clip()):
        for _ in range(ROUNDS):
            with _both(setting.rtsp_url, load, setting.folder) as (consumer, bare):
                until(lambda: consumer.pictures > 5, 30, "pictures")
                time.sleep(2)
                pids = [consumer.pid, bare.pid]
                before, pictures = [_cpu_ns(pid) for pid in pids], consumer.pictures
                time.sleep(seconds)
                ours, theirs = ((_cpu_ns(pid) - cpu) / 1e9 for pid, cpu in zip(pids, before))
                came = consumer.pictures - pictures
            costs.append((ours - theirs) / came * 1e3)
            details.append((ours / came * 1e3, theirs / came * 1e3, came / seconds))
    whole, bare_ms, rate = (statistics.median(values) for values in zip(*details))
    detail = f"the worker {whole:.2f} ms, gst-launch-1.0 {bare_ms:.2f} ms; {rate:.1f} pictures/s"
    return Row(
        f"CPU a delivered picture beyond receiving and decoding, {load.what}", statistics.median(costs), "ms",
        BOUND_MS, detail=detail,
    )  # fmt: skip


def _cpu_ns(pid: int) -> int:
    """CPU of all the threads that a process has now. (The kernel's ticks are too coarse for a difference.)"""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())


def capture_cost(setting: Setting, seconds: float) -> List[Row]:
    """What the worker adds, for pictures as they come and for scaled ones."""
    return [_measure(setting, seconds, load) for load in _LOADS]


ALL: Dict[str, Callable[[Setting, float], List[Row]]] = {"capture_cost": capture_cost}
