"""Clips: events close together share one, which ends in time whatever comes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Dict

import pytest

from edge.daemon.evidence import clips as evidence_clips
from tests.daemon.evidence_double import JPEG, SECOND, Site, never, refuse, run, write

CLIPS: Dict[str, Any] = {"events": ["zone.*"], "before": "5s", "after": "4s", "max_length": "20s"}
MASKS: Dict[str, Any] = {"door": {"points": [[0, 0], [0.5, 0], [0.5, 0.5]]}}


def test_one_event(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips=CLIPS)
        event = site.happen("zone.enter", 100.25)
        assert event.clip == f"gate/{event.time[:10]}/{event.id}.mp4" and event.snapshot is None
        await site.settled()
        (order,) = camera.asked
        assert order == {
            "op": "clip", "request": 1, "from": 95_250_000_000, "to": 104_250_000_000, "masks": [],
        }  # fmt: skip
        assert site.files() == [event.clip] and site.evidence.read(event.clip) == JPEG + b"1"
        (ready,) = site.told
        assert (ready.type, ready.of, ready.clip, ready.duration_s) == ("clip.ready", event.id, event.clip, 9.0)
        assert site.pictures == []

    run(tmp_path, test)


def test_events_close_together_share_one(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips=CLIPS)
        camera.answer = never
        first = site.happen("zone.enter", 100.0)
        second = site.happen("zone.enter", 100.1)  # before the first order has left
        await site.until(lambda: camera.asked)
        third = site.happen("zone.leave", 103.0)
        fourth = site.happen("zone.leave", 102.0)  # another model's result of an earlier picture
        assert {event.clip for event in (second, third, fourth)} == {first.clip}
        begin, more = camera.asked
        assert (begin["from"], begin["to"]) == (95 * SECOND, 104_100_000_000)
        assert more == {"op": "clip", "request": begin["request"], "to": 107 * SECOND}
        camera.say(begin, ok=True, start=95 * SECOND, end=107 * SECOND)
        await site.settled()
        assert [event.type for event in site.told] == ["clip.failed"], "nothing was written by this double"
        assert site.told[0].of == first.id, "it is told once, for all that share it"

    run(tmp_path, test)


@pytest.mark.parametrize(
    ("second", "shared"), [(104.0, True), (104.1, False), (111.0, False), (99.0, True), (94.0, False)]
)
def test_one_that_is_outside_of_it_begins_another(tmp_path: Path, second: float, shared: bool) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips=CLIPS)
        camera.answer = never
        first, other = site.happen("zone.enter", 100.0), site.happen("zone.enter", second)
        assert (first.clip == other.clip) is shared
        await site.until(lambda: len(camera.asked) == (1 if shared else 2))
        site.evidence.gone(camera, "over")

    run(tmp_path, test)


def test_it_grows_no_longer_than_it_may(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips=CLIPS)
        camera.answer = never
        events = [site.happen("zone.enter", 100.0 + n * 2) for n in range(12)]  # 22 seconds
        clips = list(dict.fromkeys(event.clip for event in events))
        assert len(clips) == 2
        assert [event.clip for event in events].count(clips[0]) == 6, "to 114 s; with 5 s before and 4 after that is 19"
        await site.until(lambda: len([order for order in camera.asked if "from" in order]) == 2)
        ends: Dict[int, Any] = {}
        for order in camera.asked:
            ends.setdefault(order["request"], [order.get("from"), 0])[1] = order["to"]
        assert list(ends.values()) == [[95 * SECOND, 114 * SECOND], [107 * SECOND, 126 * SECOND]]
        site.evidence.gone(camera, "over")
        await site.settled()
        assert [told.type for told in site.told] == ["clip.failed"] * 2
        assert [f"{told.of}.mp4" for told in site.told] == [str(clip).split("/")[2] for clip in clips]

    run(tmp_path, test)


def test_one_shorter_than_what_is_wanted_around_the_event(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips={**CLIPS, "max_length": "7s"})
        site.happen("zone.enter", 100.0)
        await site.settled()
        assert (camera.asked[0]["from"], camera.asked[0]["to"]) == (95 * SECOND, 102 * SECOND)

    run(tmp_path, test)


def test_a_camera_that_goes_ends_its_clip_with_what_there_is(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips=CLIPS)
        camera.answer = never
        at = time.monotonic()
        first = site.happen("zone.enter", at)
        await site.until(lambda: camera.asked)
        site.evidence.leaving(camera)
        begin, end = camera.asked
        assert at * SECOND <= end["to"] <= time.monotonic() * SECOND < begin["to"]
        after = site.happen("zone.enter", at + 0.1)
        assert after.clip != first.clip, "under its new name it begins another"
        site.evidence.gone(camera, "over")

    run(tmp_path, test)


@pytest.mark.parametrize(("masked", "count"), [(True, 1), (False, 0)])
def test_what_nobody_is_to_see(tmp_path: Path, masked: bool, count: int) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips={**CLIPS, "masked": masked}, masks=MASKS)
        site.happen("zone.enter")
        await site.settled()
        assert len(camera.asked[0]["masks"]) == count

    run(tmp_path, test)


def test_one_that_fails(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips=CLIPS)
        camera.answer = refuse("no key picture came")
        event = site.happen("zone.enter")
        await site.settled()
        assert [(e.type, e.of, e.reason) for e in site.told] == [("clip.failed", event.id, "no key picture came")]
        camera.answer = write
        again = site.happen("zone.enter")
        assert again.clip != event.clip
        await site.settled()
        assert site.told[-1].type == "clip.ready"

    run(tmp_path, test)


@pytest.mark.parametrize("news", [{}, {"start": "x", "end": None}, {"start": 5, "end": 1}])
def test_an_answer_without_its_times(tmp_path: Path, news: Dict[str, Any]) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(clips=CLIPS)
        camera.answer = lambda order, fd: {**write(order, fd), "start": None, **news}
        site.happen("zone.enter")
        await site.settled()
        assert [(event.type, event.duration_s) for event in site.told] == [("clip.ready", 0.0)]

    run(tmp_path, test)


def test_it_is_waited_for_until_after_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_clips, "DEADLINE_S", 0.1)

    async def test(site: Site) -> None:
        camera = site.camera(clips={**CLIPS, "before": 0, "after": "0.5s"})
        camera.answer = never
        began = time.monotonic()
        site.happen("zone.enter", began)
        await site.settled()
        assert time.monotonic() - began >= 1.0, "its end, and as long as it is, to be encoded"
        assert site.told[0].type == "clip.failed" and "no answer" in (site.told[0].reason or "")

    run(tmp_path, test)
