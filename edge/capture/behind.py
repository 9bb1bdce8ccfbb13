"""What stands behind the pad that brings a source's video, made and linked."""

from typing import Any, List, NamedTuple

from .element import Element
from .evidence_fault import EvidenceError
from .gst import build
from .guard import push_on
from .pipeline import Parts
from .ring.headers import told
from .ring.raw import KEPT, forked
from .source import Source


class Behind(NamedTuple):
    """``line``: from the source's pad to the appsink; ``others``: what stands beside it. ``note``: what is not as it
    could be.
    """

    line: List[Any]
    others: List[Any]
    note: str = ""

    @property
    def all(self) -> List[Any]:
        return self.line + self.others


def behind(pipeline: Any, elements: List[Element], raw: bool, source: Source, parts: Parts) -> Behind:
    """``raw``: the pictures come as they are, and are to be kept; a fork is made for that. Raises Unsupported."""
    if not raw:
        return Behind(build(pipeline, elements), [])
    try:
        fork = forked(elements, source, parts)
    except EvidenceError as error:
        return Behind(build(pipeline, elements), [], "its pictures cannot be kept: {}".format(error))
    front, branch, line = (build(pipeline, some) for some in fork)
    for some in (branch, line):
        front[-1].link(some[0])
    push_on(branch[0])
    return Behind(front + line, branch)


class Packets(NamedTuple):
    """Where packets pass that are to be kept, and the parameter sets that the source has told beforehand."""

    pad: Any
    headers: bytes


def packets(pipeline: Any, caps: Any) -> List[Packets]:
    """None where pictures come as they are and none are kept. ``caps``: of the source's pad."""
    kept, decoder = pipeline.get_by_name(KEPT), pipeline.get_by_name("decoder")
    if kept is not None:
        return [Packets(kept.get_static_pad("src"), b"")]
    if decoder is None:
        return []
    rtp = caps.get_structure(0).get_name() == "application/x-rtp"
    first = pipeline.get_by_name("valve") or decoder
    return [Packets(first.get_static_pad("sink").get_peer(), told(caps) if rtp else b"")]
