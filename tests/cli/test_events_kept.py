"""`edge events list, show, export, purge`: what is kept on this machine."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import sys
from typing import Any, List

import pytest

from edge.cli import events_export
from edge.cli.events_list import lines
from edge.cli.terminal import Paint, visible
from edge.events.spool.reader import History, Stored
from tests.cli.kept_events import Site, daemon_with, keep, several
from tests.events.event_samples import full, samples


def everything() -> List[Any]:
    return [full(event) for event in samples().values()]


# ---- list ------------------------------------------------------------------------------------------------------------


def test_the_newest_fifty_the_newest_last(site: Site) -> None:
    keep(site.state, several(60))
    status, out, err = site("list")
    table = out.splitlines()
    assert (status, err) == (0, "") and len(table) == 51
    assert table[0].split() == ["TIME", "CAMERA", "TYPE", "WHAT", "ID"]
    assert table[-1].split()[-1] == "018f435f-003b-7000" and "zone.enter  person #17 0.73  gate" in table[-1]
    assert site.ids() == list(range(11, 61))
    assert site.ids("--limit", "2") == [59, 60]
    assert site("list", "--limit", "0")[0] == 2


def test_filters(site: Site) -> None:
    keep(site.state, [*several(10), *several(10, camera="yard"), *samples().values()], delivered=25)
    assert len(site.json("--camera", "yard")) == 10
    assert len(site.json("--camera", "yard", "--camera", "square", "--type", "zone.enter")) == 21
    assert {event["type"] for event in site.json("--type", "device.*")} == {k for k in samples() if k[:6] == "device"}
    assert site.ids("--camera", "yard", "--since", "2024-05-04T00:07:00Z") == [8, 9, 10]
    assert site.ids("--camera", "yard", "--until", "2024-05-04T00:02:00Z") in ([1, 2], [1, 2, 3])
    assert len(site.json("--waiting")) == 20 + len(samples()) - 25
    assert site.json("--since", "1h") == []
    status, out, err = site("list", "--camera", "shed")
    assert (status, out, err) == (0, "", "no such events of gate-7 are kept here\n")
    status, out, err = site("list", "--since", "soon")
    assert status == 2 and "'soon' is no time; allowed: 2025-03-01" in err


def test_events_are_printed_as_they_were_sent(site: Site) -> None:
    keep(site.state, everything())
    assert site.json() == [json.loads(event.to_json()) for event in everything()]


def test_every_kind_of_event_in_a_table(site: Site) -> None:
    keep(site.state, everything(), delivered=5)
    _, out, _ = site("list")
    for event, line in zip(everything(), out.splitlines()[1:]):
        assert f" {event.type} " in line and (event.camera or event.device) in line
    assert "STATE" in out and "EVIDENCE" in out and "waiting" in out.splitlines()[-1]


def stored(number: int, **facts: Any) -> Stored:
    event = json.loads(several(number + 1)[-1].to_json())
    return Stored(number, True, "", {**event, **facts})


@pytest.mark.parametrize("columns", [150, 100, 80, 60, 20])
def test_the_table_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    events = [stored(1), stored(2, zone="a" * 100, snapshot="x.jpg"), stored(3)._replace(delivered=False)]
    table = lines(events, Paint(sys.stdout), columns)
    wide = max(visible(line) for line in table)
    assert wide <= columns or (columns < 80 and wide <= 76)
    assert "…" in table[2] and all(line.count("\033[0m") == line.count("\033[") / 2 for line in table)


def test_what_a_camera_says_moves_no_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    evil = "\x1b[2J\x07\u009b"
    facts = {"zone": evil, "camera": evil, "type": f"zone.{evil}", "id": evil}
    events = [stored(1, **facts), stored(2)._replace(discarded=evil), Stored(3, True, "", {"x": evil})]
    assert "\x1b" not in "".join(lines(events, Paint(sys.stdout), 80))


# ---- show ------------------------------------------------------------------------------------------------------------


def test_one_event_and_where_its_pictures_are(site: Site) -> None:
    event = dataclasses.replace(several(1)[0], snapshot="square/2024-05-04/a.jpg", clip="square/2024-05-04/a.mp4")
    keep(site.state, [event, *several(3)[1:]])
    picture = site.state / "evidence" / "gate-7" / "square" / "2024-05-04" / "a.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(bytes(12_345))
    status, out, err = site("show", "018f435f-0000")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "zone.enter  person #17 0.73  gate"
    facts = {line[2:].split("  ")[0].strip(): line[2:].split("  ", 1)[1].strip() for line in out.splitlines()[1:]}
    assert facts["snapshot"] == f"{picture} (12.3 kB)"
    assert facts["clip"] == f"{picture.with_suffix('.mp4')} (not there)"
    assert facts["id"] == event.id and facts["camera"] == "square" and facts["delivery"] == "delivered"
    assert "2024-05-04T00:00:00.000Z" in facts["time"] and facts["object label"] == "person"
    assert json.loads(site("show", event.id.upper(), "--json")[1]) == json.loads(event.to_json())


def test_ids_that_are_none_or_several_or_not_there(site: Site) -> None:
    keep(site.state, several(3))
    status, out, err = site("show", "018f435f")
    assert (status, out) == (1, "") and "begin with 018f435f: give more of it" in err
    assert site("show", "dead-beef")[2] == "edge: no event of gate-7 that is kept here begins with dead-beef\n"
    for wrong in ("../..", "x", "%", "018f\x1b[2J", "'; --", ""):
        status, out, err = site("show", wrong)
        assert (status, out) == (1, "") and "is no event's id" in err and "\x1b" not in err


def test_every_kind_of_event_can_be_shown(site: Site) -> None:
    keep(site.state, everything(), delivered=3)
    for event in everything():
        status, out, _ = site("show", event.id)
        assert status == 0 and event.type in out


# ---- export ----------------------------------------------------------------------------------------------------------


def test_export_to_files(site: Site) -> None:
    keep(site.state, everything())
    target = site.folder / "all.jsonl"
    status, out, err = site("export", "-o", str(target))
    assert (status, out, err) == (0, "", f"{len(everything())} events of gate-7 written\n")
    assert target.read_bytes().splitlines() == [event.to_json() for event in everything()]
    table = site.folder / "zones.csv"
    assert site("export", "-o", str(table), "--type", "zone.*")[0] == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["type"] for row in rows] == ["zone.enter", "zone.leave", "zone.dwell"]
    assert rows[0]["object.box"] == "0.4123 0.5 0.46 0.71" and rows[0]["object.zones"] == "gate"
    assert rows[0]["object.speed"].startswith("-") and rows[0]["delivered"] == "true"
    assert sorted(os.listdir(site.folder)) == ["all.jsonl", "edge", "zones.csv"]


def test_export_to_the_standard_output(site: Site) -> None:
    keep(site.state, several(3))
    status, out, err = site("export")
    assert (status, len(out.splitlines()), err) == (0, 3, "")
    assert site("export", "--format", "csv", "-o", "-")[1].startswith("time,type,device,camera,id,")


def test_a_file_is_never_overwritten_without_being_asked(site: Site) -> None:
    keep(site.state, several(3))
    target = site.folder / "a.jsonl"
    target.write_text("mine")
    assert site("export", "-o", str(target)) == (
        1, "", f"edge: {target} is there already: choose another name, or say --force\n",
    )  # fmt: skip
    assert target.read_text() == "mine"
    assert site("export", "-o", str(target), "--force")[0] == 0 and len(target.read_text().splitlines()) == 3
    assert site("export", "-o", os.devnull, "--force")[2] == "edge: /dev/null is there already, and is no file\n"
    assert site("export", "-o", str(site.folder), "--force")[0] == 1
    missing = site.folder / "no" / "a.jsonl"
    assert site("export", "-o", str(missing))[2] == f"edge: {missing} cannot be written: No such file or directory\n"


def test_an_export_that_fails_leaves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(site.state, several(3))
    target = site.folder / "a.jsonl"

    def broken(*_: object, **__: object) -> Any:
        yield Stored(1, True, "", {})
        raise KeyboardInterrupt

    monkeypatch.setattr(History, "events", broken)
    assert site("export", "-o", str(target))[0] == 130
    assert os.listdir(site.folder) == ["edge"]


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(events_export, "_TELL", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = events_export._Progress()
    assert list(progress.counted(iter(["title", "a", "b"]), True)) == ["title", "a", "b"]
    assert sys.stderr.getvalue() == "\r1 events\033[K\r2 events\033[K\r\033[K"  # type: ignore[attr-defined]


def test_what_is_kept_can_be_looked_at_while_a_daemon_runs(site: Site) -> None:
    with daemon_with(site.state, several(30), delivered=10):
        assert len(site.ids()) == 30 and len(site.json("--waiting")) == 20
        assert site("show", several(1)[0].id)[0] == 0
        assert site("purge", "--all", "--yes")[0] == 0
        assert site.ids() == list(range(11, 31))


def test_a_spreadsheet_is_told_no_formula(site: Site) -> None:
    keep(site.state, [dataclasses.replace(several(1)[0], zone="=cmd|' /C calc'!A0")])
    rows = list(csv.DictReader(io.StringIO(site("export", "--format", "csv")[1])))
    assert rows[0]["zone"] == "'=cmd|' /C calc'!A0"
