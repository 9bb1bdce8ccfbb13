"""``python -m scripts.bench.gpu_capture CLIP``: how much of a hardware decoder's rate the whole capture path keeps.

For each number of streams, in one run: as many processes that do nothing but ``parsebin ! decoder ! appsink``, then as
many capture workers, whose pictures are asked for by credits and come through shared memory. Both read the same long
file as fast as it goes. Then the workers again at the clip's own pace. Needs the standard library, GStreamer and gi.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

from edge.wire import start
from edge.wire.channel import Channel
from edge.wire.messages import PICTURE, Credit

_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 120.0


class Rate(NamedTuple):
    """Of all streams together: decoded and delivered pictures/s, CPU of the processes for a decoded picture (ms)."""

    decoded: float
    delivered: float
    cpu_ms: float


def _cpu_s(pids: List[int]) -> float:
    fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(int(f[11]) + int(f[12]) for f in fields) / _TICK


# ---- decoding alone --------------------------------------------------------------------------------------------------


def decode_alone(path: str, decoder: str) -> None:
    """A child: decodes until its input is closed; answers each line with how many pictures have come."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    from gi.repository import Gst

    Gst.init(None)
    pipeline = Gst.parse_launch(
        f'filesrc location="{path}" ! parsebin ! {decoder} ! appsink name=sink sync=false drop=true max-buffers=1 '
        "enable-last-sample=false qos=false"
    )
    sink = pipeline.get_by_name("sink")
    pipeline.set_state(Gst.State.PLAYING)
    for _line in sys.stdin:
        print(int(sink.get_property("stats").get_value("rendered")), time.monotonic(), flush=True)
    pipeline.set_state(Gst.State.NULL)


def alone(path: str, decoder: str, streams: int, seconds: float) -> Rate:
    command = [sys.executable, "-m", "scripts.bench.gpu_capture", "--alone", decoder, path]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(streams)
    ]

    def counts() -> List[List[float]]:
        for process in processes:
            assert process.stdin is not None
            print(file=process.stdin, flush=True)
        lines = [process.stdout.readline() for process in processes if process.stdout is not None]
        return [[float(word) for word in line.split()] for line in lines]

    end = time.monotonic() + _PATIENCE_S
    while any(frames < 30 for frames, _ in counts()):
        if time.monotonic() > end:
            raise SystemExit(f"{decoder} gives no pictures")
        time.sleep(0.2)
    pids = [process.pid for process in processes]
    before, cpu = counts(), _cpu_s(pids)
    time.sleep(seconds)
    after, cpu = counts(), _cpu_s(pids) - cpu
    for process in processes:
        process.communicate()
    rate = sum((b[0] - a[0]) / (b[1] - a[1]) for a, b in zip(before, after))
    return Rate(rate, 0.0, 1000 * cpu / (rate * seconds))


# ---- the whole path --------------------------------------------------------------------------------------------------


class Camera:
    """A capture worker, and this process as its daemon and as its inference process."""

    def __init__(self, source: Dict[str, Any]) -> None:
        self.control, theirs = Channel.pair()
        self.process = subprocess.Popen(
            [sys.executable, start.__file__, "edge.capture", "bench", str(theirs.fileno()), str(os.getpid())],
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self.control.send({"op": "open", "source": source, "stall_timeout": 60.0, "frozen_timeout": 0.0})
        self.pictures, theirs = Channel.pair()
        self.control.send({"op": "inference"}, [theirs.fileno()])
        theirs.close()
        self.online: Dict[str, Any] = {}
        self.beats: List[Dict[str, Any]] = []
        self.delivered = 0
        self.serial = 0
        self.waiting = False
        self.next_due = time.monotonic()

    def ask(self) -> None:
        self.serial += 1
        self.waiting = True
        self.pictures.send_bytes(Credit(True, self.serial).pack())

    def hear(self, channel: Channel) -> None:
        message = channel.receive()
        if channel is self.pictures:
            for fd in message.fds:
                os.close(fd)
            if message.data[0] == PICTURE:
                self.delivered += 1
                self.waiting = False
            return
        said = message.control or {}
        if said.get("op") == "online":
            self.online = said
        elif said.get("op") == "beat":
            self.beats.append(said)
        elif said.get("op") == "end":
            raise SystemExit(f"the capture worker ended: {said['state']}: {said['reason']}")

    def end(self) -> None:
        self.control.close()
        self.pictures.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(cameras: List[Camera], fps: float, until: float) -> None:
    """Ask each for ``fps`` pictures a second, or for the next at once when that is 0, and take what they say."""
    channels = {channel: camera for camera in cameras for channel in (camera.control, camera.pictures)}
    while time.monotonic() < until:
        now = time.monotonic()
        for camera in cameras:
            if not camera.waiting and now >= camera.next_due and camera.online:
                camera.next_due = max(camera.next_due + (1 / fps if fps else 0.0), now - 0.1)
                camera.ask()
        ready, _, _ = select.select(list(channels), [], [], 0.002)
        for channel in ready:
            channels[channel].hear(channel)


def whole(source: Dict[str, Any], streams: int, fps: float, seconds: float, decoder: str) -> Rate:
    cameras = [Camera(source) for _ in range(streams)]
    try:
        end = time.monotonic() + _PATIENCE_S
        while not all(len(camera.beats) > 1 and camera.beats[-1]["frames"] > 30 for camera in cameras):
            if time.monotonic() > end:
                raise SystemExit("not all capture workers deliver")
            serve(cameras, fps, time.monotonic() + 0.2)
        used = {camera.online["decoder"] for camera in cameras}
        if used != {decoder}:
            raise SystemExit(f"{decoder} was wanted, {', '.join(used)} decodes: {cameras[0].online['note']}")
        pids = [camera.process.pid for camera in cameras]
        firsts, cpu = [camera.beats[-1] for camera in cameras], _cpu_s(pids)
        taken, began = sum(camera.delivered for camera in cameras), time.monotonic()
        serve(cameras, fps, began + seconds)
        cpu, taken = _cpu_s(pids) - cpu, sum(camera.delivered for camera in cameras) - taken
        took = time.monotonic() - began
        decoded = sum(
            (camera.beats[-1]["frames"] - first["frames"]) / (camera.beats[-1]["time"] - first["time"]) * 1e9
            for camera, first in zip(cameras, firsts)
        )
        return Rate(decoded, taken / took, 1000 * cpu / (decoded * took))
    finally:
        for camera in cameras:
            camera.end()


# ---- what is measured ------------------------------------------------------------------------------------------------


def lengthened(clip: str, codec: str, folder: str, seconds: float, at_most_mib: int = 4096) -> str:
    """The clip's bare video over and over in one file: no container, so that nothing paces it."""
    short = os.path.join(folder, "short")
    subprocess.run(
        ["gst-launch-1.0", "-q", "filesrc", f"location={clip}", "!", "parsebin", "!", f"{codec}parse",
         "config-interval=-1", "!", f"video/x-{codec},stream-format=byte-stream", "!", "filesink", f"location={short}"],
        check=True,
    )  # fmt: skip
    data = Path(short).read_bytes()
    path = os.path.join(folder, f"long.{codec}")
    with open(path, "wb") as file:
        # No decoder is faster than 1,500 pictures of 1080p a second; a second of the clips has about 225 KiB.
        for _ in range(min(int(seconds * 1500 / 900) + 1, at_most_mib * 1048576 // len(data))):
            file.write(data)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="gpu_capture", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip", help="a 1080p30 clip of at least 900 pictures")
    parser.add_argument("--codec", choices=("h264", "h265"), default="h264")
    parser.add_argument("--decoder", help="default: nvh264dec or nvh265dec")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--fps", type=float, nargs="+", default=[10.0, 30.0], help="pictures asked of each camera")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each window")
    parser.add_argument("--json", metavar="FILE", help="write what was measured there too")
    parser.add_argument("--alone", metavar="DECODER", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.alone:
        decode_alone(args.clip, args.alone)
        return 0
    decoder = args.decoder or f"nv{args.codec}dec"
    rows: List[Dict[str, Any]] = []

    def row(what: str, streams: int, fps: float, rate: Rate, bare: float = 0.0) -> None:
        share = rate.decoded / bare if bare else 0.0
        rows.append({"what": what, "streams": streams, "fps": fps, **rate._asdict(), "of_decoding_alone": share})
        print(
            f"{what:<16} {streams:>3} streams  asked {fps:>3g}/s each  decoded {rate.decoded:7.0f}/s  delivered "
            f"{rate.delivered:6.0f}/s  CPU {rate.cpu_ms:5.2f} ms a decoded picture"
            + (f"  {share:.2f} x" if bare else ""),
            flush=True,
        )

    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder:
        path = lengthened(args.clip, args.codec, folder, args.seconds + 10)
        for streams in args.streams:
            bare = alone(path, decoder, streams, args.seconds)
            row("decoding alone", streams, 0, bare)
            for fps in args.fps:
                source = {"kind": "file", "location": path, "fps": fps, "options": {"paced": False}}
                row("whole path", streams, fps, whole(source, streams, fps, args.seconds, decoder), bare.decoded)
        for streams in args.streams:
            source = {"kind": "file", "location": args.clip, "loop": True, "fps": 10.0}
            row("at its own pace", streams, 10.0, whole(source, streams, 10.0, args.seconds, decoder))
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
