"""A label as a picture of its letters, by GStreamer's text element; whatever is in it is shown as it stands there."""

import ctypes
from typing import Any, Optional

import numpy as np

from ..element import Element
from ..gst import GLib, exists
from .line import Line

_TEXT = "textoverlay"
_MOST_LETTERS = 80
_WIDEST, _WAIT_S = 2048, 5.0


def literal(label: str) -> str:
    """In one line, with what cannot be printed as an escape (``\\n``, ``\\x1b``); what is too long is cut."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in label)
    return shown if len(shown) <= _MOST_LETTERS else shown[: _MOST_LETTERS - 1] + "…"


def letters(label: str, height: int) -> Optional[np.ndarray]:
    """How much of each pixel is letter, 0 to 255, cut to what is written; ``height``: of the font, in pixels.

    None where nothing can be written: without the element, or without a font.
    """
    words = literal(label)
    if not words.strip() or not exists(_TEXT) or not _fonts():
        return None
    width, tall = min(_WIDEST, 2 * height * (len(words) + 2)) // 8 * 8, 2 * height
    properties = (
        ("font-desc", "Sans Bold {}px".format(height)), ("halignment", "left"), ("valignment", "top"), ("xpad", 4),
        ("ypad", 2), ("wrap-mode", "none"), ("auto-resize", False), ("shaded-background", False),
        ("draw-shadow", False), ("draw-outline", False), ("color", "4294967295"),
    )  # fmt: skip
    line = Line(
        [Element("identity"), Element(_TEXT, properties, "text")],
        "video/x-raw,format=I420,width={},height={},framerate=1/1,colorimetry=1:4:0:0".format(width, tall),
    )
    try:
        # Its text is markup.
        line.element("text").set_property("text", GLib.markup_escape_text(words, -1))
        line.push_bytes(bytes(width * tall) + bytes([128]) * (width * tall // 2))
        line.end()
        sample = line.pull(_WAIT_S)
        return None if sample is None else _cut(sample.bytes(), width, tall)
    finally:
        line.close()


def _cut(picture: bytes, width: int, height: int) -> Optional[np.ndarray]:
    luma = np.frombuffer(picture, np.uint8)[: width * height].reshape(height, width)
    luma = (luma.astype(np.uint16) * 255 // max(1, luma.max())).astype(np.uint8)  # its white is 235
    rows, columns = np.flatnonzero(luma.max(axis=1) > 32), np.flatnonzero(luma.max(axis=0) > 32)
    if not len(rows):
        return None
    cut: np.ndarray = luma[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cut


def _fonts() -> bool:
    """Whether there is a font. The library that draws letters ends the process where it finds none."""
    try:
        library = ctypes.CDLL("libfontconfig.so.1")
        library.FcConfigGetFonts.restype = ctypes.c_void_p
        library.FcConfigGetFonts.argtypes = [ctypes.c_void_p, ctypes.c_int]
        if not library.FcInit():
            return False
        found: Any = library.FcConfigGetFonts(None, 0)
        # FcFontSet begins with the number of its fonts.
        return bool(found) and ctypes.c_int.from_address(found).value > 0
    except (OSError, AttributeError):
        return False
