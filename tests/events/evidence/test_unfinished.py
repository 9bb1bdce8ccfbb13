"""What a daemon that ended all of a sudden has left undone is told by the next one, once."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from edge.events.evidence.unfinished import Missing, unfinished

US, THEM, BEFORE = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b", "an older one"


def ident(n: int) -> str:
    return f"01890a5d-ac96-774b-bcce-{n:012x}"


def event(n: int, boot: str = THEM, clip: Optional[int] = None, **more: Any) -> Dict[str, Any]:
    time = "2026-05-04T12:{:02}:{:02}.250Z".format(*divmod(n, 60))
    said = {
        "id": ident(n), "type": "zone.enter", "camera": "gate", "boot_id": boot, "time": time,
        "snapshot": f"gate/2026-05-04/{ident(n)}.jpg", **more,
    }  # fmt: skip
    if clip is not None:
        said["clip"] = f"gate/2026-05-04/{ident(clip)}.mp4"
    return said


def of(kind: str, n: int) -> Missing:
    return Missing(kind, "gate", ident(n))


def test_what_is_not_there_and_was_not_told_of() -> None:
    events: List[Dict[str, Any]] = [
        event(9, boot=US, clip=9),
        event(8, clip=7),
        {"id": ident(6), "type": "snapshot.failed", "camera": "gate", "boot_id": BEFORE, "of": ident(2)},
        event(7, clip=7),
        event(5, clip=5),
        {"id": ident(4), "type": "clip.ready", "camera": "gate", "boot_id": THEM, "of": ident(3)},
        event(3, clip=3),
        event(2, boot=BEFORE),
    ]
    there = {f"gate/2026-05-04/{ident(n)}.jpg" for n in (3, 5, 7)}
    found = unfinished(events, there.__contains__, US)
    assert found.missing == [of("clip.failed", 5), of("clip.failed", 7), of("snapshot.failed", 8)]


def test_pictures_that_may_not_have_been_handed_on() -> None:
    events = [event(100), event(80), event(60), event(99, boot=BEFORE)]
    assert [e["id"] for e in unfinished(events, lambda path: True, US).pictures] == [ident(80), ident(100)]
    stopped = [{"type": "device.stop", "boot_id": THEM, "time": "2026-05-04T12:02:00.000Z"}, *events]
    assert unfinished(stopped, lambda path: True, US).pictures == [], "an end in order leaves nothing behind"


def test_events_that_are_not_as_they_should_be() -> None:
    strange: List[Any] = [
        {}, {"type": 7, "boot_id": []}, event(1, snapshot="../../etc/passwd"), event(2, snapshot=None, time="today"),
        event(3, time=None), {"type": "clip.failed", "of": {}}, {"snapshot": f"gate/2026-05-04/{ident(4)}.jpg"},
    ]  # fmt: skip
    found = unfinished(strange, lambda path: False, US)
    assert [missing.of for missing in found.missing] == [ident(4), ident(3)]
