"""Sources without an encoded stream (CSI, raw USB, test pictures): pictures of them are kept as JPEG.

In front of a fork only as many pictures pass as are analysed. Behind it one branch goes on as before and the other
encodes: each picture that can be asked for is kept, under its own time stamp, and no other costs anything. Clips are
made of the same pictures and have their rate: to encode all that a camera gives would cost several times as much, for
pictures that nobody looked at. Imports no GStreamer.
"""

import re
from typing import List, NamedTuple, Optional

from ...boards import FEATURES
from ...boards.board import Properties
from ...wire.messages import BT709, FULL_RANGE
from ..element import Element, caps
from ..evidence_fault import EvidenceError
from ..packages import words
from ..pipeline import Parts, pace, straight
from ..source import Source

#: Of the JPEG that is kept: what is decoded from it is at 35 dB and more, but for noise.
QUALITY = 92
#: What the element that the JPEG comes out of is called in the pipeline.
KEPT = "kept"
_SOFTWARE = "jpegenc"
# The numbers are those of the raw pictures, unlike in other JPEG: a mark in the caps says so.
_MARK = "as-raw"
_MARKED = Element("capssetter", (("caps", "image/jpeg,{}=(boolean)true".format(_MARK)),), KEPT)
# An encoder that fails must not end the camera.
_SPARING = Element("errorignore", (("convert-to", "ok"),))
_SINK = Element("fakesink", (("sync", False), ("async", False), ("enable-last-sample", False)))


class Forked(NamedTuple):
    """``front`` ends with the fork, a tee; ``branch`` keeps, and ``line`` ends with the appsink.

    A tee hands on to what was linked to it first, and ``branch`` is: no queue is between, so that a picture is kept
    before anybody has it. It is later by the time that its encoding takes.
    """

    front: List[Element]
    branch: List[Element]
    line: List[Element]


def forked(line: List[Element], source: Source, parts: Parts) -> Forked:
    """``line``: what ``pipeline.tail`` gives for raw pictures. Raises EvidenceError where nothing encodes JPEG."""
    at = next((n + 1 for n, element in enumerate(line) if element.name == "pace"), 0)
    front = line[:at]
    if not front:
        front = [Element("videorate", (("drop-only", True),), "rate"), caps(pace(source.fps, ""), "pace")]
    nvmm = FEATURES["NVMM"] in dict(front[-1].properties).get("caps", "")  # type: ignore[operator]
    branch = [_SPARING, *(_from_nvmm(source, parts) if nvmm else _from_system(parts)), _MARKED, _SINK]
    for element in branch:
        if not parts.exists(element.factory):
            raise EvidenceError("{} is not installed ({})".format(element.factory, words(element.factory)))
    return Forked([*front, Element("tee", (), "fork")], branch, line[at:])


def _from_nvmm(source: Source, parts: Parts) -> List[Element]:
    """The board's encoder takes them where they are. They are turned as the analysed ones are."""
    board = parts.board
    converter, encoder = board.converter, board.jpeg_encoder
    if encoder is None or not parts.exists(encoder):
        assert converter is not None  # every board that has such memory has one
        down = Element(converter.element, _turned(source, converter.properties))
        return [down, caps("video/x-raw,format=I420"), *_from_system(parts)]
    turned: List[Element] = []
    if source.flip and converter is not None:
        turned = [Element(converter.element, _turned(source, converter.properties))]
        turned.append(caps("video/x-raw(memory:NVMM),format=NV12"))
    return [*turned, Element(encoder, (("quality", QUALITY),))]


def _turned(source: Source, properties: Properties) -> Properties:
    return (*properties, ("flip-method", source.flip)) if source.flip else properties


def _from_system(parts: Parts) -> List[Element]:
    if not parts.exists(_SOFTWARE):
        raise EvidenceError("no encoder for JPEG is installed ({} is in {})".format(_SOFTWARE, words(_SOFTWARE)))
    return [*straight(parts), Element("videoconvert"), Element(_SOFTWARE, (("quality", QUALITY),))]


def flags_of(text: str) -> Optional[int]:
    """``text``: caps of a packet. The flags of a PICTURE message for pictures decoded from it; None for any packet but
    those kept here, of which the decoder knows.

    What is not told is as GStreamer takes it: BT.709 for more lines than 576, limited range.
    """
    if _MARK not in text:
        return None
    told = re.search(r"colorimetry=(?:\(string\))?\"?([\w:-]+)", text)
    colours = told.group(1) if told else ""
    lines = re.search(r"height=(?:\(int\))?(\d+)", text)
    high = lines is not None and int(lines.group(1)) > 576
    if ":" in colours:  # range:matrix:transfer:primaries, as numbers
        depth, matrix = colours.split(":")[:2]
        return (BT709 if matrix in ("3", "5", "6") else 0) | (FULL_RANGE if depth == "1" else 0)
    if colours in ("bt709", "smpte240m", "bt2020", "bt2020-10"):
        return BT709
    if colours == "sRGB":
        return FULL_RANGE
    return 0 if colours == "bt601" else BT709 * high
