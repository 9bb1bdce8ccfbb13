"""``python -m scripts.bench.gpu_path CLIP MODEL.json``: cameras decoded in hardware, analysed on the GPU.

The capture workers and the inference worker are the daemon's own; this process is the daemon. MODEL.json holds what the
inference worker is told of a model. First each provider for itself analyses the same clip by one camera; then as many
cameras as are asked for. Needs the standard library; the two interpreters need what the workers need.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

from edge.wire import start
from edge.wire.channel import Channel
from edge.wire.messages import RESULT, unpack_result

_PATIENCE_S = 120.0
_TICK = os.sysconf("SC_CLK_TCK")


class Worker:
    def __init__(self, python: str, module: str) -> None:
        self.channel, theirs = Channel.pair()
        command = [*python.split(), start.__file__, module, "bench", str(theirs.fileno()), str(os.getpid())]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()
        self.channel.set_timeout(_PATIENCE_S)

    def end(self) -> None:
        self.channel.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


class Site:
    """Cameras of one clip, and one inference worker."""

    def __init__(self, args: argparse.Namespace, provider: str, cameras: int, fps: float) -> None:
        model = json.loads(Path(args.model).read_text())
        self.inference = Worker(args.inference_python, "edge.inference")
        lane = {"backend": "onnxruntime", "provider": provider, "threads": args.threads, "batch": args.batch}
        self.inference.channel.send({"op": "model", "id": 1, "model": model, "lanes": [lane]})
        self.decoders: Dict[str, str] = {}
        self.beats: List[Dict[str, Any]] = []
        self.cameras: List[Worker] = []
        self._wait_for_model()
        floors = [args.score] * len(model["labels"])
        for number in range(1, cameras + 1):
            camera = Worker(args.capture_python, "edge.capture")
            self.cameras.append(camera)
            source = {"kind": "file", "location": args.clip, "loop": True, "fps": fps}
            camera.channel.send({"op": "open", "source": source, "stall_timeout": 60.0, "frozen_timeout": 0.0})
            ours, theirs = Channel.pair()
            order = {"op": "camera", "id": number, "name": str(number), "fps": fps, "models": {1: floors}}
            self.inference.channel.send(order, [ours.fileno()])
            camera.channel.send({"op": "inference"}, [theirs.fileno()])
            ours.close()
            theirs.close()

    def _wait_for_model(self) -> None:
        while True:
            said = self.inference.channel.receive().control or {}
            if said.get("op") == "model":
                if said["state"] != "ready":
                    raise SystemExit(f"the model cannot be run: {said['reason']}")
                return

    def results(self, seconds: float) -> List[Any]:
        """(header, boxes) of what comes in that time."""
        found: List[Any] = []
        channels = [self.inference.channel, *(camera.channel for camera in self.cameras)]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for channel in select.select(channels, [], [], 0.1)[0]:
                message = channel.receive()
                said = message.control
                if said is None:
                    if message.data[0] == RESULT:
                        header, boxes = unpack_result(message.data)
                        found.append((header, bytes(boxes)))
                elif said.get("op") == "online":
                    self.decoders[said["decoder"]] = said["memory"]
                elif said.get("op") == "end":
                    raise SystemExit(f"a capture worker ended: {said['reason']}")
        return found

    def end(self) -> None:
        for worker in [*self.cameras, self.inference]:
            worker.end()


def measure(args: argparse.Namespace, provider: str, cameras: int, fps: float) -> Dict[str, Any]:
    site = Site(args, provider, cameras, fps)
    try:
        site.results(args.warm_up)
        workers = [*site.cameras, site.inference]
        cpu, began = sum(w.cpu_s() for w in workers), time.monotonic()
        inference_cpu = site.inference.cpu_s()
        found = site.results(args.seconds)
        took = time.monotonic() - began
        times = [header.times for header, _ in found]
        return {
            "provider": provider,
            "cameras": cameras,
            "asked": cameras * fps,
            "analysed": len(found) / took,
            "boxes": statistics.mean(len(boxes) // struct.calcsize("<6f") for _, boxes in found) if found else 0.0,
            "infer_ms": statistics.median((t.inferred - t.prepared) / 1e6 for t in times) if times else 0.0,
            "capture_to_result_ms": statistics.median((t.finished - t.captured) / 1e6 for t in times) if times else 0.0,
            "cpu_ms": 1000 * (sum(w.cpu_s() for w in workers) - cpu) / max(1, len(found)),
            "inference_cpu_ms": 1000 * (site.inference.cpu_s() - inference_cpu) / max(1, len(found)),
            "decoders": site.decoders,
        }
    finally:
        site.end()


def main() -> int:
    parser = argparse.ArgumentParser(prog="gpu_path", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip")
    parser.add_argument("model", help="a JSON file: name, onnx, input, output, labels, min_score")
    parser.add_argument("--capture-python", default=sys.executable, help="command of the capture workers' interpreter")
    parser.add_argument("--inference-python", default=sys.executable)
    parser.add_argument("--providers", nargs="+", default=["cpu", "cuda"])
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--score", type=float, default=0.3)
    parser.add_argument("--warm-up", type=float, default=6.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    rows = []
    for provider in args.providers:
        for cameras in args.cameras:
            row = measure(args, provider, cameras, args.fps)
            rows.append(row)
            print(
                f"{provider:<5} {cameras:>3} cameras: {row['analysed']:7.1f} of {row['asked']:g} pictures/s, "
                f"{row['boxes']:.2f} boxes, network {row['infer_ms']:.2f} ms, capture to result "
                f"{row['capture_to_result_ms']:.1f} ms, CPU a picture {row['cpu_ms']:.2f} ms (inference "
                f"{row['inference_cpu_ms']:.2f}), {row['decoders']}",
                flush=True,
            )
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
