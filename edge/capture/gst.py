"""The GStreamer binding: loads it, builds described elements, and turns its errors into ours."""

from typing import Any, List, Optional, Type

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import GLib, Gst, GstApp, GstVideo  # noqa: E402

from ..errors import SourceError, Stalled, Unauthorized, Unreachable, Unsupported  # noqa: E402
from .pipeline import Element  # noqa: E402

__all__ = ["GLib", "Gst", "GstApp", "GstVideo", "build", "exists", "scaler", "source_error"]


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
            raise Unsupported("GStreamer has no element {!r} here".format(described.factory))
        for key, value in described.properties:
            if element.find_property(key) is not None:
                Gst.util_set_object_arg(element, key, _text(value))
        pipeline.add(element)
        if made and not made[-1].link(element):
            raise Unsupported("{} cannot be linked to {}".format(made[-1].get_name(), described.factory))
        made.append(element)
    return made


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def source_error(message: Any, location: str) -> SourceError:
    """A bus ERROR as one of ours, by its domain and code; the words are GStreamer's, the first line of them.

    ``location`` is the source's, without its password.
    """
    error, debug = message.parse_error()
    kind: Type[SourceError] = Unreachable
    words = error.message.strip().splitlines()[0]
    detail = _detail(debug)
    if error.matches(Gst.ResourceError.quark(), Gst.ResourceError.NOT_AUTHORIZED) or "Unauthorized" in (debug or ""):
        return Unauthorized("the camera refuses this user and password")
    if error.matches(Gst.ResourceError.quark(), Gst.ResourceError.OPEN_READ_WRITE):
        # rtspsrc says no more than that it failed.
        return Unreachable("no connection to {}".format(location.split("://")[-1].split("/")[0]))
    if error.matches(Gst.ResourceError.quark(), Gst.ResourceError.READ):
        kind = Stalled
    elif error.domain == GLib.quark_to_string(Gst.StreamError.quark()):
        kind = Unsupported
    return kind("{}{}".format(words, " ({})".format(detail) if detail and detail not in words else ""))


def _detail(debug: Optional[str]) -> str:
    """The last line of GStreamer's debug text: its first names a place in its source files."""
    lines = [line.strip() for line in (debug or "").splitlines() if line.strip()]
    return lines[-1] if len(lines) > 1 else ""
