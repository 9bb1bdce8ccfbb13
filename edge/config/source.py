"""Where a camera's pictures come from: the kinds of source and what their URLs may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Optional
from urllib.parse import unquote

from edge.config.devices import parse_csi, parse_usb
from edge.config.fault import Fault
from edge.config.nearest import hint
from edge.config.options import Kind, Number, Value, Word, parse_options
from edge.config.options import size as size_option
from edge.config.redact import redact
from edge.config.urls import split_authority, split_scheme
from edge.config.values import parse_size

ALLOWED = (
    "rtsp://host[:port]/path, csi://0, usb:///dev/video0, http://host/stream.mjpg, http://host/stream.m3u8, "
    "file:///path/clip.mp4 or test://"
)
_KINDS = ("rtsp", "csi", "usb", "http", "https", "file", "test")
_LATER = {"rtsps": "RTSP over TLS"}
#: The kinds that ask for a user and a password.
WITH_USER = ("rtsp", "http", "hls")
# The patterns of GStreamer's videotestsrc that move or can be told apart.
PATTERNS = ("ball", "smpte", "snow", "black", "white", "red", "green", "blue", "circular", "blink", "pinwheel")
_TEST: Dict[str, Kind] = {"size": size_option, "rate": Number(1, 120), "pattern": Word(PATTERNS)}


@dataclass(frozen=True)
class SourceUrl:
    """A source taken apart.

    ``kind`` is rtsp, http (MJPEG), hls, csi, usb, file or test. ``location`` is the URL without user and password,
    ``path`` the absolute path of a file, ``options`` what else the URL says: of a test picture width, height, rate
    (pictures a second) and pattern; of a camera on the board see :mod:`edge.config.devices`.
    """

    kind: str
    location: str
    username: Optional[str] = field(default=None, repr=False)
    password: Optional[str] = field(default=None, repr=False)
    path: Optional[Path] = None
    options: Dict[str, Value] = field(default_factory=dict)

    @property
    def safe(self) -> str:
        """For logs and status: no user, no password."""
        return redact(self.location)


def parse_source(text: str, folder: Path) -> SourceUrl:
    """``text`` as a source; a relative file is taken from ``folder``. Raises Fault, which tells no secret."""
    parts = split_scheme(text)
    if parts is None or (not parts[1] and parts[0] not in ("file", "test", "usb", "csi", *_LATER)):
        raise Fault(_no_url(text))
    scheme, slashes, rest = parts
    if scheme in _LATER:
        raise Fault(f"{_LATER[scheme]} ({scheme}:) comes in a later version; allowed now: {ALLOWED}")
    if scheme == "file":
        return _file(rest, slashes, folder)
    if scheme == "test":
        return _test(rest)
    if scheme == "csi":
        location, options = parse_csi(rest)
        return SourceUrl("csi", location, options=options)
    if scheme == "usb":
        location, options = parse_usb(rest)
        return SourceUrl("usb", location, options=options)
    if scheme not in _KINDS:
        raise Fault(f"unknown kind of source {scheme}://{hint(scheme, _KINDS)}; allowed: {ALLOWED}")
    url = split_authority(rest)
    port = "" if url.port is None else f":{url.port}"
    path = url.tail.partition("?")[0].partition("#")[0]
    kind = "rtsp" if scheme == "rtsp" else "hls" if path.endswith(".m3u8") else "http"
    return SourceUrl(kind, f"{scheme}://{url.host}{port}{url.tail}", url.username, url.password)


def _no_url(text: str) -> str:
    if text.startswith("/dev/"):
        return f"found {text[:60]!r}; for a USB camera, write usb://{text[:60]}"
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
    given = parse_options(query, _TEST)
    size = parse_size(given.get("size", "1280x720"))
    rate, pattern = float(str(given.get("rate", 15))), given.get("pattern", "ball")
    location = f"test://?size={size}&rate={rate:g}&pattern={pattern}"
    options: Dict[str, Value] = {"width": size.width, "height": size.height, "rate": rate, "pattern": pattern}
    return SourceUrl("test", location, options=options)
