"""A picture of the past, decoded once more from the packets that were kept: the whole picture, at its full size."""

import threading
import time
from typing import Any, Callable, List, NamedTuple, Optional

import numpy as np

from ...boards import Board, Decoder
from ...errors import Unsupported
from ...wire.messages import BT709, FORMATS, FULL_RANGE
from .. import native
from ..clip.encode_run import be_polite
from ..element import Element, caps
from ..evidence_fault import EvidenceError
from ..gst import exists
from ..picture import LayoutReader
from ..pipeline import PARSERS, Parts, codec_of, straight
from ..ring.buffer import numbered, stamped
from ..ring.raw import flags_of
from ..ring.ring import Found
from .colours import to_jpeg
from .line import Line

WAIT_S = 10.0
#: How soon a decoder that gives nothing is left when nobody waits for it any more.
_LOOK_S = 0.2


class Still(NamedTuple):
    """A picture as three writable planes of full range BT.601: (height, width), and the colours' half as large, rounded
    up."""

    width: int
    height: int
    planes: List[np.ndarray]


class Recall:
    """Decodes in a polite thread for each picture, with a decoder in software where there is one: the board's has
    enough to do."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._late: Optional[threading.Thread] = None

    def picture(self, found: Found) -> Still:
        """Raises EvidenceError when it cannot be had, or not in time."""
        if self._late is not None and self._late.is_alive():
            raise EvidenceError("a decoder hangs with an earlier picture")
        self._late = None
        job = _Job(found, self._board)
        thread = threading.Thread(target=job.run, name="recall", daemon=True)
        thread.start()
        thread.join(WAIT_S)
        if thread.is_alive():
            job.stopped = True
            thread.join(1.0)
            self._late = thread
            raise EvidenceError(
                "{} pictures had to be decoded for it, and that took longer than {:g} s".format(
                    len(found.packets), WAIT_S
                )
            )
        if job.still is None:
            raise EvidenceError(job.failure)
        return job.still


class _Job:
    def __init__(self, found: Found, board: Board) -> None:
        self.still: Optional[Still] = None
        self.failure = ""
        self.stopped = False
        self._found, self._board = found, board

    def run(self) -> None:
        be_polite()
        try:
            text = self._found.packets[0].caps.text
            codec = codec_of(text.partition(",")[0], None)
            there = [d for d in self._board.decoders.get(codec, ()) if exists(d.element)]
            if not there:
                self.failure = "no decoder for {} is installed".format(codec)
            for decoder in sorted(there, key=lambda d: bool(d.memory)):
                if self.still is None and not self.stopped:
                    self._try(codec, decoder, text)
            if self.still is None and not self.failure:
                self.failure = "it could not be decoded"
        except (EvidenceError, Unsupported) as error:
            self.failure = str(error)
        except Exception as error:  # a bug; whoever waits is told
            self.failure = "{}: {}".format(type(error).__name__, error)

    def _try(self, codec: str, decoder: Decoder, text: str) -> None:
        line = Line(_elements(codec, decoder, Parts(self._board, "", exists)), text)
        probe: Optional[native.Probe] = None
        try:
            if codec != "jpeg":
                wanted = self._found.wanted
                look = _only(wanted.pts, wanted.serial, numbered(decoder))
                probe = native.Probe(line.element("decoder").get_static_pad("src"), look)
                probe.add()
            self._feed(line, codec, text)
            sample = self._pull(line)
            if sample is None:
                words = line.trouble()
                if not self.failure:
                    self.failure = "{} gives no such picture{}".format(decoder.element, ": " + words if words else "")
            else:
                self.still = _still(sample, line.element("decoder").get_static_pad("src"), text)
        finally:
            if line.close() and probe is not None:
                probe.close()

    def _pull(self, line: Line) -> Optional[native.Sample]:
        """What comes out of it, in the time that there is for that."""
        end = time.monotonic() + WAIT_S
        while not self.stopped and time.monotonic() < end:
            over = line.over
            sample = line.pull(_LOOK_S)
            if sample is not None or over:
                return sample
        return None

    def _feed(self, line: Line, codec: str, text: str) -> None:
        packets = [self._found.wanted] if codec == "jpeg" else self._found.packets
        for packet in packets:
            if self.stopped:
                return
            told = packet.caps.text
            if told != text:
                text = told
                line.set_caps(text)
            line.push(packet.buffer, packet.pts, packet.dts, packet.duration)
        line.end()


def _only(pts: int, serial: int, numbers: bool) -> Callable[[int], int]:
    """Lets the one picture through; nothing is converted for the others. It holds no packet: it may outlive all."""

    def look(picture: int) -> int:
        number = stamped(picture) if numbers else None
        same = native.pts(picture) == pts if number is None else number == serial
        return native.PASS if same else native.DROP

    return look


def _elements(codec: str, decoder: Decoder, parts: Parts) -> List[Element]:
    elements = [Element(PARSERS[codec]), Element(decoder.element, decoder.properties, "decoder")]
    converter = parts.board.converter
    if decoder.memory == "NVMM":
        assert converter is not None  # every board that has such memory has one
        elements += [Element(converter.element, converter.properties), caps("video/x-raw,format=NV12")]
    elif decoder.memory == "CUDA":
        elements.append(Element("cudadownload"))
    return [*elements, *straight(parts), Element("videoconvert"), caps("video/x-raw,format={I420,GRAY8}")]


def _still(sample: native.Sample, origin: Any, caps_text: str) -> Still:
    layout = LayoutReader(origin).read(sample)
    data = np.empty(sample.size, np.uint8)
    sample.copy(data.ctypes.data, len(data))
    wide, tall = layout.width, layout.height
    shapes = [(tall, wide), *2 * [((tall + 1) // 2, (wide + 1) // 2)]]  # type: Any
    told = flags_of(caps_text)
    grey = FORMATS[layout.format] == "gray8"
    if told is not None:
        flags = told
    elif caps_text.startswith("image/jpeg"):
        flags = FULL_RANGE  # JFIF knows no other, and not every decoder says so
    else:
        # GStreamer takes grey that says nothing for full range; a video's is not.
        flags = 0 if grey and "colorimetry" not in native.Caps(sample.caps).text else layout.flags
    planes = [
        np.lib.stride_tricks.as_strided(data[offset:], shape, (stride, 1)).copy()
        for shape, offset, stride in zip(shapes[:1] if grey else shapes, layout.offsets, layout.strides)
    ]
    planes += [np.full(shape, 128, np.uint8) for shape in shapes[len(planes) :]]
    return Still(wide, tall, to_jpeg(planes, bool(flags & BT709), bool(flags & FULL_RANGE)))
