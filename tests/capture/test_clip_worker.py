"""Clips as the worker gives them: of a camera's stream, extended, and when the stream ends in the middle."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edge.wire.clock import monotonic_ns
from scripts.servers import RtspServer
from tests.capture.clip_files import decoded, probed
from tests.capture.harness import clip, rtsp
from tests.capture.recorders import SECOND, Kept


@pytest.mark.parametrize("mount", ["square", "square265"])
def test_the_analysed_pictures_are_in_it_at_their_times(mount: str, cameras: RtspServer, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with Kept(rtsp(cameras.url(mount))) as worker:
        worker.wait_for("online")
        for _ in range(25):  # a key picture comes every two seconds
            worker.picture()
        header, _ = worker.picture()
        answer = worker.clip(path, header.captured - SECOND // 2, header.captured + 2 * SECOND)
    assert answer["ok"] and not answer["note"], answer
    assert answer["start"] <= header.captured < answer["end"]
    moments = np.array(probed(path)["pts"]) * 1e9 + answer["start"]
    assert len(decoded(path, 768, 576)) == len(moments)
    if mount == "square":
        assert abs(moments - header.captured).min() <= 0.001e9


def test_its_end_is_moved_by_another_order(cameras: RtspServer, tmp_path: Path) -> None:
    with Kept(rtsp(cameras.url("square"))) as worker:
        worker.wait_for("online")
        now = monotonic_ns()
        fd = os.open(str(tmp_path / "clip.mp4"), os.O_RDWR | os.O_CREAT)
        worker.control.send({"op": "clip", "request": 5, "from": now, "to": now + SECOND, "masks": []}, [fd])
        os.close(fd)
        worker.control.send({"op": "clip", "request": 5, "to": now + 5 * SECOND})
        answer = worker.wait_for("clip", request=5)
    assert answer["ok"] and answer["end"] >= now + 5 * SECOND


@pytest.mark.parametrize("stopped", [False, True], ids=["the stream ends", "the worker is stopped"])
def test_it_ends_with_the_stream(stopped: bool, short: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with Kept(clip(short, loop=stopped)) as worker:
        worker.wait_for("online")
        now = monotonic_ns()
        fd = os.open(str(path), os.O_RDWR | os.O_CREAT)
        order = {"op": "clip", "request": 1, "from": now - 10 * SECOND, "to": now + 1000 * SECOND, "masks": []}
        worker.control.send(order, [fd])
        os.close(fd)
        if stopped:
            worker.wait_for("beat")
            worker.wait_for("beat")
            worker.control.send({"op": "stop"})
        answer = worker.wait_for("clip")
        assert worker.ended()["state"] == ("stopped" if stopped else "ended")
    assert answer["ok"] and "the camera's stream ended" in answer["note"], answer
    assert stopped or len(probed(path)["pts"]) == 20
    assert answer["bytes"] == path.stat().st_size


def test_it_must_not_run_out_of_descriptors_or_memory(cameras: RtspServer, tmp_path: Path) -> None:
    with Kept(rtsp(cameras.url("square"))) as worker:
        worker.wait_for("online")
        now = monotonic_ns()
        masks = [[[0, 0], [0.5, 0], [0.5, 0.5]]]
        sizes = []
        for n in range(24):
            answer = worker.clip(tmp_path / "clip.mp4", now, now + SECOND // 10, masks if n % 4 == 0 else [])
            assert answer["ok"], answer
            sizes.append(len(os.listdir(f"/proc/{worker.process.pid}/fd")))
            if n == 7:
                before = _rss(worker.process.pid)
        assert max(sizes[8:]) <= max(sizes[:8])
        assert _rss(worker.process.pid) - before < 40_000_000


def _rss(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
