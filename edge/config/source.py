"""Where a camera's pictures come from: the kinds of source and what their URLs may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Union
from urllib.parse import parse_qsl, unquote

from edge.config.fault import Fault
from edge.config.nearest import hint
from edge.config.redact import redact
from edge.config.urls import split_authority, split_scheme
from edge.config.values import Between, Size, parse_size

ALLOWED = "rtsp://host[:port]/path, file:///path/clip.mp4 or test://"
_LATER = {
    "csi": "CSI cameras",
    "hls": "HLS streams",
    "http": "HTTP sources",
    "https": "HTTP sources",
    "rtsps": "RTSP over TLS",
    "usb": "USB cameras",
    "v4l2": "USB cameras",
}
# The patterns of GStreamer's videotestsrc that move or can be told apart.
PATTERNS = ("ball", "smpte", "snow", "black", "white", "red", "green", "blue", "circular", "blink", "pinwheel")


@dataclass(frozen=True)
class SourceUrl:
    """A source taken apart.

    ``kind`` is rtsp, file or test. ``location`` is the URL without user and password, ``path`` the absolute path of a
    file, ``options`` what a test picture looks like: width, height, rate (pictures a second) and pattern.
    """

    kind: str
    location: str
    username: Optional[str] = field(default=None, repr=False)
    password: Optional[str] = field(default=None, repr=False)
    path: Optional[Path] = None
    options: Dict[str, Union[int, float, str]] = field(default_factory=dict)

    @property
    def safe(self) -> str:
        """For logs and status: no user, no password."""
        return redact(self.location)


def parse_source(text: str, folder: Path) -> SourceUrl:
    """``text`` as a source; a relative file is taken from ``folder``. Raises Fault, which tells no secret."""
    parts = split_scheme(text)
    if parts is None or (not parts[1] and parts[0] not in ("file", "test", *_LATER)):
        raise Fault(_no_url(text))
    scheme, slashes, rest = parts
    if scheme in _LATER:
        raise Fault(f"{_LATER[scheme]} ({scheme}:) come in a later version; allowed now: {ALLOWED}")
    if scheme == "file":
        return _file(rest, slashes, folder)
    if scheme == "test":
        return _test(rest)
    if scheme != "rtsp":
        raise Fault(f"unknown kind of source {scheme}://{hint(scheme, ('rtsp', 'file', 'test'))}; allowed: {ALLOWED}")
    url = split_authority(rest)
    port = "" if url.port is None else f":{url.port}"
    return SourceUrl("rtsp", f"rtsp://{url.host}{port}{url.tail}", url.username, url.password)


def _no_url(text: str) -> str:
    if text.startswith("/dev/video"):
        return f"USB cameras come in a later version; allowed now: {ALLOWED}"
    if "@" not in text and (text.startswith(("/", "./", "../")) or text.endswith((".mp4", ".mkv"))):
        return f"found {text[:60]!r}; for a file, write file:{text[:60]}"
    return f"found {redact(text)[:60]!r}, which is no URL; allowed: {ALLOWED}"


def _file(rest: str, slashes: bool, folder: Path) -> SourceUrl:
    if slashes and rest.startswith("localhost/"):
        rest = rest[len("localhost") :]
    if slashes and not rest.startswith(("/", "./", "../")):
        raise Fault(f"file://{rest[:60]} names a machine, not a file: write file:{rest[:60]} or file:///{rest[:60]}")
    name = unquote(rest)
    if not name.strip("/."):
        raise Fault("names no file: write file:///path/clip.mp4, or file:clip.mp4 beside this file")
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise Fault("a control character in a file's name")
    path = (folder / name).absolute()
    return SourceUrl("file", f"file:{path}", path=path)


def _test(rest: str) -> SourceUrl:
    place, _, query = rest.partition("?")
    if place.strip("/"):
        raise Fault("test:// takes options alone: test://?size=1280x720&rate=15&pattern=ball")
    size, rate, pattern = Size(1280, 720), 15.0, "ball"
    wrong: List[str] = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "size":
            try:
                size = parse_size(value)
            except ValueError as error:
                wrong.append(f"size={value[:60]}: allowed is {error}")
        elif name == "rate":
            try:
                rate = Between(1, 120).check(value)
            except ValueError as error:
                wrong.append(f"rate={value[:60]}: allowed is {error}")
        elif name == "pattern":
            if value in PATTERNS:
                pattern = value
            else:
                wrong.append(f"pattern={value[:60]}{hint(value, PATTERNS)}: allowed are {', '.join(PATTERNS)}")
        else:
            known = ("size", "rate", "pattern")
            wrong.append(f"unknown option {name[:60]}{hint(name, known)}; allowed: {', '.join(known)}")
    if wrong:
        raise Fault("; ".join(wrong))
    location = f"test://?size={size}&rate={rate:g}&pattern={pattern}"
    options: Dict[str, Union[int, float, str]] = {"width": size.width, "height": size.height}
    options.update(rate=rate, pattern=pattern)
    return SourceUrl("test", location, options=options)
