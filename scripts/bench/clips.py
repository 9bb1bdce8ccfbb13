"""What a clip costs: written as it is, and masked (decoded and encoded anew).

    python -m scripts.bench.clips [--seconds 15] [--bits 4000000]
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from typing import Any, List

from edge.boards import ANY_MACHINE
from edge.capture.clip.gather import Gathering
from edge.capture.clip.write import write
from edge.capture.gst import Gst
from edge.capture.ring.packet import Record
from edge.capture.ring.ring import Ring
from edge.capture.ring.tap import Tap

MASK = [(0.1, 0.1), (0.5, 0.2), (0.3, 0.7)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--bits", type=int, default=4_000_000)
    parser.add_argument("--size", default="1920x1080")
    how = parser.parse_args()
    width, height = how.size.split("x")
    kilobits = how.bits // 1000
    kept = _stream(
        f"videotestsrc num-buffers={30 * how.seconds} pattern=smpte ! "
        f"video/x-raw,format=I420,width={width},height={height},framerate=30/1 ! timeoverlay ! "
        f"x264enc speed-preset=ultrafast tune=zerolatency bitrate={kilobits} key-int-max=60 "
        f"option-string=nal-hrd=cbr:filler=1:vbv-maxrate={kilobits}:vbv-bufsize={kilobits} ! "
        "h264parse config-interval=-1 name=parse ! video/x-h264,stream-format=byte-stream,alignment=au ! "
        "fakesink name=sink sync=false"
    )
    packets = kept.span(0, 2**62)
    size = sum(packet.size for packet in packets)
    print(f"{len(packets)} pictures of {how.size}, {size / 1e6:.1f} MB, {8e-6 * size / how.seconds:.1f} Mbit/s")
    for name, masks in (("as it is", []), ("masked", [MASK])):
        measured(name, kept, masks)


def _stream(line: str) -> Ring:
    """Everything that the line gives, as a camera's ring would hold it."""
    pipeline = Gst.parse_launch(line)
    kept = Ring()
    kept.keep(Record(3600, 10**9))
    sink = pipeline.get_by_name("sink").get_static_pad("sink")
    Tap(kept, copied=False).place(pipeline, pipeline.get_by_name("parse").get_static_pad("src"), sink)
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    return kept


def measured(name: str, kept: Any, masks: List[Any]) -> None:
    clip = Gathering(0, 2**62)
    clip.look(kept, 10**9, 0)
    with tempfile.TemporaryFile() as file:
        fd = os.dup(file.fileno())
        cpu, began = _cpu(), time.monotonic()
        found = write(clip, fd, masks, ANY_MACHINE)
        print(f"{name:9} {_cpu() - cpu:6.3f} s of CPU, {time.monotonic() - began:6.3f} s, "
              f"{os.fstat(fd).st_size / 1e6:.1f} MB {found.encoder}")  # fmt: skip
        os.close(fd)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
