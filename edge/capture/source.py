"""A camera's source, and what stands in front of the pad that brings its video. Imports no GStreamer."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..boards import Board
from ..errors import Unsupported
from .element import Element, caps, fraction

# rtspsrc's own bounds are 20 s; the daemon retries, so a connection that gives no sign is given up sooner.
_TIMEOUT_S = 5
#: The words of a csi:// source, in the order of nvarguscamerasrc's numbers (gst-inspect-1.0 nvarguscamerasrc).
_WHITE_BALANCE = (
    "off", "auto", "incandescent", "fluorescent", "warm-fluorescent", "daylight", "cloudy-daylight", "twilight",
    "shade", "manual",
)  # fmt: skip
_ANTIBANDING = ("off", "auto", "50hz", "60hz")
_QUALITY = ("off", "fast", "high-quality")
#: And of nvvidconv's flip-method.
_FLIPS = (
    "none", "counterclockwise", "rotate-180", "clockwise", "horizontal-flip", "upper-right-diagonal", "vertical-flip",
    "upper-left-diagonal",
)  # fmt: skip


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
        return self.kind in ("rtsp", "http", "hls")

    @property
    def paced(self) -> bool:
        """Its pictures come in heaps, each to be shown at its time (or at once, for who measures)."""
        return self.kind in ("file", "hls") and bool((self.options or {}).get("paced", True))

    @property
    def flip(self) -> int:
        """nvvidconv's number for how the picture is turned."""
        return _FLIPS.index((self.options or {}).get("flip", "none"))


def of_order(order: Dict[str, Any]) -> Source:
    """A source as the daemon's message has it."""
    values = dict(order)
    if values.get("size") is not None:
        values["size"] = tuple(values["size"])
    return Source(**values)


def head(source: Source, board: Board) -> List[Element]:
    """Raises Unsupported for a source that there is not here."""
    make = _HEADS.get(source.kind)
    if make is None:
        raise Unsupported("sources of kind {!r} are not known here".format(source.kind))
    return make(source, board)


def _rtsp(source: Source, _board: Board) -> List[Element]:
    properties = [
        ("location", source.location),
        ("protocols", source.transport),
        ("latency", int(source.latency * 1000)),
        ("tcp-timeout", _TIMEOUT_S * 1000000),
        ("timeout", _TIMEOUT_S * 1000000),
    ]  # type: List[Tuple[str, object]]
    return [Element("rtspsrc", tuple(properties + _user(source)), "source")]


def _user(source: Source) -> List[Tuple[str, object]]:
    if source.username is None:
        return []
    return [("user-id", source.username), ("user-pw", source.password or "")]


def _http(source: Source, _board: Board) -> List[Element]:
    """Motion JPEG: pictures one after the other, as many cameras offer them beside RTSP."""
    properties = [
        ("location", source.location),
        ("is-live", True),
        ("do-timestamp", True),
        ("timeout", _TIMEOUT_S),
        ("retries", 0),
        ("keep-alive", True),
    ]  # type: List[Tuple[str, object]]
    return [
        Element("souphttpsrc", tuple(properties + _user(source))),
        Element("multipartdemux", (("single-stream", True),), "source"),
    ]


def _hls(source: Source, _board: Board) -> List[Element]:
    properties = [("location", source.location), ("timeout", _TIMEOUT_S)]  # type: List[Tuple[str, object]]
    return [Element("souphttpsrc", tuple(properties + _user(source))), Element("parsebin", (), "source")]


def _file(source: Source, _board: Board) -> List[Element]:
    return [Element("filesrc", (("location", source.location),)), Element("parsebin", (), "source")]


def _test(source: Source, _board: Board) -> List[Element]:
    options = source.options or {}
    form = "video/x-raw,format=I420,width={},height={},framerate={}".format(
        int(options.get("width", 1280)),
        int(options.get("height", 720)),
        fraction(float(options.get("rate", 15))),
    )
    pattern = options.get("pattern", "ball")
    return [Element("videotestsrc", (("is-live", True), ("pattern", pattern)), "source"), caps(form)]


def _csi(source: Source, board: Board) -> List[Element]:
    if board.camera is None:
        raise Unsupported("CSI cameras need a Jetson; this is {}".format(board.name))
    options = source.options or {}
    properties = [("sensor-id", options["sensor"])] + [
        (name, make(options[option])) for option, (name, make) in _ARGUS.items() if option in options
    ]  # type: List[Tuple[str, object]]
    size = options.get("size", "1920x1080").split("x")
    form = "video/x-raw(memory:NVMM),format=NV12,width={},height={},framerate={}".format(
        size[0], size[1], fraction(float(options.get("rate", 30)))
    )
    return [Element(board.camera, tuple(properties), "source"), caps(form)]


def _nanoseconds(ends: List[float]) -> str:
    return "{} {}".format(*(round(end * 1e9) for end in ends))


def _numbers(ends: List[float]) -> str:
    return "{:g} {:g}".format(*ends)


#: By the option's name, nvarguscamerasrc's property and its value.
_ARGUS = {
    "mode": ("sensor-mode", int),
    "exposure": ("exposuretimerange", _nanoseconds),
    "gain": ("gainrange", _numbers),
    "digital-gain": ("ispdigitalgainrange", _numbers),
    "white-balance": ("wbmode", _WHITE_BALANCE.index),
    "saturation": ("saturation", float),
    "compensation": ("exposurecompensation", float),
    "antibanding": ("aeantibanding", _ANTIBANDING.index),
    "ae-lock": ("aelock", bool),
    "awb-lock": ("awblock", bool),
    "denoise": ("tnr-mode", _QUALITY.index),
    "denoise-strength": ("tnr-strength", float),
    "sharpen": ("ee-mode", _QUALITY.index),
    "sharpen-strength": ("ee-strength", float),
}  # type: Dict[str, Tuple[str, Any]]


def _usb(source: Source, _board: Board) -> List[Element]:
    """The form (its caps) is chosen later, by what the device offers."""
    device = (source.options or {})["device"]
    return [Element("v4l2src", (("device", device), ("io-mode", "mmap"), ("do-timestamp", True)), "source")]


_HEADS = {"rtsp": _rtsp, "http": _http, "hls": _hls, "file": _file, "test": _test, "csi": _csi, "usb": _usb}
