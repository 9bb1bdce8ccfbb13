"""GStreamer: its version, the elements that pipelines are made of, and the decoder of each codec."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List

from edge.doctor.checks.workers import modules
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, skipped, warning

_WORDS = {
    "rtsp": "RTSP", "http": "Motion JPEG", "hls": "HLS", "usb": "USB", "csi": "CSI cameras", "file": "files",
    "test": "test pictures", "pictures": "any camera",
}  # fmt: skip
_BROKEN = "gst-inspect-1.0 and journalctl -k may say more; is the driver the one that this GStreamer was made for?"
_CODECS = {"h264": "H.264", "h265": "H.265", "jpeg": "JPEG"}


def install(lacking: Iterable[Dict[str, Any]]) -> str:
    """The command that brings the elements, each ``{"element": …, "packages": […]}``."""
    packages = sorted({package for each in lacking for package in each["packages"]})
    return f"apt-get install {' '.join(packages)}" if packages else "install the GStreamer plugins that have them"


def named(lacking: Iterable[Dict[str, Any]], between: str = ", ") -> str:
    return between.join(each["element"] for each in lacking)


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


def _elements(context: Context, missing: Dict[str, List[Dict[str, Any]]]) -> Iterator[Finding]:
    good = True
    for kind, lacking in missing.items():
        if lacking:
            good = False
            # Without a configuration, any kind of source may come.
            wanted = kind == "pictures" or context.config is None or kind in context.kinds
            words = f"missing for {_WORDS.get(kind, kind)}: {named(lacking)}"
            yield (error if wanted else warning)("elements", words, install(lacking))
    if good and missing:
        yield ok("elements", f"all for {', '.join(_WORDS.get(kind, kind) for kind in missing if kind != 'pictures')}")


def _codec(message: Dict[str, Any]) -> Finding:
    codec, decoder, missing, absent = (message[key] for key in ("codec", "decoder", "missing", "absent"))
    failed = [f"{each['element']} does not work here: {each['why']}" for each in message["failed"]]
    if decoder is None or missing:
        # Nearly every camera can send H.264.
        bad = error if codec == "h264" else warning
        lacking = [f"{named(missing or absent, ', ' if missing else ' or ')} is missing"] if missing or absent else []
        words = f"cameras that send {_CODECS.get(codec, codec)} cannot be used: {'; '.join(failed + lacking)}"
        return bad(codec, words, install(missing or absent) if missing or absent else _BROKEN)
    words = f"{decoder}, in {'hardware' if message['hardware'] else 'software'}"
    better = [each for each in absent if each["element"] in message["better"]]
    if not message["hardware"] and (failed or better):
        why = "; ".join(failed + ([f"{named(better)} is missing"] if better else []))
        return warning(codec, f"{words}: {why}", install(better) if better else _BROKEN)
    if message["unused"] and not message["hardware"]:
        words += f" (there is {', '.join(message['unused'])} too, which this version does not use)"
    return ok(codec, words)
