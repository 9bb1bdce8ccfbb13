"""What a capture process holds stays what it is, whatever comes in."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest

from scripts.fault_proxy import FaultProxy
from scripts.servers import RtspServer
from tests.capture.harness import CaptureHarness, rtsp

_MB = 1 << 20


def beats(worker: CaptureHarness, count: int) -> List[Dict[str, Any]]:
    """So many beats, while pictures are taken."""
    found = []
    for _ in range(count):
        if worker.answered():
            worker.take_picture()
            worker.give_credit()
        found.append(worker.wait_for("beat"))
    return found


@pytest.mark.parametrize(
    "modes",
    [["pass"], ["lose", "garbage", "pass"], ["truncate", "garbage-packets", "stall", "pass"]],
    ids=["good", "lossy", "broken"],
)
def test_memory_descriptors_and_threads_stay(cameras: RtspServer, modes: List[str]) -> None:
    with FaultProxy(cameras.port, seed=3) as proxy, CaptureHarness(rtsp(proxy.url("square"))) as worker:
        worker.wait_for("online")
        worker.give_credit()
        rounds = []
        for _ in range(12 // len(modes)):
            for mode in modes:
                proxy.set(mode, share=0.1)
                last = beats(worker, 2)[-1]
            rounds.append(last)
        # Decoders keep some of what a broken stream made them take; what matters is that it ends.
        settled = rounds[len(rounds) // 2]
        assert rounds[-1]["rss"] - settled["rss"] < 3 * _MB, [r["rss"] / _MB for r in rounds]
        assert rounds[-1]["fds"] <= settled["fds"] and rounds[-1]["threads"] <= settled["threads"], rounds
        assert worker.said("end") == []
    assert worker.stderr == ""
