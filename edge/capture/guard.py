"""What broken packets must not do: end the stream, or the process.

An element that cannot make anything of what it gets returns an error, and everything in front of it stops for good.
errorignore keeps the error from them, but gives nothing more to who returned it until it is asked to. So it is asked
with every picture.

rtph264depay and rtph265depay read behind the end of a fragment that is shorter than its own headers, and the process
dies of it (seen with GStreamer 1.22; their source had no check before and after that release, so no version is taken
to be safe). Such a packet is of no use and is taken out in front of them.
"""

import ctypes
from typing import Any

from . import native
from .native import DROP, PASS

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

    enough = _RTP_HEADER + least
    extract = native.extract

    def look(packet: int) -> int:
        # Once a packet, so it is kept short: one call of C's.
        if extract(packet, 0, address, enough) < enough:
            return DROP
        if not head[0] & _MORE_THAN_A_HEADER:
            return PASS
        whole = bytes(head[: extract(packet, 0, address, len(head))])
        return PASS if _payload(whole, native.buffer_size(packet)) >= least else DROP

    native.each_buffer(pad, look)


def _payload(packet: bytes, size: int) -> int:
    """How many bytes of payload a packet holds (RFC 3550, 5.1 and 5.3.1); ``packet`` its first 64 KiB at least."""
    start = _RTP_HEADER + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    return size - start - (packet[-1] if packet[0] & 0x20 else 0)


def push_on(errorignore: Any) -> None:
    """Let an errorignore element give on what comes whatever became of what came before."""
    pad = errorignore.get_static_pad("sink")
    address = native.address(pad)
    mark = native.mark_reconfigure

    def again(_picture: int) -> int:
        mark(address)
        return PASS

    native.each_buffer(pad, again)
