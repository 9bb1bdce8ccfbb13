"""Decoding a picture of the past again: what is left of it, and what one that takes too long does to the next."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

from edge.boards import ANY_MACHINE
from edge.capture.evidence_fault import EvidenceError
from edge.capture.ring.ring import Found
from edge.capture.snapshot import recall
from tests.capture.clip_streams import H264, generated, stream
from tests.support.worker import PATIENCE


def test_nothing_holds_its_packets_when_it_is_done() -> None:
    packets = stream(generated(5, f"x264enc bframes=0 ! {H264}", "width=160,height=120"))
    held = [weakref.ref(packet.buffer) for packet in packets]
    found = Found(0, packets[3], packets[:4])
    assert recall.Recall(ANY_MACHINE).picture(found).width == 160
    del packets, found
    gc.collect()
    assert not any(buffer() for buffer in held)


def test_one_that_takes_too_long_stands_in_the_way_only_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    goes, done = threading.Event(), threading.Event()

    class Slow:
        still, failure, stopped = None, "it has ended", False

        def __init__(self, *_: Any) -> None:
            pass

        def run(self) -> None:
            goes.wait(PATIENCE)
            done.set()

    monkeypatch.setattr(recall, "_Job", Slow)
    monkeypatch.setattr(recall, "WAIT_S", 0.01)
    again, found = recall.Recall(ANY_MACHINE), Found(0, None, [])  # type: ignore[arg-type]
    for words in ("took longer", "a decoder hangs"):
        with pytest.raises(EvidenceError, match=words):
            again.picture(found)
    goes.set()
    assert done.wait(PATIENCE)
    next(thread for thread in [again._late] if thread is not None).join(PATIENCE)
    monkeypatch.setattr(recall, "WAIT_S", PATIENCE)
    with pytest.raises(EvidenceError, match="it has ended"):
        again.picture(found)
