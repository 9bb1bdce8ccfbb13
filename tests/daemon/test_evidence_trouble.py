"""Pictures that cannot be made: no answer, no process, no room, no disk; and more of them than can be made at once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from edge.daemon.evidence import requests as evidence_requests
from edge.events.evidence.draft import Draft
from tests.daemon.evidence_double import Site, never, refuse, run, write

STARTS: Dict[str, Any] = {"events": ["object.start"]}


def test_no_answer_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_requests.Requests.make, "__defaults__", (0.2,))

    async def test(site: Site) -> None:
        camera = site.camera(snapshots=STARTS)
        camera.answer = never
        event = site.happen("object.start")
        await site.settled()
        assert [(told.type, told.of) for told in site.told] == [("snapshot.failed", event.id)]
        assert "no answer" in (site.told[0].reason or "")
        camera.say(camera.asked[0], ok=True)  # too late
        camera.say({"op": "snapshot", "request": 77}, ok=True)  # never asked for
        camera.say({"op": "snapshot", "request": "x"}, ok=True)
        camera.answer = write
        second = site.happen("object.start")
        await site.settled()
        assert site.files() == [second.snapshot] and len(site.told) == 1

    run(tmp_path, test)


def test_a_process_that_dies_takes_its_requests_with_it_and_no_others(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        gate, yard = site.camera(snapshots=STARTS), site.camera("yard", snapshots=STARTS)
        gate.answer = yard.answer = never
        one, other = site.happen("object.start"), site.happen("object.start", camera="yard")
        await site.until(lambda: gate.asked and yard.asked)
        gate.say({"op": "snapshot", "request": yard.asked[0]["request"]}, ok=True)  # another's
        site.evidence.gone(gate, "its capture process was killed by signal 11")
        await site.until(lambda: site.told)
        assert (site.told[0].of, site.told[0].reason) == (one.id, "its capture process was killed by signal 11")
        yard.answer = write
        site.evidence.gone(yard, "gone too")
        await site.settled()
        assert [event.of for event in site.told] == [one.id, other.id] and site.files() == []

    run(tmp_path, test)


def test_so_many_at_a_time_and_no_more(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        gate = site.camera(snapshots=STARTS, clips={"events": ["zone.enter"]})
        yard = site.camera("yard", snapshots=STARTS)
        gate.answer = never
        events = [site.happen("object.start", 100 + n) for n in range(35)]
        site.happen("object.start", camera="yard")
        await site.until(lambda: len(site.told) == 3 and len(gate.asked) == 8 and yard.asked)
        assert {event.of for event in site.told} == {event.id for event in events[32:]}
        assert all("are being made already" in (event.reason or "") for event in site.told)
        site.happen("zone.enter")
        await site.until(lambda: gate.asked[-1]["op"] == "clip")  # which pictures leave room for
        gate.answer = write
        for order in list(gate.asked):
            gate.say(order, ok=False, reason="no")
        await site.settled()
        assert len(site.told) == 12 and len(site.pictures) == 25, "who waited gets a turn"

    run(tmp_path, test)


def test_those_that_wait_end_with_the_process_too(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        gate = site.camera(snapshots=STARTS)
        gate.answer = never
        events = [site.happen("object.start", 100 + n) for n in range(20)]
        await site.until(lambda: len(gate.asked) == 8)
        gate.delivering = False
        site.evidence.gone(gate, "killed")
        await site.settled()
        assert {(told.of, told.reason) for told in site.told} == {(event.id, "killed") for event in events}
        assert len(gate.asked) == 8 and site.files() == []

    run(tmp_path, test)


def test_a_full_disk_gets_room_and_the_picture_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(snapshots=STARTS)
        rooms = []

        def room() -> bool:
            rooms.append(1)
            return len(rooms) == 1

        monkeypatch.setattr(site.store, "make_room", room)

        def full(order: Dict[str, Any], fd: int) -> Optional[Dict[str, Any]]:
            if order["request"] == 1:
                return {"ok": False, "reason": "it could not be written: No space left on device"}
            return write(order, fd)

        camera.answer = full
        event = site.happen("object.start")
        await site.settled()
        assert site.files() == [event.snapshot] and site.told == [] and len(camera.asked) == 2
        camera.answer = refuse("No space left on device")
        site.happen("object.start")
        await site.settled()
        assert [told.reason for told in site.told] == ["No space left on device"] and len(camera.asked) == 3

    run(tmp_path, test)


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file in its place")

    async def test(site: Site) -> None:
        camera = site.camera(snapshots=STARTS)
        event = site.happen("object.start")
        await site.settled()
        assert event.snapshot is not None and camera.asked == []
        assert [told.type for told in site.told] == ["snapshot.failed"]
        assert site.evidence.status()["state"] == "failed"

    run(tmp_path, test)


def test_a_disk_that_does_not_answer_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_requests.Requests.make, "__defaults__", (0.3,))
    answers = threading.Event()

    async def test(site: Site) -> None:
        camera = site.camera(snapshots=STARTS)
        create = site.store.create

        def slow(relative: str) -> Draft:
            answers.wait(60)
            return create(relative)

        monkeypatch.setattr(site.store, "create", slow)
        events = [site.happen("object.start", 100 + n) for n in range(12)]
        await site.until(lambda: len(site.told) == 12)
        assert {event.of for event in site.told} == {event.id for event in events}
        assert all("the disk is silent" in (event.reason or "") for event in site.told) and camera.asked == []
        answers.set()
        monkeypatch.setattr(site.store, "create", create)
        event = site.happen("object.start", 200.0)
        await site.settled()
        assert site.files() == [event.snapshot], "and what it has made too late is removed"

    run(tmp_path, test)
