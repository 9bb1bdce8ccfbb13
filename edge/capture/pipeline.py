"""What stands behind the pad that brings a source's video, as a description. Imports no GStreamer.

It depends on what the camera sends and on what the board has: pictures that hardware decodes stay in its memory until
its converter has scaled them. The end is an appsink that keeps the newest picture alone.
"""

from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

from ..boards import FEATURES, Board, Decoder
from ..errors import Unsupported
from .element import Element, caps, fraction
from .packages import words
from .source import Source

# What may follow an RTP pad or a demuxer's pad, by codec.
_DEPAY = {"h264": "rtph264depay", "h265": "rtph265depay", "jpeg": "rtpjpegdepay"}
# Parameter sets within the stream: a broken one is then replaced by the next, at the latest with the next key frame.
# A depayloader that keeps them aside (as it does when asked for nothing) can hold on to a broken one for ever.
_FORM = {codec: "video/x-{},stream-format=byte-stream,alignment=au".format(codec) for codec in ("h264", "h265")}
#: What finds where a picture of the stream begins, by codec.
PARSERS = {"h264": "h264parse", "h265": "h265parse", "jpeg": "jpegparse"}
_CODEC_BY_RTP = {"H264": "h264", "H265": "h265", "JPEG": "jpeg"}
_CODEC_BY_CAPS = {"video/x-h264": "h264", "video/x-h265": "h265", "image/jpeg": "jpeg"}
_TAKEN = "video/x-raw,format={I420,NV12,GRAY8}"


def codec_of(media_type: str, encoding_name: Optional[str]) -> str:
    """The codec of a pad, by its caps' name and, for RTP, its ``encoding-name``. Raises Unsupported."""
    if media_type == "video/x-raw":
        return "raw"
    codec = (
        _CODEC_BY_RTP.get(encoding_name or "") if media_type == "application/x-rtp" else _CODEC_BY_CAPS.get(media_type)
    )
    if codec is None:
        raise Unsupported("it sends {}; H.264, H.265 and JPEG are supported".format(encoding_name or media_type))
    return codec


class Choice(NamedTuple):
    """The decoder, and why it is not the board's best where that is so."""

    decoder: Decoder
    note: str


def choose_decoder(board: Board, codec: str, exists: Callable[[str], bool], avoid: Sequence[str] = ()) -> Choice:
    """The first decoder of ``board`` for ``codec`` that there is, and that did not fail before (``avoid``).

    Raises Unsupported naming them all.
    """
    candidates = board.decoders.get(codec, ())
    notes: List[str] = []
    failed: Optional[Decoder] = None
    for decoder in candidates:
        if not exists(decoder.element):
            if decoder.memory:
                package = words(decoder.element)
                notes.append("{} is not there{}".format(decoder.element, "; it is in " + package if package else ""))
        elif decoder.element in avoid:
            notes.append("{} failed".format(decoder.element))
            failed = failed or decoder
        else:
            note = "decoded in software: {}".format(", ".join(notes)) if notes and not decoder.memory else ""
            return Choice(decoder, note)
    if failed is not None:
        return Choice(failed, "{} failed before, and there is no other".format(failed.element))
    raise Unsupported(
        "no decoder for {} is installed (looked for {}; Debian and Ubuntu have them in gstreamer1.0-libav and "
        "gstreamer1.0-plugins-bad)".format(codec, ", ".join(d.element for d in candidates))
    )


class Parts(NamedTuple):
    """``scaler``: the element(s) that scale in software here; ``exists``: whether GStreamer has an element."""

    board: Board
    scaler: str
    exists: Callable[[str], bool]


def tail(
    source: Source, codec: str, rtp: bool, decoder: Optional[Decoder], parts: Parts, memory: str = "",
    valve: bool = False,
) -> List[Element]:  # fmt: skip
    """From the pad that brings ``codec`` to the appsink. ``memory``: where raw pictures of the source are; ``valve``:
    not every packet goes straight to the decoder.
    """
    elements: List[Element] = []
    if rtp:
        elements.append(Element(_DEPAY[codec]))
        if codec in _FORM:
            elements.append(caps(_FORM[codec]))
        # What a decoder cannot decode is a packet that was lost or broken on its way: the next one may do.
        elements.append(Element("errorignore", (("convert-to", "ok"),), "ignore"))
    if codec != "raw":
        assert decoder is not None
        if source.kind == "http":
            # Pictures that come one by one tell no rate, and then their number cannot be lowered to one.
            elements.append(Element("capssetter", (("caps", "image/jpeg,framerate=30/1"),)))
        elements.append(Element(PARSERS[codec]))
        if valve:
            elements.append(Element("identity", (("silent", True),), "valve"))
        elements.append(Element(decoder.element, decoder.properties, "decoder"))
        memory = decoder.memory
    elif source.kind == "usb" and _scales_in_nvmm(parts):
        # The converter scales in hardware what lies in its memory; on r32 it converts nothing from system to system.
        # In front of it stands what makes one of its formats of others; these pass untouched.
        converter = parts.board.converter
        assert converter is not None
        elements += [Element("videoconvert"), caps("video/x-raw,format={NV12,I420,YUY2,UYVY}")]
        elements += [Element(converter.element, converter.properties), caps("video/x-raw(memory:NVMM),format=NV12")]
        memory = "NVMM"
    elements += {"NVMM": _from_nvmm, "CUDA": _from_cuda}.get(memory, _from_system)(source, parts)
    sink = (
        ("drop", True),
        ("max-buffers", 1),
        ("sync", source.paced),
        ("qos", False),
        ("wait-on-eos", False),
        ("enable-last-sample", False),
    )
    elements.append(Element("appsink", sink, "sink"))
    return elements


def _scales_in_nvmm(parts: Parts) -> bool:
    converter = parts.board.converter
    return converter is not None and converter.memory == "NVMM" and parts.exists(converter.element)


def _from_system(source: Source, parts: Parts) -> List[Element]:
    """Without ``source.size`` the decoder's own planes go out unconverted: preparing them for the network costs less
    from there than a conversion here. The converter behind passes I420, NV12 and grey through untouched.
    """
    apart = straight(parts)
    if source.size is None:
        return [*apart, Element("videoconvert"), caps(_TAKEN)]
    # Stretched, not letterboxed: a place in the picture is the same fraction of it at any size.
    scaling = [Element(name, (("add-borders", False),)) for name in parts.scaler.split()]
    return [*_thinned(source, ""), *apart, *scaling, caps(_sized("video/x-raw", source.size)), caps(_TAKEN)]


def straight(parts: Parts) -> List[Element]:
    """Makes a picture of the first of two fields that come in one; anything else passes untouched, at no cost.

    By the lines of that field alone: in front of it pictures are left out, so the one before says nothing.
    """
    if not parts.exists("deinterlace"):
        return []
    return [Element("deinterlace", (("mode", "auto"), ("fields", "top"), ("method", "linear")))]


def _from_nvmm(source: Source, parts: Parts) -> List[Element]:
    """The board's converter brings pictures into the memory that everybody can read, at the size that is wanted."""
    converter = parts.board.converter
    assert converter is not None  # every board that has such memory has one
    turned = (*converter.properties, ("flip-method", source.flip)) if source.flip else converter.properties
    form = "video/x-raw,format=NV12" if source.size is None else _sized("video/x-raw,format=NV12", source.size)
    return [*_thinned(source, "NVMM"), Element(converter.element, turned, "converter"), caps(form)]


def _from_cuda(source: Source, parts: Parts) -> List[Element]:
    """Pictures stay in the GPU's memory up to the appsink: reading one brings it down, so only those come that are
    asked for. The GPU scales where it can.
    """
    cuda = "video/x-raw({}),format=".format(FEATURES["CUDA"])
    if source.size is None:
        return [caps(cuda + "{NV12,P010_10LE}")]
    converter = parts.board.converter
    if converter is not None and parts.exists(converter.element):
        scaling = Element(converter.element, converter.properties, "converter")
        return [*_thinned(source, "CUDA"), scaling, caps(_sized(cuda + "NV12", source.size))]
    return [Element("cudadownload"), *_from_system(source, parts)]


def _thinned(source: Source, memory: str) -> List[Element]:
    """Scaling and bringing down cost per picture, so only as many as are analysed come this far."""
    return [Element("videorate", (("drop-only", True),), "rate"), caps(pace(source.fps, memory), "pace")]


def _sized(form: str, size: Tuple[int, int]) -> str:
    return "{},width={},height={},pixel-aspect-ratio=1/1".format(form, *size)


def pace(fps: float, memory: str) -> str:
    """The caps that hold a stream to so many pictures a second, in that memory.

    A range: a camera may send fewer, and one that tells no rate (0/1) passes as it is.
    """
    feature = "({})".format(FEATURES[memory]) if memory else ""
    return "video/x-raw{},framerate=[0/1,{}]".format(feature, fraction(fps))


def memory_of(features: Any) -> str:
    """NVMM, CUDA, or empty for system memory, by the features of negotiated caps as text."""
    return next((memory for memory, feature in FEATURES.items() if feature in str(features)), "")
