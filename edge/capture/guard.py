"""What broken packets must not do: end the stream, or the process.

An element that cannot make anything of what it gets returns an error, and everything in front of it stops for good.
errorignore keeps the error from them, but gives nothing more to who returned it until it is asked to. So it is asked
with every picture.

rtph264depay and rtph265depay read behind the end of a fragment that is shorter than its own headers, and the process
dies of it (seen with GStreamer 1.22). Such a packet is of no use and is taken out in front of them.
"""

import ctypes
from typing import Any

from .gst import Gst
from .picture import copy

_RTP_HEADER = 12
#: Bytes of payload that a depayloader needs to see: a NAL unit's header and a fragment's.
_LEAST = {"h264": 2, "h265": 3}
# Padding, an extension, or contributing sources: their length is not the fixed header's.
_MORE_THAN_A_HEADER = 0x3F


def guard(pad: Any, codec: str) -> None:
    """Take packets with too short a payload out of what comes through an RTP pad."""
    least = _LEAST.get(codec)
    if least is None:
        return
    head = (ctypes.c_ubyte * 65536)()
    address = ctypes.addressof(head)

    def look(_pad: Any, info: Any) -> Any:
        # Once a packet, so it is kept short: 10 µs each.
        buffer = info.get_buffer()
        size = buffer.get_size()
        if size >= _RTP_HEADER + least:
            copy(buffer, address, 1)
            if not head[0] & _MORE_THAN_A_HEADER:
                return Gst.PadProbeReturn.OK
            if _payload(bytes(head[: copy(buffer, address, len(head))]), size) >= least:
                return Gst.PadProbeReturn.OK
        return Gst.PadProbeReturn.DROP

    pad.add_probe(Gst.PadProbeType.BUFFER, look)


def _payload(packet: bytes, size: int) -> int:
    """How many bytes of payload a packet holds (RFC 3550, 5.1 and 5.3.1); ``packet`` its first 64 KiB at least."""
    start = _RTP_HEADER + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    return size - start - (packet[-1] if packet[0] & 0x20 else 0)


def push_on(errorignore: Any) -> None:
    """Let an errorignore element give on what comes whatever became of what came before."""
    pad = errorignore.get_static_pad("sink")

    def again(_pad: Any, _info: Any) -> Any:
        pad.mark_reconfigure()
        return Gst.PadProbeReturn.OK

    pad.add_probe(Gst.PadProbeType.BUFFER, again)
