"""Masks that are added while pictures and clips are under way, or wait, or while the daemon is stopped."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pytest

from edge.config import CameraConfig
from edge.daemon.evidence.covers import Covers
from edge.daemon.evidence.evidence import Evidence
from edge.events.event import Event
from edge.events.evidence.draft import Draft
from tests.daemon.evidence_double import SECOND, Double, Site, never, run, write

DOOR: Dict[str, Any] = {"door": {"points": [[0, 0], [0.5, 0], [0.5, 0.5]]}}
BOTH: Dict[str, Any] = {**DOOR, "window": {"points": [[0.5, 0], [1, 0], [1, 0.5]]}}
PICTURES: Dict[str, Any] = {"snapshots": {"events": ["object.start"], "publish": True}}
CLIPS: Dict[str, Any] = {"clips": {"events": ["zone.*"], "before": "5s", "after": "4s", "max_length": "20s"}}
WHERE = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]


def edit(camera: Double, **config: Any) -> None:
    camera.config = CameraConfig(source="test://", **config)
    camera.site.evidence.covered(camera)


def test_clips_under_way(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(**CLIPS)
        camera.answer = never
        site.happen("zone.enter", 100.0)
        site.happen("zone.enter", 200.0)
        await site.until(lambda: len(camera.asked) == 2)
        edit(camera, **CLIPS, masks=DOOR)
        edit(camera, **CLIPS, masks=DOOR)
        assert camera.asked[2:] == [
            {"op": "clip", "request": 1, "to": 104 * SECOND, "masks": [WHERE]},
            {"op": "clip", "request": 2, "to": 204 * SECOND, "masks": [WHERE]},
        ]
        edit(camera, **CLIPS)
        assert len(camera.asked) == 4, "none is taken away"
        edit(camera, **CLIPS, masks=BOTH)
        assert len(camera.asked[-1]["masks"]) == 2
        site.evidence.gone(camera, "over")

    run(tmp_path, test)


def test_a_clip_whose_order_waits(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(**CLIPS)
        camera.answer = never
        site.happen("zone.enter", 100.0)
        edit(camera, **CLIPS, masks=DOOR)
        await site.until(lambda: camera.asked)
        assert camera.asked[0]["masks"] == [WHERE] and len(camera.asked) == 1
        site.evidence.gone(camera, "over")

    run(tmp_path, test)


@pytest.mark.parametrize("error", [None, OSError(109, "Too many references"), ValueError("a message of 70000 bytes")])
def test_a_clip_whose_process_cannot_be_told_is_none(tmp_path: Path, error: Optional[Exception]) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(**CLIPS)
        camera.answer = never
        event = site.happen("zone.enter", 100.0)
        await site.until(lambda: camera.asked)

        def ask(order: Dict[str, Any], fds: Sequence[int]) -> bool:
            if error is not None:
                raise error
            return False

        camera.ask = ask  # type: ignore[method-assign]
        edit(camera, **CLIPS, masks=DOOR)
        await site.settled()
        (failed,) = site.told
        assert (failed.type, failed.of) == ("clip.failed", event.id) and "of masks" in (failed.reason or "")
        assert site.files() == []

    run(tmp_path, test)


def test_a_picture_that_waits_is_masked_and_one_under_way_is_not_sent(tmp_path: Path) -> None:
    taken: List[str] = []

    async def test(site: Site) -> None:
        site.evidence.take_back = taken.append
        camera = site.camera(**PICTURES)
        sent = site.happen("object.start", 50.0)
        await site.until(lambda: site.pictures)
        camera.answer = never
        events = [site.happen("object.start", 100 + n) for n in range(9)]
        await site.until(lambda: len(camera.asked) == 9)
        edit(camera, **PICTURES, masks=DOOR)
        assert taken == ["gate"] and site.evidence.read(str(sent.snapshot)) is None
        camera.answer = write
        for order in camera.asked[1:]:
            camera.site.evidence.heard(camera, {"op": "snapshot", "request": order["request"], "ok": False})
        await site.until(lambda: len(camera.asked) == 10)
        assert camera.asked[-1]["masks"] == [WHERE]
        await site.settled()
        assert (tmp_path / "evidence" / str(events[8].snapshot)).is_file() and len(site.pictures) == 1
        after = site.happen("object.start", 300.0)
        await site.settled()
        assert site.pictures[-1]["event"] == after.id and site.evidence.read(str(after.snapshot))
        edit(camera, **PICTURES)
        assert taken == ["gate"] and site.evidence.read(str(after.snapshot)), "fewer masks hide nothing"

    run(tmp_path, test)


def test_an_edit_while_the_daemon_was_stopped(tmp_path: Path) -> None:
    file = tmp_path / "state" / "covers.json"
    found: List[Event] = []

    def daemon(site: Site) -> None:
        site.evidence = Evidence(
            site.store, site.factory, site._tell, site._put, site.cameras.get, False, Covers(file)
        )  # fmt: skip

    async def before(site: Site) -> None:
        daemon(site)
        camera = site.camera(**PICTURES, masks=DOOR)
        site.evidence.covered(camera)
        found.append(site.happen("object.start"))
        await site.settled()
        assert site.evidence.read(str(found[0].snapshot))
        assert file.stat().st_mode & 0o777 == 0o600

    async def same(site: Site) -> None:
        daemon(site)
        site.evidence.known("gate", CameraConfig(source="test://", masks=DOOR))
        assert site.evidence.read(str(found[0].snapshot)), "nothing was edited"

    async def edited(site: Site) -> None:
        daemon(site)
        camera = site.camera(**PICTURES, masks=BOTH)
        site.evidence.covered(camera)
        assert site.evidence.read(str(found[0].snapshot)) is None
        site.evidence.start(lambda: [json.loads(found[0].to_json())])
        await site.settled()
        assert site.pictures == [], "it is not handed on again"

    for test in (before, same, edited):
        run(tmp_path, test)


@pytest.mark.parametrize("content", ["", "[]", '{"cameras": {"gate": {"masks": 1, "since": ""}}}', "{" * 100000])
def test_a_damaged_file_hides_what_has_masks(tmp_path: Path, content: str) -> None:
    file = tmp_path / "covers.json"
    file.write_text(content)
    covers = Covers(file)
    assert covers.see("gate", [WHERE], "0190" + "0" * 4 + "-0000-7000-8000-000000000000")
    assert not covers.see("yard", [], "x")


def test_stopping_with_a_disk_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        site = Site(tmp_path / "evidence")
        site.camera(**PICTURES)
        monkeypatch.setattr(site.store, "commit", lambda draft: time.sleep(6))
        site.happen("object.start")
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await site.evidence.stop()
        assert time.monotonic() - began < 2.5

    asyncio.run(test())


def test_a_clip_that_is_written_out_holds_up_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(site: Site) -> None:
        go = threading.Event()
        monkeypatch.setattr(Draft, "sync", lambda draft: go.wait(60))
        site.camera(**PICTURES, **CLIPS)
        site.happen("zone.enter")
        picture = site.happen("object.start")
        await site.until(lambda: site.pictures)
        assert site.files() != [] and site.pictures[0]["event"] == picture.id and site.told == []
        go.set()
        await site.until(lambda: site.told)
        assert site.told[0].type == "clip.ready"

    run(tmp_path, test)


@pytest.mark.parametrize("error", [OSError(109, "Too many references"), ValueError("too long"), KeyError("a bug")])
def test_an_order_that_cannot_be_sent_is_answered(tmp_path: Path, error: Exception) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(**PICTURES, **CLIPS)

        def ask(order: Dict[str, Any], fds: Sequence[int]) -> bool:
            raise error

        camera.ask = ask  # type: ignore[method-assign]
        site.happen("object.start")
        site.happen("zone.enter")
        await site.settled()
        assert sorted(event.type for event in site.told) == ["clip.failed", "snapshot.failed"]
        words = "internal error" if isinstance(error, KeyError) else "cannot be asked"
        assert all(words in (event.reason or "") for event in site.told) and site.files() == []

    run(tmp_path, test)
