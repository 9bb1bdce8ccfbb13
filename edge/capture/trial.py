"""Whether a decoder decodes: a tiny stream through it. That an element exists says little of the hardware behind it."""

import base64
import threading
import zlib
from typing import Any, List, NamedTuple

from ..boards import Decoder
from ..errors import SourceError
from .element import Element
from .gst import Gst, build, read_error
from .pipeline import memory_of

#: How long a decoder has for its first picture.
WAIT_S = 5.0
_TEARDOWN_S = 2.0

# White, 320x240, 4:2:0, a few pictures of each (x264enc, x265enc and jpegenc of GStreamer 1.22): no decoder has a
# least size above that.
_STREAMS = {
    "h264": (
        "video/x-h264,stream-format=byte-stream",
        "h264parse",
        "eNpjYGBgTPd1EL3J6PibMYuHh9eLgYGZgQlEVMrpxExgAMpnvD6zCUSndrQI/v/rOo9VJXz7q9yWf37VObtVp2wLYUhY0y91n+VEnIF4AoMB"
        "c1zGo7LzqVsL3/Y6gnQ5zrIWlGdgSDoA4fhzpJxKFPwPFDgIESiqcD455UDHf4SSSQiRgwASGzSR",
    ),
    "h265": (
        "video/x-h265,stream-format=byte-stream",
        "h265parse",
        "eNpjYGBgdGDkYfz/nzGBgYGZYQKIACL7SQ1AJgOjEyMjmsQCLg5+sUgtT6P9fxhYGFhXGBgYKIAkQATzQZAeF8aDRVuSHEBMDcb18ooZiw88"
        "ONmeL99aHPdvzq2f2il7xQ0YfTgtloBoNRYDN4mAyYzTxB0YmI3aobYwmoJ0MzFe4KwTOCY48dqDHyaHv3//vXj7zOvT6u86tLM8gcoL/r/i"
        "zCYp+OLBDqNeds5Yg8XWFy0dpl64d6GdSQ2qRGL+3yMGEooCE9pteMAuNVDYEOAk/m7ev+SQ/j0xDlBlCmBlmhMmrDQLm3r6AAND3oFFS/a+"
        "PZ4w+UrAtIZ2BjEBAHOBWs8=",
    ),
    "jpeg": (
        "image/jpeg",
        "jpegparse",
        "eNr7f+P/AwYBLzdPNwZGRgYGRiBk+H+bwZkhwNzGzcYowM3RLSo0IL7iRFNFXl7F1/U7J574TxwAGsIYGhVVkVnxuqnp9X/ywAEGQQ6GD4wO"
        "zIxKDEyCjMyCjP+PMMgD3cnKCAYMUMDIxMzCysbOwcnFDVSwVYCBiZGZmYmFmZWVhQUoWwuUZ2ARZBVSNHRkEw5MZFcqFDFqnLiQQ9lp40HR"
        "oIsfVIyTipo4ucTEJSSlVNXUNTS1TEzNzC0srZxdXN3cPTy9gkNCw8IjIqOSU1LT0jMys4pLSsvKKyqrmlta29o7OrsmTZ4yddr0GTNnLVq8"
        "ZOmy5StWrtq0ecvWbdt37Nx16PCRo8eOnzh56tLlK1evXb9x89bDR4+fPH32/MXLVx8/ff7y9dv3Hz9/gfzFyMDMCANY/SUI9BcTCwszCzvI"
        "X4xM5SAFgiysioZsQo6B7ImFwkpGjRwiThMXbjzIqWwc9EE0qegil5iKyUPVjyCvgX1GnMeayPIZ3GMIf91i4GFmBEYesyCDPcN2V5EAxlE8"
        "ikfxKB4CmP3/TQBOE+40",
    ),
}


class Trial(NamedTuple):
    """``failure``: why it does not work, empty where it does. ``memory``: where its pictures are, as ``memory_of``."""

    failure: str
    memory: str = ""


def attempt(codec: str, decoder: Decoder) -> Trial:
    """Decode a few pictures of ``codec``; at most ``WAIT_S`` seconds, and those of a teardown that hangs."""
    found: List[Trial] = []

    def work() -> None:
        try:
            found.append(_decode(codec, decoder))
        except SourceError as error:
            found.append(Trial(str(error)))

    # A driver that hangs cannot be called back.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(WAIT_S + 2 * _TEARDOWN_S)
    return found[0] if found else Trial("it hangs")


def _decode(codec: str, decoder: Decoder) -> Trial:
    caps, parser, packed = _STREAMS[codec]
    stream = zlib.decompress(base64.b64decode(packed))
    pipeline = Gst.Pipeline.new(None)
    described = [
        Element("appsrc", (("caps", caps), ("format", "time"))),
        Element(parser),
        Element(decoder.element, decoder.properties),
        Element("fakesink", (("sync", False), ("async", False), ("enable-last-sample", True))),
    ]
    made = build(pipeline, described)
    try:
        if pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            return Trial(_told(pipeline.get_bus(), 0) or "it does not start")
        for _ in range(3 if codec == "jpeg" else 1):
            made[0].emit("push-buffer", Gst.Buffer.new_wrapped(stream))
        made[0].emit("end-of-stream")
        failure = _told(pipeline.get_bus(), int(WAIT_S * 1e9))
        sample = made[-1].get_property("last-sample")
        if sample is None:
            return Trial(failure or "it takes a stream and gives no picture")
        return Trial("", memory_of(sample.get_caps().get_features(0).to_string()))
    finally:
        _stop(pipeline)


def _told(bus: Any, wait: int) -> str:
    """The pipeline's error; empty at the stream's end, and when neither comes in ``wait`` nanoseconds."""
    message = bus.timed_pop_filtered(wait, Gst.MessageType.ERROR | Gst.MessageType.EOS)
    return str(read_error(message)) if message is not None and message.type == Gst.MessageType.ERROR else ""


def _stop(pipeline: Any) -> None:
    thread = threading.Thread(target=pipeline.set_state, args=(Gst.State.NULL,), daemon=True)
    thread.start()
    thread.join(_TEARDOWN_S)
