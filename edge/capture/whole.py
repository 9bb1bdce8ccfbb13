"""The whole pipeline of a source as it would be built here, for ``edge doctor --pipeline``: nothing is connected to.

Only what lies on this machine is looked at: a file, and what a USB camera offers.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..boards import Board, Decoder
from ..errors import Unreachable, Unsupported
from ..wire.clock import monotonic_ns
from .device import offers
from .element import Element
from .element import caps as caps_of
from .gst import GLib, Gst, build, exists, scaler
from .offers import choose
from .packages import packages
from .pipeline import Choice, Parts, choose_decoder, memory_of, tail
from .source import Source, head
from .stream import Stream

_FILE_S = 10.0
_LOOK_S = 0.02
_TEARDOWN_S = 1.0


class _Sent(NamedTuple):
    """What comes out of a source: the codec, where raw pictures are, and what else has to be said."""

    codec: str
    memory: str = ""
    notes: Tuple[str, ...] = ()


def whole(source: Source, board: Board, codec: str = "", decoder: str = "") -> Dict[str, Any]:
    """The elements in their order, each with the properties that it has here, and what is to be known of them.

    ``codec``: what a camera in the network sends; of others it is found out, and counts where that fails.
    ``decoder``: the one to take, else the board's first that there is. Raises SourceError for a source that there
    cannot be here.
    """
    elements = head(source, board)
    sent = _sent(source, elements, codec or "h264")
    chosen = _decoder(board, sent.codec, decoder)
    parts = Parts(board, scaler(), exists)
    rtp = source.kind == "rtsp"
    elements += tail(source, sent.codec, rtp, None if chosen is None else chosen.decoder, parts, sent.memory)
    notes = [*sent.notes, *([chosen.note] if chosen is not None and chosen.note else [])]
    missing = [element.factory for element in elements if not exists(element.factory)]
    return {
        "codec": sent.codec,
        "decoder": None if chosen is None else chosen.decoder.element,
        "memory": sent.memory if chosen is None else chosen.decoder.memory,
        "elements": [_told(element) for element in elements],
        "missing": [{"element": name, "packages": packages(name)} for name in dict.fromkeys(missing)],
        "notes": notes,
    }


def _decoder(board: Board, codec: str, wanted: str) -> Optional[Choice]:
    if codec == "raw":
        return None
    candidates = board.decoders[codec]
    avoid = [d.element for d in candidates if d.element != wanted] if wanted in _names(candidates) else []
    try:
        choice = choose_decoder(board, codec, exists, avoid)
        # What the one that is running was preferred to is its worker's to say.
        return choice._replace(note="") if avoid else choice
    except Unsupported as error:
        return Choice(candidates[0], str(error))


def _names(decoders: Tuple[Decoder, ...]) -> List[str]:
    return [decoder.element for decoder in decoders]


def _told(element: Element) -> Dict[str, Any]:
    made = Gst.ElementFactory.make(element.factory, None)
    properties = [(k, v) for k, v in element.properties if made is None or made.find_property(k) is not None]
    return {"factory": element.factory, "name": element.name, "properties": properties}


def _sent(source: Source, elements: List[Element], codec: str) -> _Sent:
    """Adds to ``elements`` the form that a USB camera is asked for."""
    if source.kind in ("csi", "test"):
        return _Sent("raw", memory_of(dict(elements[-1].properties)["caps"]))
    if not all(exists(element.factory) for element in elements):
        return _Sent("raw" if source.kind == "usb" else codec)
    try:
        if source.kind == "file":
            return _Sent(_codec_of_file(source))
        if source.kind == "usb":
            media, form = _form(source, elements)
            elements.append(caps_of(form))
            return _Sent("jpeg" if media == "image/jpeg" else "raw")
    except Unreachable as error:
        words = "what it sends cannot be looked at ({})".format(error)
        if source.kind == "file":
            return _Sent(codec, "", ("{}: {} is taken".format(words, codec),))
        if (source.options or {}).get("format") == "mjpeg":
            elements.append(caps_of("image/jpeg"))
            return _Sent("jpeg", "", (words + ": the device's own choice of JPEG is taken",))
        return _Sent("raw", "", (words + ": raw pictures of the device's own choice are taken",))
    return _Sent(codec)


def _codec_of_file(source: Source) -> str:
    """Raises Unreachable where it cannot be read, Unsupported for what is no video."""
    stream = Stream(source._replace(loop=False), Board("", {}))
    began = monotonic_ns()
    try:
        while not stream.codec:
            stream.check()
            if monotonic_ns() - began > _FILE_S * 1e9:
                raise Unreachable("nothing was found in it for {:g} s".format(_FILE_S))
            GLib.usleep(int(_LOOK_S * 1e6))
    except Unsupported:
        if not stream.codec:  # else it is the decoder that this stream is not given
            raise
    finally:
        stream.close(_TEARDOWN_S)
    return stream.codec


def _form(source: Source, elements: List[Element]) -> Tuple[str, str]:
    """The media type and the caps that the device is asked for. Raises SourceError."""
    place = (source.options or {})["device"]
    device = build(Gst.Pipeline.new(None), elements)[-1]
    try:
        if device.set_state(Gst.State.READY) == Gst.StateChangeReturn.FAILURE:
            raise Unreachable("{} cannot be opened".format(place))
        form = choose(offers(device.get_static_pad("src").query_caps(None)), source.options or {}, place)
        return form.media, form.caps
    finally:
        device.set_state(Gst.State.NULL)

