"""Snapshots: which events name one, what the capture process is asked for, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest

from edge.daemon.outlet import Shown
from edge.errors import EdgeError
from tests.daemon.evidence_double import JPEG, SECOND, Site, refuse, run

STARTS: Dict[str, Any] = {"events": ["object.start"]}


def test_an_event_names_its_picture_which_is_there_and_sent_soon(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(snapshots=STARTS, masks={"door": {"points": [[0, 0], [0.5, 0], [0.5, 0.5]]}})
        event = site.happen("object.start", 100.25)
        assert event.snapshot == f"gate/{event.time[:10]}/{event.id}.jpg" and event.clip is None
        await site.settled()
        (order,) = camera.asked
        assert order == {
            "op": "snapshot", "request": 1, "captured": 100_250_000_000, "form": "boxed", "box": [0.1, 0.2, 0.3, 0.6],
            "label": "person 0.93", "quality": 85, "masks": [[[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]],
        }  # fmt: skip
        assert site.files() == [event.snapshot] and site.evidence.read(event.snapshot) == JPEG + b"1"
        said = {"event": event.id, "camera": "gate", "file": event.snapshot, "time": event.time}
        assert site.pictures == [said] and site.told == []
        status = site.evidence.status()
        assert (status["made"], status["failed"], status["state"]) == (1, 0, "ok")

    run(tmp_path, test)


def test_others_stay_as_they_are(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(snapshots={"events": ["zone.*", "object.end"]})
        site.camera("yard")
        for kind, name, named in [
            ("object.start", "gate", False), ("object.end", "gate", True), ("zone.enter", "gate", True),
            ("zone.leave", "gate", True), ("line.cross", "gate", False), ("zone.enter", "yard", False),
            ("zone.enter", "nowhere", False),
        ]:  # fmt: skip
            event = site.happen(kind, camera=name)
            assert (event.snapshot is not None) is named, (kind, name)
        for reason in ("camera", "config", "removed", "stop"):
            assert site.happen("object.end", reason=reason).snapshot is None, "the object is there all the same"
        assert site.happen("object.end", reason="lost").snapshot is not None
        plain = site.factory.camera_state("gate", "online")
        assert site.evidence.named(plain, Shown(0, 0)) is plain, "at no cost"
        camera.delivering, camera.state = False, "stalled"
        assert site.happen("zone.enter").snapshot is None, "nothing could be made of it"
        camera.delivering = True

    run(tmp_path, test)


@pytest.mark.parametrize(("form", "box", "label"), [("clean", None, ""), ("crop", [0.1, 0.2, 0.3, 0.6], "")])
def test_other_forms(tmp_path: Path, form: str, box: object, label: str) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(snapshots={**STARTS, "form": form, "quality": 50, "publish": False})
        event = site.happen("object.start")
        await site.settled()
        (order,) = camera.asked
        assert (order["form"], order["box"], order["label"], order["quality"]) == (form, box, label, 50)
        assert site.files() == [event.snapshot] and site.pictures == [], "kept, and not sent"

    run(tmp_path, test)


def test_the_last_picture_that_shows_it(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(snapshots={"events": ["object.end"]})
        site.happen("object.end", 102.0, picture=100 * SECOND + 7)
        await site.settled()
        assert camera.asked[0]["captured"] == 100 * SECOND + 7

    run(tmp_path, test)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("the picture is not kept any more", "the picture is not kept any more"),
        ("rtsp://viewer:secret@10.0.0.7/live is gone", "rtsp://***@10.0.0.7/live is gone"),
        ("x" * 9000, "x" * 500),
    ],
    ids=["words", "a url", "long"],
)
def test_one_that_fails_is_told_with_the_reason(tmp_path: Path, said: str, reason: str) -> None:
    async def test(site: Site) -> None:
        site.camera(snapshots=STARTS).answer = refuse(said)
        event = site.happen("object.start")
        await site.settled()
        (failed,) = site.told
        assert (failed.type, failed.camera, failed.of, failed.reason) == ("snapshot.failed", "gate", event.id, reason)
        assert site.files() == [] and site.pictures == []
        assert site.evidence.status()["failed"] == 1

    run(tmp_path, test)


def test_an_answer_without_a_picture_is_a_failure(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        site.camera(snapshots=STARTS).answer = lambda order, fd: {"ok": True}
        site.happen("object.start")
        await site.settled()
        assert [event.reason for event in site.told] == ["nothing was written"]
        assert site.files() == []

    run(tmp_path, test)


def test_events_of_the_same_picture_share_its_making(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(snapshots={"events": ["object.*", "zone.*", "line.cross"]})
        same = [site.happen(kind) for kind in ("object.start", "zone.enter", "line.cross")]
        others = [site.happen("object.start", number=2, label="dog"), site.happen("object.start", 101.0)]
        await site.settled()
        assert len(camera.asked) == 3
        assert site.files() == sorted(str(event.snapshot) for event in same + others)
        first, second, third = (site.store.read(str(event.snapshot)) for event in same)
        assert first == second == third
        assert {said["event"] for said in site.pictures} == {event.id for event in same + others}

    run(tmp_path, test)


def test_one_that_is_ordered(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        camera = site.camera(masks={"door": {"points": [[0, 0], [0.5, 0], [0.5, 0.5]]}})
        path = await site.evidence.snapshot("gate")
        order = camera.asked[0]
        assert (order["captured"], order["form"], order["box"], order["label"]) == (None, "clean", None, "")
        assert len(order["masks"]) == 1, "what nobody is to see is covered in this one too"
        assert site.files() == [path] and [said["file"] for said in site.pictures] == [path]
        camera.answer = refuse("nothing is kept")
        with pytest.raises(EdgeError, match="no picture of gate: nothing is kept"):
            await site.evidence.snapshot("gate")
        camera.delivering, camera.state = False, "unreachable"
        with pytest.raises(EdgeError, match="gate is unreachable"):
            await site.evidence.snapshot("gate")
        with pytest.raises(EdgeError, match="no camera"):
            await site.evidence.snapshot("../etc")
        assert site.told == [], "no event belongs to it"

    run(tmp_path, test, commanded=True)
