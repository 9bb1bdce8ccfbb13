"""Times, numbers, tables and pictures of the comparison, without anything that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List
from xml.etree import ElementTree

import numpy as np
import pytest

from scripts.bench.__main__ import COMPARED, write
from scripts.bench.compare import marker
from scripts.bench.compare.busy import EDGE, THREADS, Busy
from scripts.bench.compare.cameras import Sent
from scripts.bench.compare.clips import Clip
from scripts.bench.compare.heard import Told, in_sight, read
from scripts.bench.compare.measure import Floor, Measured, right
from scripts.bench.compare.quiet import FULL, ON_ACTIVITY, Quiet
from scripts.bench.compare.report import Report, reported
from scripts.bench.compare.saturation import Saturated

SENT = Sent(base=100.0, first=30, count=60, period=0.1)
PEOPLE = [np.array([[0.1, 0.1, 0.3, 0.5]])] * 60


@pytest.mark.parametrize("size", [(720, 1280), (360, 640), (288, 384)])
@pytest.mark.parametrize("number", [0, 1, 794, marker.NUMBERS - 1])
def test_a_number_is_read_as_it_was_burnt_in(size: Any, number: int) -> None:
    plane = np.full((720, 1280), 90, np.uint8)
    marker.burn(plane, number)
    height, width = size
    rows, columns = np.arange(height) * 720 // height, np.arange(width) * 1280 // width
    assert marker.read(plane[rows][:, columns]) == number


def test_where_none_is_burnt_in_none_is_read() -> None:
    assert marker.read(np.zeros((720, 1280), np.uint8)) == -1


def test_when_a_picture_was_sent_follows_from_its_number_and_its_number_from_the_time() -> None:
    assert SENT.nearest(100.04) == (30, 100.0)
    number, at = SENT.nearest(103.12)
    assert number == 1 and at == pytest.approx(103.1), "it goes round"
    assert SENT.before(1, 103.5) == pytest.approx(103.1)
    assert SENT.before(1, 109.5) == pytest.approx(109.1), "the last time that it was sent"
    assert SENT.before(30, 100.0) == pytest.approx(100.0)


def test_objects_are_in_sight_from_their_start_to_their_end() -> None:
    def event(at: float, kind: str) -> Any:
        return at, "edge/d/cameras/c/events/" + kind, json.dumps({"type": kind}).encode()

    events = [event(1, "object.start"), event(12, "object.start"), event(15, "object.end"), event(25, "object.end")]
    assert in_sight(events, 10, 20) == pytest.approx(1.3)


def test_a_message_without_a_number_is_about_the_last_picture() -> None:
    payload = json.dumps({"picture": -1, "objects": [{"box": [0, 0, 1, 1]}]}).encode()
    (told,) = read([(100.42, "bench/c", payload)], {"c": SENT})
    assert (told.number, told.sent) == (34, pytest.approx(100.4))


def test_the_report_has_rows_tables_and_a_picture() -> None:
    found = reported(_busy(), _quiet(), Saturated(0.97, 500, 4))
    values = {row.what: row.value for row in found.rows}
    assert values["busy scenes, edge's CPU over receive, decode and bare inference"] == pytest.approx(1.25)
    assert values["busy scenes, edge's CPU a picture over that of the cheapest other"] == pytest.approx(0.5)
    assert values[f"capture to event, p95, over {THREADS}, 8 cameras"] == pytest.approx(0.5)
    assert values["cost of a camera, the 16th over the 2nd"] == pytest.approx(1.0)
    assert values["the daemon's CPU a picture"] == pytest.approx(1.0)
    assert values["people whom decoding everything finds, missed or told more than 1 s later"] == 1
    _is_sound(found)
    assert "somebody is not here" in found.text


def _is_sound(found: Report) -> None:
    for table in found.text.split("\n\n"):
        cells = [line.count("|") for line in table.splitlines() if line.startswith("|")]
        assert len(set(cells)) <= 1, table
    words = [element.text for element in ElementTree.fromstring(found.picture).iter() if element.text]
    assert EDGE in words and any("floor" in word for word in words)


def _measured(name: str, cameras: int, cores: float, delay: float = 0.1) -> Measured:
    told = [Told("c", 10 + delay, 10.0, 5, [(0.1, 0.1, 0.3, 0.5)])]
    return Measured(name, cameras, cores, cameras * 0.005, cameras * 5.0, 10.0, told, 0.0, {"c": SENT})


def _busy() -> Busy:
    counts = (1, 2, 8, 16)
    measured = {n: [_measured(EDGE, n, n * 0.05), _measured(THREADS, n, n * 0.1, 0.2)] for n in counts}
    clip = Clip(Path("clip.mp4"), PEOPLE)
    return Busy(clip, measured, {n: Floor(n * 0.03, 0.002) for n in counts}, ["somebody is not here"])


def _quiet() -> Quiet:
    names: List[str] = [FULL, ON_ACTIVITY, THREADS]
    waits = {FULL: {"a": 0.3, "b": 0.4, "c": None}, ON_ACTIVITY: {"a": 0.9, "b": None, "c": None}, THREADS: {"a": 0.2}}
    return Quiet([_measured(name, 8, 0.1) for name in names], waits)


def test_a_box_is_right_where_the_model_finds_it_too() -> None:
    hit = Told("c", 1, 1, 3, [(0.1, 0.1, 0.3, 0.5), (0.6, 0.6, 0.8, 0.9)])
    assert right([hit], PEOPLE) == pytest.approx(0.5)
    assert right([], PEOPLE) == 0


def test_the_page_has_the_section_first_and_keeps_the_others(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\nMade by `make bench`.\n\n## Delivery\n\nas it was\n")
    for text in ("old", "new"):
        write(page, COMPARED, [text], 20.0)
    first, second = page.read_text().split("\n## ")[1:]
    assert first.startswith(COMPARED) and first.endswith("new\n") and "old" not in first
    assert second == "Delivery\n\nas it was\n"
