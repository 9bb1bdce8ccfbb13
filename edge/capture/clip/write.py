"""One clip's packets into its file: as they are where that can be played and shown, else encoded anew."""

import os
from typing import Any, NamedTuple, Optional, Sequence

from ...boards import Board
from ...wire.clock import monotonic_ns
from ..bound import Bound
from ..evidence_fault import EvidenceError
from . import masked as mask_clip
from . import mux as clip_mux
from .gather import Gathering
from .order import in_order, order
from .stream import alike, codec
from .times import shown_at, timed

_SECOND = 1000000000
_MUX_NS = 10 * _SECOND
#: To encode anew may take so long, and twice what the clip lasts.
_ENCODE_NS = 60 * _SECOND


class Written(NamedTuple):
    """``start`` and ``end`` as ``captured``; ``encoder``: what encoded it anew, empty where nothing did."""

    start: int
    end: int
    codec: str
    encoder: str = ""
    note: str = ""


def write(
    clip: Gathering, fd: int, masks: Sequence[Any], board: Board, stop: Optional[Bound] = None
) -> Written:
    """Write it into ``fd``, from its beginning. Raises EvidenceError.

    ``stop``: when it must be done, where that is sooner than its own bound.
    """
    if not clip.packets:
        raise EvidenceError("no key picture came in its time" + (": " + clip.note if clip.note else ""))
    form = clip.packets[0].caps.text
    kind = codec(form)
    packets = alike(clip.packets, form)
    if len(packets) < len(clip.packets):
        clip.say("it ends early: the camera sends another kind of stream from there on")
    shown = shown_at(packets)
    places = order(packets, kind) if "byte-stream" in form else None
    if places is not None:
        shown = in_order(shown, places)
    pictures = timed(packets, shown)
    start = shown[0]
    end = start + max(picture.pts + picture.duration for picture in pictures) - min(p.pts for p in pictures)
    again = bool(masks) or kind == "jpeg"
    own = Bound(monotonic_ns() + (_ENCODE_NS + 2 * (end - start) if again else _MUX_NS))
    bounds = [own] if stop is None else [own, stop]
    encoder = ""
    try:
        if again:
            encoder = mask_clip.write(pictures, form, fd, masks, board, bounds)
        else:
            clip_mux.write(pictures, form, fd, bounds)
    except EvidenceError as error:
        os.ftruncate(fd, 0)
        why = "clips.masked: " if masks else "clips of JPEG: " if kind == "jpeg" else ""
        raise EvidenceError("{}{}".format(why, error)) from None
    return Written(start, end, "h264" if again else kind, encoder, clip.note)
