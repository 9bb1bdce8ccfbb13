"""The GStreamer binding: loads it, builds described elements, and reads its errors."""

from typing import Any, List

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import GLib, Gst, GstApp, GstVideo  # noqa: E402

from ..errors import Unsupported  # noqa: E402
from .element import Element  # noqa: E402
from .failure import GstError  # noqa: E402
from .packages import words  # noqa: E402

__all__ = ["GLib", "Gst", "GstApp", "GstVideo", "build", "exists", "missing", "read_error", "scaler"]


def exists(factory: str) -> bool:
    """Whether this GStreamer has the element."""
    return Gst.ElementFactory.find(factory) is not None


def scaler() -> str:
    """The element or elements that scale and convert in software: one pass where GStreamer has it (1.22)."""
    return "videoconvertscale" if exists("videoconvertscale") else "videoscale videoconvert"


def build(pipeline: Any, elements: List[Element]) -> List[Any]:
    """Make the elements, add them to ``pipeline`` and link them in a row. Raises Unsupported for a missing one.

    An element whose pads come later (a demuxer) must be last.
    """
    made: List[Any] = []
    for described in elements:
        element = Gst.ElementFactory.make(described.factory, described.name)
        if element is None:
            raise Unsupported(missing(described.factory))
        for key, value in described.properties:
            if element.find_property(key) is not None:
                Gst.util_set_object_arg(element, key, _text(value))
        pipeline.add(element)
        if made and not made[-1].link(element):
            raise Unsupported("{} cannot be linked to {}".format(made[-1].get_name(), described.factory))
        made.append(element)
    return made


def missing(factory: str) -> str:
    """That there is no such element, and the package that has it."""
    package = words(factory)
    return "GStreamer has no element {} here{}".format(factory, "; it is in " + package if package else "")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_error(message: Any) -> GstError:
    """What a bus ERROR says: the first line of its words, and the last of its debug text.

    The first lines of that name a place in GStreamer's source files.
    """
    error, debug = message.parse_error()
    details = message.parse_error_details()
    found, status = details.get_uint("rtsp-status-code") if details is not None else (False, 0)
    lines = [line.strip() for line in (debug or "").splitlines() if line.strip()]
    domain, code = error.domain, str(error.code)
    for name, enum in (("resource", Gst.ResourceError), ("stream", Gst.StreamError)):
        if domain == GLib.quark_to_string(enum.quark()):
            domain, code = name, enum(error.code).value_nick
    text = (error.message.strip().splitlines() or [""])[0]
    return GstError(domain, code, text, lines[-1] if len(lines) > 1 else "", status if found else 0)
