"""Encoded streams as a ring keeps them, without a camera."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import List, NamedTuple, Optional

from edge.capture import native
from edge.capture.gst import Gst
from edge.capture.ring.buffer import Held
from edge.capture.ring.packet import Packet, Record
from edge.capture.ring.ring import Ring

Gst.init(None)
H264 = "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au"
H265 = "h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au"
#: Running time 0 of the streams made here.
BASE = 10**13
_SERIALS = itertools.count()


class _Base(NamedTuple):
    base: int


def generated(count: int, encoder: str, size: str = "width=320,height=240", rate: str = "30/1") -> str:
    """A line for ``stream``: a ball that moves, and a clock."""
    return (
        f"videotestsrc num-buffers={count} pattern=ball ! video/x-raw,format=I420,{size},framerate={rate} ! "
        f"timeoverlay ! {encoder}"
    )


def stream(line: str, skip: int = 0) -> List[Packet]:
    """The packets that a line gives, without decoding times, as RTP has none; ``skip`` ns later on the clock."""
    pipeline = Gst.parse_launch(f"{line} ! appsink name=sink sync=false")
    sink = pipeline.get_by_name("sink")
    pipeline.set_state(Gst.State.PLAYING)
    found: List[Packet] = []
    first: Optional[int] = None
    caps: Optional[native.Caps] = None
    while True:
        sample = sink.emit("pull-sample")
        if sample is None:
            break
        buffer = sample.get_buffer()
        if caps is None:
            caps = native.Caps(native.address(sample.get_caps()))
        first = buffer.pts if first is None else first
        held = Held(native.address(buffer), False)
        key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        found.append(
            Packet(
                held, caps, buffer.pts, native.NO_TIME, native.NO_TIME, buffer.get_size(), key, False,
                _Base(BASE), buffer.pts - first + skip, next(_SERIALS),  # type: ignore[arg-type]
            )
        )  # fmt: skip
    error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert error is None, error.parse_error()
    return found


def ring(packets: List[Packet], seconds: float = 600, size: int = 10**8) -> Ring:
    made = Ring()
    made.keep(Record(seconds, size))
    for packet in packets:
        made.add(packet)
    return made


def times(packets: List[Packet]) -> List[float]:
    """When each picture is shown, in seconds from the first, in that order."""
    shown = sorted(packet.pts for packet in packets)
    return [(pts - shown[0]) / 1e9 for pts in shown]


def bare(packets: List[Packet], path: Path) -> Path:
    """The coded pictures one behind the other, as the camera sent them."""
    path.write_bytes(b"".join(packet.buffer.bytes() for packet in packets))
    return path
