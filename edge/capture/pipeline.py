"""A source's pipeline as a description: plain data that prints as a ``gst-launch-1.0`` line. Imports no GStreamer.

A source has a fixed head and, behind the pad that brings its video, a tail that depends on what the camera sends. The
tail ends in an appsink that keeps the newest picture alone.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..boards import Board
from ..boards.board import Decoder
from ..errors import Unsupported


class Element(NamedTuple):
    """``properties`` are set only where the element has them; a capsfilter is an element too."""

    factory: str
    properties: Tuple[Tuple[str, object], ...] = ()
    name: Optional[str] = None

    def __str__(self) -> str:
        if self.factory == "capsfilter":
            return str(dict(self.properties)["caps"])
        words = [self.factory]
        if self.name:
            words.append("name=" + self.name)
        for key, value in self.properties:
            # A password is a property like any other here, but nothing that is printed may hold it.
            shown = "***" if key == "user-pw" else str(value).lower() if isinstance(value, bool) else str(value)
            words.append("{}={}".format(key, '"{}"'.format(shown) if " " in shown else shown))
        return " ".join(words)


class Source(NamedTuple):
    """What the daemon says of a camera's source; ``location`` holds no password."""

    kind: str
    location: str
    username: Optional[str] = None
    password: Optional[str] = None
    options: Optional[Dict[str, Any]] = None
    transport: str = "tcp"
    latency: float = 0.2
    loop: bool = False
    size: Optional[Tuple[int, int]] = None
    fps: float = 5.0

    @property
    def live(self) -> bool:
        """A live source never ends by itself; a file does."""
        return self.kind != "file"

    @property
    def remote(self) -> bool:
        """It comes through a network, and with what a network does to it."""
        return self.kind == "rtsp"


def describe(elements: List[Element]) -> str:
    """The elements as a ``gst-launch-1.0`` line."""
    return " ! ".join(str(e) for e in elements)


def caps(text: str) -> Element:
    return Element("capsfilter", (("caps", text),))


def head(source: Source) -> List[Element]:
    """What stands in front of the pad that brings the video. Raises Unsupported for an unknown kind of source."""
    make = _HEADS.get(source.kind)
    if make is None:
        raise Unsupported("sources of kind {!r} are not known here".format(source.kind))
    return make(source)


def _rtsp(source: Source) -> List[Element]:
    properties = [
        ("location", source.location),
        ("protocols", source.transport),
        ("latency", int(source.latency * 1000)),
        # The library's own bounds are 20 s; the daemon retries, so a connection that gives no sign is given up sooner.
        ("tcp-timeout", 5000000),
        ("timeout", 5000000),
    ]  # type: List[Tuple[str, object]]
    if source.username is not None:
        properties += [("user-id", source.username), ("user-pw", source.password or "")]
    return [Element("rtspsrc", tuple(properties), "source")]


def _file(source: Source) -> List[Element]:
    return [Element("filesrc", (("location", source.location),)), Element("parsebin", (), "source")]


def _test(source: Source) -> List[Element]:
    options = source.options or {}
    form = "video/x-raw,format=I420,width={},height={},framerate={}".format(
        int(options.get("width", 1280)),
        int(options.get("height", 720)),
        fraction(float(options.get("rate", 15))),
    )
    pattern = options.get("pattern", "ball")
    return [Element("videotestsrc", (("is-live", True), ("pattern", pattern)), "source"), caps(form)]


_HEADS = {"rtsp": _rtsp, "file": _file, "test": _test}

# What may follow an RTP pad or a demuxer's pad, by codec.
_DEPAY = {"h264": "rtph264depay", "h265": "rtph265depay", "jpeg": "rtpjpegdepay"}
# Parameter sets within the stream: a broken one is then replaced by the next, at the latest with the next key frame.
# A depayloader that keeps them aside (as it does when asked for nothing) can hold on to a broken one for ever.
_FORM = {codec: "video/x-{},stream-format=byte-stream,alignment=au".format(codec) for codec in ("h264", "h265")}
_PARSE = {"h264": "h264parse", "h265": "h265parse", "jpeg": "jpegparse"}
_CODEC_BY_RTP = {"H264": "h264", "H265": "h265", "JPEG": "jpeg"}
_CODEC_BY_CAPS = {"video/x-h264": "h264", "video/x-h265": "h265", "image/jpeg": "jpeg"}


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


def choose_decoder(board: Board, codec: str, exists) -> Decoder:  # type: ignore[no-untyped-def]
    """The first decoder of ``board`` for ``codec`` that ``exists(element name)``. Raises Unsupported naming them."""
    candidates = board.decoders.get(codec, ())
    for decoder in candidates:
        if exists(decoder.element):
            return decoder
    raise Unsupported(
        "no decoder for {} is installed (looked for {}; Debian and Ubuntu have them in gstreamer1.0-libav and "
        "gstreamer1.0-plugins-bad)".format(codec, ", ".join(d.element for d in candidates))
    )


def tail(source: Source, codec: str, rtp: bool, decoder: Optional[Decoder], scaler: str) -> List[Element]:
    """From the pad that brings ``codec`` to the appsink. ``scaler``: the element(s) that scale, as they exist here.

    Without ``source.size`` the decoder's own planes go out unconverted: preparing them for the network costs less
    from there than a conversion here. The converter behind passes I420, NV12 and grey through untouched.
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
        elements += [Element(_PARSE[codec]), Element(decoder.element, decoder.properties, "decoder")]
    if source.size is not None:
        # Scaling costs per picture, so only as many as are analysed come this far.
        elements += [
            Element("videorate", (("drop-only", True),), "rate"),
            Element("capsfilter", (("caps", pace(source.fps)),), "pace"),
        ]
        # Stretched, not letterboxed: a place in the picture is the same fraction of it at any size.
        elements += [Element(name, (("add-borders", False),)) for name in scaler.split()]
        elements.append(caps("video/x-raw,width={},height={},pixel-aspect-ratio=1/1".format(*source.size)))
    else:
        elements.append(Element("videoconvert"))
    elements.append(caps("video/x-raw,format={I420,NV12,GRAY8}"))
    sink = (
        ("drop", True),
        ("max-buffers", 1),
        ("sync", not source.live),
        ("qos", False),
        ("wait-on-eos", False),
        ("enable-last-sample", False),
    )
    elements.append(Element("appsink", sink, "sink"))
    return elements


def pace(fps: float) -> str:
    """The caps that hold a stream to so many pictures a second."""
    return "video/x-raw,framerate=" + fraction(fps)


def fraction(rate: float) -> str:
    """A rate in pictures/s as GStreamer writes it, to a thousandth: 12.5 is ``25/2``."""
    number, divisor = round(rate * 1000), 1000
    a, b = number, divisor
    while b:
        a, b = b, a % b
    return "{}/{}".format(number // a, divisor // a)
