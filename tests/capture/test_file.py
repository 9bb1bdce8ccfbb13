"""The capture worker and files: played in real time, to their end or over and over."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, List

import pytest

from edge.wire.messages import PictureHeader
from tests.capture import clips
from tests.capture.harness import CaptureHarness, clip


def played(worker: CaptureHarness) -> List[PictureHeader]:
    """Takes every picture until there is no more."""
    headers = []
    while True:
        try:
            headers.append(worker.picture(fresh=False)[0])
        except Exception:  # the end of the socket, or a broken pipe
            return headers


def test_a_clip_is_played_in_real_time_and_ends(short: Path, python: str) -> None:
    with CaptureHarness(clip(short), python=python) as worker:
        headers = played(worker)
        farewell = worker.ended()
    assert farewell == {"op": "end", "state": "ended", "reason": "the file is over"}
    assert worker.stderr == ""
    (online,) = [m for m in worker.messages if m["op"] == "online"]
    assert (online["codec"], online["width"], online["height"]) == ("h264", 768, 576)
    # Of the 20 the first may be gone before there is somebody to take them, and a busy machine takes only the newest.
    assert len(headers) >= 5
    assert [h.sequence for h in headers] == list(range(1, len(headers) + 1))
    spans = [(b.captured - a.captured) / 1e8 for a, b in zip(headers, headers[1:])]
    assert all(abs(s - round(s)) < 0.05 and s > 0.9 for s in spans), f"multiples of 100 ms: {spans}"
    for header in headers:
        assert header.captured <= header.decoded <= header.sent <= time.monotonic() * 1e9


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_loop_goes_on_as_if_the_clip_were_longer(shared: Path, tmp_path: Path, codec: str) -> None:
    looped = clips.cut(shared / "media" / f"vtest-{codec}.mp4", tmp_path / "looped.mp4", 10, codec)
    with CaptureHarness(clip(looped, loop=True)) as worker:
        online = worker.wait_for("online")
        assert online["codec"] == codec
        headers = [worker.picture(fresh=False)[0] for _ in range(35)]
        assert not [m for m in worker.messages if m["op"] == "end"]
    captured = [h.captured for h in headers]
    assert captured == sorted(set(captured)), "times never step back"
    spans = [(b - a) / 1e8 for a, b in zip(captured, captured[1:])]
    # A gap or an overlap where the clip begins again would show as a broken multiple of a picture's 100 ms.
    assert all(0.5 < s < 8 and abs(s - round(s)) < 0.3 for s in spans), spans


def test_pictures_are_counted_on_when_a_clip_begins_again(short: Path, tmp_path: Path) -> None:
    looped = clips.cut(short, tmp_path / "looped.mp4", 10)  # a second
    with CaptureHarness(clip(looped, loop=True)) as worker:
        while len(worker.said("beat")) < 6:
            worker.hear()
        counts = [beat["frames"] for beat in worker.said("beat")]
    assert counts == sorted(counts) and counts[-1] > 20, counts


def test_a_loop_of_another_container(short: Path, tmp_path: Path) -> None:
    looped = clips.cut(short, tmp_path / "looped.mkv", 5, mux="matroskamux")
    with CaptureHarness(clip(looped, loop=True)) as worker:
        headers = [worker.picture(fresh=False)[0] for _ in range(12)]
    assert all(a.captured < b.captured for a, b in zip(headers, headers[1:]))


def test_a_loop_that_is_scaled(short: Path, tmp_path: Path) -> None:
    looped = clips.cut(short, tmp_path / "looped.mp4", 5)
    with CaptureHarness(clip(looped, loop=True, size=[160, 120], fps=5)) as worker:
        headers = [worker.picture(fresh=False)[0] for _ in range(8)]
    spans = [(b.captured - a.captured) / 1e8 for a, b in zip(headers, headers[1:])]
    assert all(s > 1.5 for s in spans), f"no more than 5 a second: {spans}"


def test_a_container_that_cannot_be_searched_cannot_be_looped(short: Path, tmp_path: Path) -> None:
    with CaptureHarness(clip(clips.cut(short, tmp_path / "looped.ts", 5, mux="mpegtsmux"), loop=True)) as worker:
        farewell = worker.ended()
    assert farewell["state"] == "unsupported" and "cannot be looped" in farewell["reason"]


def test_sound_beside_the_pictures_is_left_alone(short: Path, tmp_path: Path) -> None:
    with CaptureHarness(clip(clips.with_sound(short, tmp_path / "both.mp4"))) as worker:
        assert worker.wait_for("online")["codec"] == "h264"
        worker.picture()
        assert worker.ended()["state"] == "ended"


def text(folder: Path) -> Path:
    (folder / "notes.mp4").write_text("no clip at all\n" * 500)
    return folder / "notes.mp4"


def empty(folder: Path) -> Path:
    (folder / "empty.mp4").write_bytes(b"")
    return folder / "empty.mp4"


def noise(folder: Path) -> Path:
    (folder / "noise.mp4").write_bytes(bytes(range(256)) * 400)
    return folder / "noise.mp4"


def wav(folder: Path) -> Path:
    return clips.sound(folder / "tone.wav")


def sound_alone(folder: Path) -> Path:
    return clips.sound(folder / "tone.mp4")


def theora(folder: Path) -> Path:
    clips.launch(f"videotestsrc num-buffers=5 ! theoraenc ! matroskamux ! filesink location={folder}/old.mkv")
    return folder / "old.mkv"


def missing(folder: Path) -> Path:
    return folder / "nowhere.mp4"


def folder_itself(folder: Path) -> Path:
    return folder


@pytest.mark.parametrize(
    ("make", "state", "words"),
    [
        (text, "unsupported", "text file"),
        (empty, "unsupported", "no data"),
        (noise, "unsupported", ""),
        (wav, "unsupported", "it has no video stream"),
        (sound_alone, "unsupported", "it has no video stream"),
        (theora, "unsupported", "video/x-theora; H.264, H.265 and JPEG are supported"),
        (missing, "unreachable", "nowhere.mp4"),
        (folder_itself, "unreachable", "directory"),
    ],
)
def test_what_is_no_video(tmp_path: Path, make: Callable[[Path], Path], state: str, words: str) -> None:
    with CaptureHarness(clip(make(tmp_path))) as worker:
        farewell = worker.ended()
    assert farewell["state"] == state, farewell
    assert words in farewell["reason"]
    assert "\n" not in farewell["reason"]
    assert "Traceback" not in worker.stderr


def test_a_truncated_clip_gives_what_it_has_or_says_so(short: Path, tmp_path: Path) -> None:
    cut_off = tmp_path / "cut.mp4"
    cut_off.write_bytes(short.read_bytes()[:60000])
    with CaptureHarness(clip(cut_off)) as worker:
        assert worker.ended()["state"] in ("ended", "unsupported")
    assert "Traceback" not in worker.stderr
