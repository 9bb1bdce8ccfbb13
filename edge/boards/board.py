"""What a board is to the rest of the code: elements to try for each codec, best first, and numbers to plan with.

All of it is data. A new board is another table and no other code.
"""

from typing import Dict, FrozenSet, NamedTuple, Optional, Tuple

#: Properties of an element, each set where the element has it: they come and go between releases.
Properties = Tuple[Tuple[str, object], ...]

#: The feature that caps carry for each kind of memory; system memory has none.
FEATURES = {"NVMM": "memory:NVMM", "CUDA": "memory:CUDAMemory"}

#: The codecs that every board has a decoder for.
CODECS = ("h264", "h265", "jpeg")

_UNPUBLISHED: Dict[str, int] = {}


class Decoder(NamedTuple):
    """An element that decodes one codec. ``memory``: NVMM or CUDA when it leaves pictures there, which proves that
    hardware decodes; empty for system memory, which is software."""

    element: str
    properties: Properties = ()
    memory: str = ""


class Converter(NamedTuple):
    """An element that scales and converts in hardware, from ``memory``."""

    element: str
    properties: Properties = ()
    memory: str = "NVMM"


class Encoder(NamedTuple):
    """An element that encodes H.264. ``bitrate``: its property for the rate, empty where quality is held instead;
    ``unit``: how many bits/s are one of that property's. ``memory``: NVMM where it takes pictures from there alone;
    ``hardware``: whether it leaves the processor alone."""

    element: str
    properties: Properties = ()
    bitrate: str = ""
    unit: int = 1
    memory: str = ""
    hardware: bool = False


class Board(NamedTuple):
    """``decoders`` by codec and ``encoders`` (of H.264), hardware first and software after; every other field says
    what the hardware has.

    ``converter``: None where scaling is left to software.
    ``jpeg_encoder``, ``camera``: the hardware's element for each, None where there is none.
    ``dla_cores``: in the hardware. Whether TensorRT can use them is for its ``num_DLA_cores`` to say.
    ``memory_mib``: as the module is sold, of which the kernel keeps some to itself; 0 when it is not known.
    ``decode_1080p30``: how many streams of 1920x1080 at 30 pictures/s the decoder keeps up with, by codec, as NVIDIA
    published it; a codec is missing where no figure was found.
    ``release``: the L4T release whose table this is (r32, r35, r36, r38); empty elsewhere.
    ``quirks``: names from ``quirks``.
    """

    name: str
    decoders: Dict[str, Tuple[Decoder, ...]]
    converter: Optional[Converter] = None
    jpeg_encoder: Optional[str] = None
    encoders: Tuple[Encoder, ...] = ()
    camera: Optional[str] = None
    dla_cores: int = 0
    compute_capability: Optional[Tuple[int, int]] = None
    memory_mib: int = 0
    decode_1080p30: Dict[str, int] = _UNPUBLISHED
    release: str = ""
    quirks: FrozenSet[str] = frozenset()

    @property
    def h264_encoder(self) -> Optional[str]:
        """The hardware's element, None where there is none."""
        return next((encoder.element for encoder in self.encoders if encoder.hardware), None)
