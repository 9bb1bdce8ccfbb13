"""``python -m edge.capture.probe NAME FD PARENT``: tells ``edge doctor`` what GStreamer can do here, or of one camera.

One order comes: ``{"op": "elements"}``, ``{"op": "camera", "source": …, "patience": s, "seconds": s}``, or
``{"op": "pipeline", "source": …, "codec": …, "decoder": …}``. It says what it is about to import or to try before it
does, since a broken library may kill the process.
"""

import importlib
import os
import sys
from typing import Any, Dict, List, Optional, Tuple

from ..boards import Board, Decoder, Found, look
from ..boards.quirks import NEEDS_LSMOD
from ..errors import BrokenDecoder, Ended, SourceError, Unreachable
from ..wire.channel import Channel
from ..wire.clock import monotonic_ns
from ..wire.process import begin
from . import pipeline
from .element import Element
from .packages import packages
from .pipeline import Parts
from .source import Source, head

_CODECS = ("h264", "h265", "jpeg")
#: What ``parsebin`` looks for by itself: in an HLS stream, and in clips.
_PLAYLIST = ("hlsdemux", "tsdemux")
_CONTAINERS = ("qtdemux", "matroskademux")
# The first pictures come all at once, from the camera's own buffer and the jitter buffer: the rate is counted later.
_SETTLE_NS = 300000000
_LOOK_S = 0.02
_TEARDOWN_S = 1.0


def main(channel: Channel) -> None:
    order = channel.receive().control or {}
    channel.send({"op": "python", "version": sys.version.split()[0], "path": sys.executable})
    found = look(_root())
    channel.send(_board(found))
    for name, module in (("gi", "gi"), ("gstreamer", "edge.capture.gst")):
        channel.send({"op": "importing", "module": name})
        try:
            loaded = importlib.import_module(module)
            version = loaded.Gst.version_string().split()[-1] if name == "gstreamer" else loaded.__version__
        except Exception as error:  # ValueError for a missing typelib; a broken library raises whatever it likes
            channel.send({"op": "module", "module": name, "error": " ".join(str(error).split())[:300]})
            channel.send({"op": "end"})
            return
        channel.send({"op": "module", "module": name, "version": version})
    if order.get("op") == "camera":
        _camera(channel, order, found.board)
    elif order.get("op") == "pipeline":
        _pipeline(channel, order, found.board)
    else:
        _elements(channel, found.board)
    channel.send({"op": "end"})


# ---- the board, and what is installed -----------------------------------------------------------------------------


def _board(found: Found) -> Dict[str, Any]:
    board = found.board
    return {
        "op": "board", "name": board.name, "release": board.release, "l4t": found.l4t, "warning": found.warning,
        "programs": ["lsmod"] if NEEDS_LSMOD in board.quirks else [],
    }  # fmt: skip


def _elements(channel: Channel, board: Board) -> None:
    from .gst import Gst, exists, scaler

    Gst.init(None)
    source = Source("rtsp", "rtsp://host/")
    parts = Parts(board, scaler(), exists)
    common = _factories(pipeline.tail(source, "raw", False, None, parts))
    common += _factories(pipeline.tail(source._replace(size=(2, 2)), "raw", False, None, parts))
    needs = {"pictures": common}
    for kind in ("rtsp", "http", "hls", "usb", "file", "test") + (("csi",) if board.camera else ()):
        needs[kind] = _factories(head(Source(kind, "", options={"device": "", "sensor": 0}), board))
    needs["file"] += _CONTAINERS
    needs["hls"] += _PLAYLIST
    for kind, names in needs.items():
        missing = [_lacking(name) for name in sorted(set(names)) if not exists(name)]
        channel.send({"op": "elements", "kind": kind, "missing": missing})
    for codec in _CODECS:
        decoders = board.decoders.get(codec, ())
        there = [decoder for decoder in decoders if exists(decoder.element)]
        tail = _factories(pipeline.tail(source, codec, True, there[0] if there else Decoder(""), parts))
        missing = [_lacking(name) for name in tail if name and name not in common and not exists(name)]
        chosen, failed = (there[0], []) if missing and there else _first_that_works(channel, codec, there)
        channel.send(
            {"op": "codec", "codec": codec, "missing": missing, "failed": failed,
             "decoder": chosen.element if chosen else None, "hardware": bool(chosen and is_hardware(chosen.element)),
             "absent": [_lacking(d.element) for d in decoders if d not in there],
             "better": [d.element for d in decoders if d.memory and d != chosen],
             "unused": _unused(codec, [d.element for d in decoders])}
        )  # fmt: skip


def _first_that_works(
    channel: Channel, codec: str, decoders: List[Decoder]
) -> Tuple[Optional[Decoder], List[Dict[str, str]]]:
    """And why those before it do not."""
    from .trial import attempt

    failed = []  # type: List[Dict[str, str]]
    for decoder in decoders:
        # A driver may take the process with it.
        channel.send({"op": "trying", "element": decoder.element, "codec": codec})
        failure = attempt(codec, decoder).failure
        if not failure:
            return decoder, failed
        failed.append({"element": decoder.element, "why": failure})
    return None, failed


def _lacking(element: str) -> Dict[str, Any]:
    return {"element": element, "packages": packages(element)}


def _root() -> str:
    return os.environ.get("EDGE_ROOT", "/")


def _factories(elements: List[Element]) -> List[str]:
    return [element.factory for element in elements]


def is_hardware(factory: str) -> bool:
    """Whether an element decodes in hardware: it says so, or its pictures can stay in a device's memory."""
    from .gst import Gst

    found = Gst.ElementFactory.find(factory)
    if found is None:
        return False
    if "Hardware" in (found.get_metadata("klass") or ""):
        return True
    sources = [t for t in found.get_static_pad_templates() if t.direction == Gst.PadDirection.SRC]
    return any("(memory:" in template.get_caps().to_string() for template in sources)


def _unused(codec: str, known: List[str]) -> List[str]:
    """Hardware decoders for the codec that this GStreamer has and this board's table does not name."""
    from .gst import Gst

    caps = Gst.Caps.from_string("image/jpeg" if codec == "jpeg" else "video/x-" + codec)
    names = []
    for factory in Gst.ElementFactory.list_get_elements(Gst.ELEMENT_FACTORY_TYPE_DECODER, Gst.Rank.NONE):
        name = str(factory.get_name())
        if factory.can_sink_any_caps(caps) and name not in known and is_hardware(name):
            names.append(name)
    return sorted(names)


# ---- what a camera sends -----------------------------------------------------------------------------------------


def _camera(channel: Channel, order: Dict[str, Any], board: Board) -> None:
    from .stream import Stream

    channel.send({"op": "ready"})
    avoid = []  # type: List[str]
    while True:
        stream = None  # type: Optional[Stream]
        try:
            stream = Stream(Source(**order["source"]), board, avoid)
            first, rate, over = _watch(stream, order["patience"], order["seconds"])
            channel.send(
                {"op": "camera", "codec": stream.codec, "decoder": stream.decoder, "memory": stream.memory,
                 "note": stream.note, "hardware": is_hardware(stream.decoder), "width": first[0], "height": first[1],
                 "rate": rate, "over": over}
            )  # fmt: skip
        except SourceError as error:
            if isinstance(error, BrokenDecoder) and error.decoder not in avoid:
                # As the daemon does: with the next decoder.
                avoid.append(error.decoder)
                if stream is not None:
                    stream.close(_TEARDOWN_S)
                continue
            channel.send({"op": "camera", "state": error.state, "reason": str(error)})
        if stream is not None:
            stream.close(_TEARDOWN_S)
        return


def _watch(stream: Any, patience: float, seconds: float) -> Tuple[Tuple[int, int], Optional[float], bool]:
    """((width, height), pictures/s, whether the file is over). Raises SourceError."""
    from .gst import GLib

    began = monotonic_ns()
    size = None  # type: Optional[Tuple[int, int]]
    counts = []  # type: List[Tuple[int, int]]  # when a picture had come, and how many had by then
    started = 0
    while True:
        now = monotonic_ns()
        try:
            stream.check()
        except Ended:
            if size is None:
                raise
            return size, measured_rate(counts), True
        if size is None:
            if stream.linked and stream.take(False, _LOOK_S) is not None:
                size, started = (stream.layout.width, stream.layout.height), monotonic_ns()
            elif now - began > patience * 1e9:
                found = "its {} stream comes, but no picture can be decoded".format(stream.codec)
                words = found if stream.codec else "no picture"
                raise Unreachable("{} within {:g} s of connecting".format(words, patience))
        elif now - started > _SETTLE_NS:
            frames = stream.frames
            if not counts or frames != counts[-1][1]:
                counts.append((now, frames))
            # A slow camera is given the time for two intervals.
            if now - started > seconds * 1e9 + _SETTLE_NS and (len(counts) > 2 or now - began > patience * 1e9):
                return size, measured_rate(counts), False
        GLib.usleep(int(_LOOK_S * 1e6))


def measured_rate(counts: List[Tuple[int, int]]) -> Optional[float]:
    """Pictures a second. The first count was not taken as its picture came, so the next one begins."""
    if len(counts) < 3:
        return None
    (begin_at, before), (end_at, after) = counts[1], counts[-1]
    return (after - before) * 1e9 / (end_at - begin_at)


# ---- how a camera's pictures would come here ---------------------------------------------------------------------


def _pipeline(channel: Channel, order: Dict[str, Any], board: Board) -> None:
    from .whole import whole

    try:
        told = whole(Source(**order["source"]), board, order["codec"], order["decoder"])
    except SourceError as error:
        told = {"reason": str(error)}
    channel.send(dict(told, op="pipeline"))


if __name__ == "__main__":
    main(begin("edge: doctor", int(sys.argv[2]), int(sys.argv[3])))
    # Not a return: GStreamer's threads, and a teardown that hangs, must not keep the process.
    sys.stderr.flush()
    os._exit(0)
