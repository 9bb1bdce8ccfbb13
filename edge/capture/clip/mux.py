"""Coded pictures into an MP4 file, as they are: nothing is decoded.

The index stands in front, so that a player needs only the file's beginning to begin: the muxer keeps the pictures in
memory (a memfd) until it knows the index.
"""

import os
from typing import Any, List, Sequence

from ...wire.memory import memfd_create
from .. import native
from ..bound import Bound
from ..element import Element, caps
from ..evidence_fault import EvidenceError
from ..gst import Gst
from ..pipeline import PARSERS
from .encode_run import Run
from .stream import codec
from .times import Timed

#: As browsers take it: parameter sets in the file's header alone.
_FORM = {"h264": "avc", "h265": "hvc1"}
#: Ticks a second: what H.264 and RTP count in, near enough to any camera's clock.
_SCALE = 90000


def source(form: str, most: int = 0) -> Element:
    """An appsrc for what has these caps. ``most``: bytes that it takes before it says that it is full."""
    more = (("max-bytes", most),) if most else ()
    return Element("appsrc", (("caps", form), ("format", "time"), ("is-live", False)) + more)


def file_end(kind: str, fd: int, aside: int) -> List[Element]:
    """From coded pictures into the file. ``aside``: a memfd."""
    return [
        Element(PARSERS[kind]),
        caps("video/x-{},stream-format={},alignment=au".format(kind, _FORM[kind])),
        Element("mp4mux", (("faststart", True), ("faststart-file", "/proc/self/fd/{}".format(aside)))),
        Element("fdsink", (("fd", fd), ("sync", False), ("enable-last-sample", False))),
    ]


def tune(made: Sequence[Any], last_ns: int) -> None:
    """``made``: elements that end with those of :func:`file_end`. ``last_ns``: how long the last picture is shown.

    A parser says of every picture that it lasts what the stream's header has, or nothing at all, and with nothing a
    player leaves the last one out. Of all but the last the muxer reckons it by the next one's time.
    """

    def lasts(_pad: Any, info: Any) -> Any:
        native.Buffer.from_address(native.address(info.get_buffer())).duration = last_ns
        return Gst.PadProbeReturn.OK

    out = made[-3].get_static_pad("src")
    out.add_probe(Gst.PadProbeType.BUFFER, lasts)
    pad = out.get_peer()
    if pad.find_property("trak-timescale") is not None:
        pad.set_property("trak-timescale", _SCALE)


def write(pictures: Sequence[Timed], form: str, fd: int, bounds: Sequence[Bound]) -> None:
    """Write the file. ``form``: the packets' caps. Raises EvidenceError; what is in the file then is of no use."""
    kind = codec(form)
    aside = memfd_create("edge-clip")
    try:
        with Run([source(form), *file_end(kind, fd, aside)], bounds) as run:
            tune(run.made, pictures[-1].duration)
            for picture in pictures:
                run.share(picture.packet.buffer, picture.pts, picture.dts, picture.duration)
            run.end()
            run.finish()
    finally:
        os.close(aside)
    if os.fstat(fd).st_size == 0:
        raise EvidenceError("nothing of it can be written: its stream has no key picture with parameter sets")
