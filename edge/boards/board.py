"""A board as a table: the elements to try for each codec, best first.

One table today, for a machine of which nothing is known; what a board decides stays data, so that another board is
another table and no other code.
"""

from typing import Dict, NamedTuple, Tuple

#: A property of an element that is set where the element has it.
Properties = Tuple[Tuple[str, object], ...]


class Decoder(NamedTuple):
    """An element that decodes one codec."""

    element: str
    properties: Properties = ()


class Board(NamedTuple):
    """``decoders`` by codec (``h264``, ``h265``, ``jpeg``), best first."""

    name: str
    decoders: Dict[str, Tuple[Decoder, ...]]


# One decoding thread: libav's frame threads cost a quarter more CPU for the same pictures and add a picture of delay
# each, and a single one carries several 1080p30 streams' worth on any board this runs on.
ANY_MACHINE = Board(
    name="any machine",
    decoders={
        "h264": (Decoder("avdec_h264", (("max-threads", 1),)), Decoder("openh264dec")),
        "h265": (Decoder("avdec_h265", (("max-threads", 1),)), Decoder("libde265dec")),
        "jpeg": (Decoder("avdec_mjpeg", (("max-threads", 1),)), Decoder("jpegdec")),
    },
)


def recognise() -> Board:
    """The table for this machine."""
    return ANY_MACHINE
