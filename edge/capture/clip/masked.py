"""A clip that is encoded anew: decoded, its masks made black, encoded, picture by picture.

The encoder's pipeline is one of its own and gets nothing but pictures that were masked here: whatever fails, nothing
else can come into the file.
"""

import os
from collections import deque
from contextlib import ExitStack
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from ...boards import Board, Decoder, Encoder
from ...errors import Unsupported
from ...wire.memory import memfd_create
from .. import native
from ..bound import Bound
from ..element import Element, caps, fraction
from ..evidence_fault import EvidenceError
from ..gst import exists
from ..mask import Masks
from ..picture import LayoutReader
from ..pipeline import PARSERS, Parts, choose_decoder, straight
from ..ring.buffer import stamped
from ..ring.raw import flags_of
from . import mux as clip_mux
from .encode import encoders, encoding, rate_for
from .encode_picture import Raw, Reader
from .encode_run import Run
from .stream import codec
from .times import Timed

#: Bytes for each pixel that wait for the encoder: two pictures.
_WAITING = 3
_TAKEN = "video/x-raw,format={I420,NV12,GRAY8}"
_CUDA = "video/x-raw(memory:CUDAMemory),format={NV12,P010_10LE}"


class _Way(NamedTuple):
    decoder: Decoder
    encoder: Encoder


def write(
    pictures: Sequence[Timed], form: str, fd: int, masks: Sequence[Any], board: Board, bounds: Sequence[Bound]
) -> str:
    """Write the file, and return the encoder's name. Raises EvidenceError."""
    last: Optional[EvidenceError] = None
    for way in _ways(board, codec(form)):
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)
        try:
            _write(way, pictures, form, fd, Masks(masks), board, bounds)
            return way.encoder.element
        except EvidenceError as error:
            last = last or error
    assert last is not None
    raise last


def _ways(board: Board, kind: str) -> List[_Way]:
    """The board's best decoder and encoder, and if that fails what both are in software."""
    found = encoders(board, exists)
    try:
        best = choose_decoder(board, kind, exists).decoder
        hardware = [decoder.element for decoder in board.decoders[kind] if decoder.memory]
        plain = choose_decoder(board, kind, exists, hardware).decoder
    except Unsupported as error:
        raise EvidenceError(str(error)) from None
    soft = [encoder for encoder in found if not encoder.hardware]
    ways = [_Way(best, found[0])] + [_Way(plain, encoder) for encoder in soft]
    return [way for n, way in enumerate(ways) if way not in ways[:n]]


def _write(
    way: _Way, pictures: Sequence[Timed], form: str, fd: int, masks: Masks, board: Board, bounds: Sequence[Bound]
) -> None:
    clock = _Clock(pictures)
    with ExitStack() as stack:
        decoding = stack.enter_context(Run(_decoding(way.decoder, form, board), bounds))
        for picture in pictures:
            decoding.share(picture.packet.buffer, picture.pts, picture.dts, picture.duration)
        decoding.end()
        reader = Reader(LayoutReader(_origin(decoding)), flags_of(form))
        writing: Optional[_Writing] = None
        while True:
            sample = decoding.pull()  # they come in the order of showing
            if sample is None:
                break
            raw, when = reader.read(sample), clock.time(sample)
            del sample  # a decoder has few of them
            if when is None:
                continue
            pts, duration = when
            masks.fill(raw.planes, raw.form)
            if writing is None:
                line = _encoding(way.encoder, raw, pictures, board)
                writing = stack.enter_context(_Writing(line, raw, pictures[-1].duration, fd, bounds))
            writing.put(raw, pts, duration)
        if writing is None:
            raise EvidenceError("{} gives no picture of it".format(way.decoder.element))
        writing.finish()


class _Clock:
    """When a decoded picture is shown: a decoder that finds times out of order deals out its own, or none."""

    def __init__(self, pictures: Sequence[Timed]) -> None:
        self._start = min(picture.pts for picture in pictures)
        self._by_number = {picture.packet.serial: picture for picture in pictures}
        self._by_time = {picture.pts: picture for picture in pictures}
        self._left = deque(sorted(self._by_time))

    def time(self, sample: native.Sample) -> Optional[Tuple[int, int]]:
        """Its time from the clip's begin, which rises from picture to picture, and how long it is shown.

        None: there is no time left for it, as where a file that began again has sent its first pictures twice.
        """
        picture = self._by_number.get(stamped(sample.buffer) or -1) or self._by_time.get(sample.pts)
        if picture is None or not self._left or picture.pts < self._left[0]:
            if not self._left:
                return None
            picture = self._by_time[self._left[0]]
        while self._left and self._left[0] <= picture.pts:
            self._left.popleft()
        return picture.pts - self._start, picture.duration


def _decoding(decoder: Decoder, form: str, board: Board) -> List[Element]:
    kind = codec(form)
    first = [clip_mux.source(form), Element(PARSERS[kind]), Element(decoder.element, decoder.properties, "decoder")]
    if decoder.memory == "NVMM" and board.converter is not None:
        first += [Element(board.converter.element, board.converter.properties), caps("video/x-raw,format=NV12")]
    elif decoder.memory == "CUDA":
        first.append(caps(_CUDA))  # reading one brings it down
    else:
        first += [*straight(Parts(board, "", exists)), Element("videoconvert"), caps(_TAKEN)]
    sink = (("sync", False), ("max-buffers", 2), ("qos", False), ("enable-last-sample", False))
    return [*first, Element("appsink", sink, "sink")]


def _origin(run: Run) -> Any:
    """The decoder's pad: a hardware's converter forgets what the colours mean."""
    return next(e for e in run.made if e.get_name() == "decoder").get_static_pad("src")


def _encoding(encoder: Encoder, raw: Raw, pictures: Sequence[Timed], board: Board) -> List[Element]:
    seconds = sum(picture.duration for picture in pictures) / 1e9
    pace = max(0.001, len(pictures) / seconds)
    bits = 8.0 * sum(picture.packet.size for picture in pictures) / seconds
    # Encoders reckon what a picture may take by a rate: the mean, whatever it is from one to the next.
    form = "{},framerate={}".format(raw.caps, fraction(pace))
    rate = rate_for(raw.width * raw.height, pace, bits)
    return [clip_mux.source(form, _WAITING * raw.width * raw.height), *encoding(encoder, board, rate)]


class _Writing:
    """The encoder's side; made for the first picture's size, and for no other. Use as a context manager."""

    def __init__(self, line: List[Element], raw: Raw, last_ns: int, fd: int, bounds: Sequence[Bound]) -> None:
        self._form = raw.caps
        self._aside = memfd_create("edge-clip")
        try:
            self._run = Run(line + clip_mux.file_end("h264", fd, self._aside), bounds)
        except EvidenceError:
            os.close(self._aside)
            raise
        clip_mux.tune(self._run.made, last_ns)

    def __enter__(self) -> "_Writing":
        self._run.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._run.__exit__(*error)
        os.close(self._aside)

    def put(self, raw: Raw, pts: int, duration: int) -> None:
        if raw.caps != self._form:
            raise EvidenceError("its pictures are of another size from one to the next")
        self._run.push(raw.bytes(), pts, duration)

    def finish(self) -> None:
        self._run.end()
        self._run.finish()
