"""Raw pictures into H.264, by the board's encoder or in software, as a description. Imports no GStreamer."""

from typing import Callable, List

from ...boards import Board, Encoder
from ..element import Element, caps
from ..evidence_fault import EvidenceError
from ..packages import words

#: Bits for each pixel of each picture that a hardware's encoder is given: between these, by what the source took.
_LEAST_BITS, _MOST_BITS = 0.1, 0.3
_GENERATION = 1.5


def encoders(board: Board, exists: Callable[[str], bool]) -> List[Encoder]:
    """Those of the board that there are, best first; the last of them is in software. Raises EvidenceError."""
    found = [encoder for encoder in board.encoders if exists(encoder.element)]
    if not found:
        looked = ", ".join(encoder.element for encoder in board.encoders)
        raise EvidenceError("it needs an encoder for H.264, and none is installed (looked for {}; {} is in {})".format(
            looked, board.encoders[-2].element, words(board.encoders[-2].element)
        ))  # fmt: skip
    return found


def encoding(encoder: Encoder, board: Board, rate: int) -> List[Element]:
    """From I420, NV12 or grey pictures in system memory to H.264. ``rate``: bits a second."""
    properties = encoder.properties
    if encoder.bitrate:
        properties += ((encoder.bitrate, max(1, rate // encoder.unit)),)
    last = [Element(encoder.element, properties, "encoder")]
    if encoder.memory == "NVMM" and board.converter is not None:
        into = "video/x-raw(memory:NVMM),format={NV12,I420}"
        return [Element(board.converter.element, board.converter.properties), caps(into), *last]
    return [Element("videoconvert"), caps("video/x-raw,format={I420,NV12}"), *last]


def rate_for(pixels: int, a_second: float, source_bits: float) -> int:
    """Bits a second for pictures of so many pixels: more than the source took, since coding twice loses twice."""
    of_pixel = _GENERATION * source_bits / max(1.0, pixels * a_second)
    return int(pixels * a_second * min(_MOST_BITS, max(_LEAST_BITS, of_pixel)))
