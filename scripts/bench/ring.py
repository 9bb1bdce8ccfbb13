"""What it costs to keep the encoded stream: CPU of a process with eight cameras, with the ring and without.

    python -m scripts.bench.ring [--seconds 20] [--rounds 3]

One process receives eight RTSP streams of 4 Mbit/s at 30 pictures/s up to the parser, as capture processes do, and
throws them away; rings of five seconds are switched on and off in turn, so that a slower machine or a neighbour on it
moves both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List

from scripts.servers import RtspServer

CAMERAS, RATE, KBITS = 8, 30, 4000
KEPT_S = 5.0


def film(folder: Path) -> Path:
    """Half a minute of a test picture with noise, at that rate, and a key picture every second."""
    path = folder / "film.mp4"
    line = (
        f"videotestsrc num-buffers={30 * RATE} pattern=snow ! video/x-raw,width=640,height=360,framerate={RATE}/1 "
        f"! x264enc bitrate={KBITS} vbv-buf-capacity=1000 speed-preset=veryfast key-int-max={RATE} bframes=0 "
        "option-string=scenecut=0 "
        f"! h264parse ! mp4mux ! filesink location={path}"
    )
    subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True, stdout=subprocess.DEVNULL)
    return path


def child(url: str, rounds: int, seconds: float) -> None:
    """Prints for each round the CPU of this process in cores, with the rings and without, and what is in them."""
    from edge.capture.element import Element, caps
    from edge.capture.gst import Gst, build
    from edge.capture.guard import guard, push_on
    from edge.capture.ring.ring import Record, Ring
    from edge.capture.ring.tap import Tap

    Gst.init(None)
    rings: List[Ring] = []
    taps: List[Tap] = []
    pipelines: List[Any] = []
    for _ in range(CAMERAS):
        pipeline = Gst.Pipeline.new(None)
        ring = Ring()
        tap = Tap(ring, copied=False)
        (source,) = build(pipeline, [Element("rtspsrc", (("location", url), ("protocols", "tcp"), ("latency", 200)))])
        made = build(
            pipeline,
            [
                Element("rtph264depay"), caps("video/x-h264,stream-format=byte-stream,alignment=au"),
                Element("errorignore", (("convert-to", "ok"),)), Element("h264parse"),
                Element("fakesink", (("sync", False), ("async", False))),
            ],
        )  # fmt: skip
        tap.place(pipeline, made[3].get_static_pad("src"), made[4].get_static_pad("sink"))
        first = made[0].get_static_pad("sink")
        push_on(made[2])

        def link(_source: Any, pad: Any, first: Any = first) -> None:
            pad.link(first)
            guard(pad, "h264")

        source.connect("pad-added", link)
        pipeline.set_state(Gst.State.PLAYING)
        rings.append(ring)
        taps.append(tap)
        pipelines.append(pipeline)
    for number in range(rounds):
        found: Dict[str, float] = {}
        for kept in (False, True) if number % 2 == 0 else (True, False):
            for tap in taps:
                tap.keep(Record(KEPT_S, 32_000_000) if kept else None)
            time.sleep(KEPT_S + 3)  # connected, and the rings are full
            began, cpu = time.monotonic(), time.process_time()
            time.sleep(seconds)
            found["with" if kept else "without"] = (time.process_time() - cpu) / (time.monotonic() - began)
            if kept:
                found["mb"] = sum(r.bytes for r in rings) / 1e6
        print(json.dumps(found), flush=True)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child, args.rounds, args.seconds)
    with tempfile.TemporaryDirectory() as folder, RtspServer({"film": film(Path(folder))}) as server:
        words = [sys.executable, "-m", "scripts.bench.ring", "--child", server.url("film")]
        words += ["--seconds", str(args.seconds), "--rounds", str(args.rounds)]
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    for found in rounds:
        print("without {without:.2%} of a core, with the ring {with:.2%} ({mb:.1f} MB kept)".format(**found))
    differences = [found["with"] - found["without"] for found in rounds]
    print(f"the ring: {100 * statistics.median(differences):.2f} % of a core, median of {args.rounds}")


if __name__ == "__main__":
    main()
