"""GStreamer: its version, the elements that pipelines are made of, and the decoder of each codec."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List

from edge.doctor.checks.workers import modules
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, skipped, warning

#: Where Debian and Ubuntu have the elements, by the beginning of their names; the longest that fits counts.
_PACKAGES = {
    "avdec_": "gstreamer1.0-libav",
    "openh264": "gstreamer1.0-plugins-bad",
    "libde265": "gstreamer1.0-plugins-bad",
    "h264parse": "gstreamer1.0-plugins-bad",
    "h265parse": "gstreamer1.0-plugins-bad",
    "jpegparse": "gstreamer1.0-plugins-bad",
    "errorignore": "gstreamer1.0-plugins-bad",
    "va": "gstreamer1.0-plugins-bad",
    "nvh26": "gstreamer1.0-plugins-bad",
    "nvv4l2": "nvidia-l4t-gstreamer",
    "hlsdemux": "gstreamer1.0-plugins-bad",
    "tsdemux": "gstreamer1.0-plugins-bad",
    "souphttpsrc": "gstreamer1.0-plugins-good",
    "multipartdemux": "gstreamer1.0-plugins-good",
    "nvvidconv": "nvidia-l4t-gstreamer",
    "nvarguscamerasrc": "nvidia-l4t-gstreamer",
    "jpegdec": "gstreamer1.0-plugins-good",
    "rtp": "gstreamer1.0-plugins-good",
    "rtsp": "gstreamer1.0-plugins-good",
    "v4l2": "gstreamer1.0-plugins-good",
    "qtdemux": "gstreamer1.0-plugins-good",
    "matroskademux": "gstreamer1.0-plugins-good",
    "appsink": "gstreamer1.0-plugins-base",
    "parsebin": "gstreamer1.0-plugins-base",
    "video": "gstreamer1.0-plugins-base",
    "filesrc": "libgstreamer1.0-0",
    "capsfilter": "libgstreamer1.0-0",
    "queue": "libgstreamer1.0-0",
}
_WORDS = {
    "rtsp": "RTSP", "http": "Motion JPEG", "hls": "HLS", "usb": "USB", "csi": "CSI cameras", "file": "files",
    "test": "test pictures", "pictures": "any camera",
}  # fmt: skip
_CODECS = {"h264": "H.264", "h265": "H.265", "jpeg": "JPEG"}


def install(elements: Iterable[str]) -> str:
    """The command that brings the elements."""
    packages = set()
    for element in elements:
        fitting = [start for start in _PACKAGES if element.startswith(start)]
        if fitting:
            packages.add(_PACKAGES[max(fitting, key=len)])
    named = " ".join(sorted(packages))
    return f"apt-get install {named}" if named else "install the GStreamer plugins that have them"


def check(context: Context) -> Iterator[Finding]:
    probe = context.gstreamer
    found = {} if isinstance(probe, str) else modules(probe)
    if isinstance(probe, str) or "gstreamer" not in found:
        words = "the workers' interpreter has to be mended first"
        if not isinstance(probe, str) and "version" in found.get("gi", {}):
            yield error("version", f"GStreamer cannot be loaded: {probe.failure}", "reinstall libgstreamer1.0-0")
        else:
            yield skipped("version", f"not looked at: {words}")
        return
    if "error" in found["gstreamer"]:
        remedy = "apt-get install gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0"
        yield error("version", f"its bindings cannot be loaded: {found['gstreamer']['error']}", remedy)
        return
    yield ok("version", found["gstreamer"]["version"])
    yield from _elements(context, {message["kind"]: message["missing"] for message in probe.said("elements")})
    for message in probe.said("codec"):
        yield _codec(message)
    if probe.failure:
        words = f"looking at them did not end well: {probe.failure}"
        yield error("plugins", words, "gst-inspect-1.0 -b lists broken ones")


def _elements(context: Context, missing: Dict[str, List[str]]) -> Iterator[Finding]:
    good = True
    for kind, names in missing.items():
        if names:
            good = False
            # Without a configuration, any kind of source may come.
            wanted = kind == "pictures" or context.config is None or kind in context.kinds
            words = f"missing for {_WORDS.get(kind, kind)}: {', '.join(names)}"
            yield (error if wanted else warning)("elements", words, install(names))
    if good and missing:
        yield ok("elements", f"all for {', '.join(_WORDS.get(kind, kind) for kind in missing if kind != 'pictures')}")


def _codec(message: Dict[str, Any]) -> Finding:
    codec, decoder, missing = message["codec"], message["decoder"], message["missing"]
    if decoder is None or missing:
        # Nearly every camera can send H.264.
        bad = error if codec == "h264" else warning
        lacking = missing or message["candidates"]
        either = " or ".join(lacking) if not missing else ", ".join(missing)
        words = f"cameras that send {_CODECS.get(codec, codec)} cannot be used: {either} is missing"
        return bad(codec, words, install(lacking))
    how = "hardware" if message["hardware"] else "software"
    words = f"{decoder}, in {how}"
    if message["unused"] and not message["hardware"]:
        words += f" (there is {', '.join(message['unused'])} too, which this version does not use)"
    return ok(codec, words)
