"""Cameras on the board itself: ``csi://0?mode=2`` and ``usb:///dev/video0?size=1280x720``.

The words are nvarguscamerasrc's and v4l2src's own, where they have some; what a camera can really do only it knows.
"""

from __future__ import annotations

import re
from typing import Dict, Mapping, Tuple

from edge.config.fault import Fault
from edge.config.options import Kind, Number, Range, Value, Word, flag, parse_options, size

#: nvvidconv's flip-method, in the order of its numbers.
FLIPS = (
    "none", "counterclockwise", "rotate-180", "clockwise", "horizontal-flip", "upper-right-diagonal", "vertical-flip",
    "upper-left-diagonal",
)  # fmt: skip
#: nvarguscamerasrc's wbmode, aeantibanding, tnr-mode and ee-mode, in the order of their numbers.
WHITE_BALANCE = (
    "off", "auto", "incandescent", "fluorescent", "warm-fluorescent", "daylight", "cloudy-daylight", "twilight",
    "shade", "manual",
)  # fmt: skip
ANTIBANDING = ("off", "auto", "50hz", "60hz")
QUALITY = ("off", "fast", "high-quality")

_CSI: Dict[str, Kind] = {
    "mode": Number(0, 255, whole=True),
    "size": size,
    "rate": Number(1, 240),
    "flip": Word(FLIPS),
    "exposure": Range(1e-6, 1.0, durations=True),
    "gain": Range(1, 256),
    "digital-gain": Range(1, 256),
    "white-balance": Word(WHITE_BALANCE),
    "saturation": Number(0, 2),
    "compensation": Number(-2, 2),
    "antibanding": Word(ANTIBANDING),
    "ae-lock": flag,
    "awb-lock": flag,
    "denoise": Word(QUALITY),
    "denoise-strength": Number(-1, 1),
    "sharpen": Word(QUALITY),
    "sharpen-strength": Number(-1, 1),
}
_USB: Dict[str, Kind] = {"size": size, "rate": Number(1, 240), "format": Word(("auto", "mjpeg", "raw"))}
_MOST_SENSORS = 255
_DEVICE = re.compile(r"/dev/[\w./:-]+")


def parse_csi(rest: str) -> Tuple[str, Dict[str, Value]]:
    """What stands behind ``csi://``: the location, and the options with ``sensor``. Raises Fault."""
    place, _, query = rest.partition("?")
    sensor = place.strip("/") or "0"
    if not sensor.isdigit() or int(sensor) > _MOST_SENSORS:
        raise Fault(f"a CSI camera is named by its number: csi://0 (found csi://{place[:60]})")
    options = parse_options(query, _CSI)
    return _location(f"csi://{int(sensor)}", options), {"sensor": int(sensor), **options}


def parse_usb(rest: str) -> Tuple[str, Dict[str, Value]]:
    """What stands behind ``usb:``: the location, and the options with ``device``. Raises Fault."""
    place, _, query = rest.partition("?")
    if not _DEVICE.fullmatch(place) or ".." in place:
        example = "usb:///dev/video0, or usb:///dev/v4l/by-id/… to keep to one of several"
        raise Fault(f"a USB camera is named by its device: {example} (found {place[:60]!r})")
    options = parse_options(query, _USB)
    return _location(f"usb://{place}", options), {"device": place, **options}


def _location(place: str, options: Mapping[str, Value]) -> str:
    """The same again, in one way of writing it."""
    words = [f"{name}={_written(value)}" for name, value in options.items()]
    return f"{place}?{'&'.join(words)}" if words else place


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "..".join(f"{end:g}" for end in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
