"""What limits a configuration, by its figures."""

from __future__ import annotations

from typing import Any, List, Optional

import pytest

from edge.bench.pipeline.figures import CameraFigures, Figures, LaneFigures, Stages
from edge.bench.pipeline.verdict import fits, verdict


def camera(name: str = "front", **given: Any) -> CameraFigures:
    base = CameraFigures(
        name, decoded=25.0, wished=25.0, analysed=25.0, limits=True, source=25.0, asked=5.0, cores=0.1
    )
    return base._replace(**given)


def lane(busy: float, device: str = "cpu", model: str = "person", rate: float = 25.0, ms: float = 10.0) -> LaneFigures:
    return LaneFigures(model, device, busy, rate, ms, 1)


def figures(
    *cameras: CameraFigures, lanes: Optional[List[LaneFigures]] = None, fastest: bool = True, machine: float = 1.0,
    inference: float = 0.3, daemon: float = 0.1,
) -> Figures:  # fmt: skip
    given = [lane(0.3)] if lanes is None else lanes
    return Figures(fastest, cameras or [camera()], given, 4, machine, 0.2, inference, daemon)


SHORT = camera(decoded=100.0, wished=100.0, analysed=40.0, limits=False)


@pytest.mark.parametrize(
    "given, limit, words",
    [
        (figures(camera(wished=5.0, analysed=5.0), fastest=False), "nothing", "by nothing: everything wished"),
        (figures(camera(decoded=3.0, wished=3.0, analysed=3.0), fastest=False), "source", "front brings 3.0 of 5"),
        (figures(camera(decoded=3.0, wished=3.0, analysed=3.0, cores=0.98), fastest=False), "decoding", "by decoding"),
        (figures(), "source", "by the source's own rate"),
        (figures(camera(limits=False)), "decoding", "25 pictures/s are decoded"),
        (figures(SHORT, lanes=[lane(0.99)]), "inference", "the lane of person is busy 99%; 40.0 of 100.0"),
        (figures(SHORT, lanes=[lane(0.2), lane(0.95, "gpu", "plates")]), "inference", "on the GPU: the lane of plates"),
        (figures(SHORT, lanes=[lane(0.97, "gpu+dla")]), "inference", "on the GPU and the DLA"),
        (figures(SHORT, lanes=[lane(0.7)], machine=3.9), "inference", "which decoding shares with it"),
        (figures(SHORT, daemon=0.97), "daemon", "97% of one core"),
        (figures(SHORT, inference=0.99), "inference", "preparing pictures and reading boxes"),
        (figures(SHORT, machine=3.95), "processor", "all 4 cores are busy"),
        (figures(SHORT._replace(cores=1.0)), "decoding", "the process of front uses 100%"),
        (figures(SHORT), "unknown", "no part was busy"),
        (figures(camera(decoded=0.0, analysed=0.0)), "unknown", "no camera brought a picture"),
        (figures(camera(analysed=0.0)), "unknown", "no picture was analysed"),
    ],
)
def test_each_part_is_found(given: Figures, limit: str, words: str) -> None:
    found = verdict(given)
    assert found.limit == limit
    assert words in found.words
    assert bool(found.advice) == (limit not in ("nothing", "source"))


def test_other_programs_are_named_where_they_take_the_processor() -> None:
    for lanes in ([lane(0.7)], [lane(0.2)]):
        found = verdict(figures(SHORT, lanes=lanes, machine=3.95))
        assert "other programs take 335% of 400 %" in found.words and found.advice.startswith("stop what else runs")


def test_one_camera_that_is_away_does_not_hide_what_limits_the_others() -> None:
    away = camera("away", decoded=0.0, wished=0.0, analysed=0.0)
    assert verdict(figures(SHORT, away, lanes=[lane(0.99)])).limit == "inference"


def test_how_many_cameras_fit_by_the_processor() -> None:
    # 25 pictures/s to decode at 4 ms and 5 to analyse at 20 ms: 0.2 cores of 3.6 that may be used.
    found = fits(figures(), 0.004, 0.02)
    assert found is not None and list(found) == [18, "processor", pytest.approx(0.2 / 3.6), 1, ""]


def test_a_lane_on_a_device_can_end_it_sooner() -> None:
    # Of the 25 pictures/s that were analysed 5 are wished, at 100 ms each of 900 ms in a second.
    found = fits(figures(lanes=[lane(0.9, "gpu", ms=100.0)]), 0.004, 0.02)
    assert (found.cameras, found.limit) == (1, "person on gpu")


def test_what_is_not_known_is_not_made_up() -> None:
    assert fits(figures(camera(source=None)), 0.004, 0.02).cameras is None
    assert fits(figures(), 0.004, 0.0).cameras is None


def test_percentiles_are_of_all_pictures_even_of_many() -> None:
    stages = Stages()
    for number in range(1, 50001):
        stages.add(dict.fromkeys(("decode", "wait", "prepare", "infer", "outputs", "events", "total"), number / 50))
    total = stages.percentiles()["total"]
    assert total == {"p50": pytest.approx(500, rel=0.01), "p95": pytest.approx(950, rel=0.01), "p99": pytest.approx(
        990, rel=0.01)}  # fmt: skip
    assert Stages().percentiles() == {}
