"""``edge bench capacity``: what fits on a board, by which figures, and what a user is told who asks for too little."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

from edge.bench.capacity.fit import CameraLoad, Engine, Known, engines, fit
from edge.bench.capacity.rates import Figure, Rates
from edge.bench.capacity.work import Work, paces
from edge.cli.main import main
from edge.models.engines.choose import Target

RATES = Rates()
FLAGS = ["--codec", "h264", "--size", "1920x1080", "--fps", "25"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "edge.yaml"
    file.write_text(
        "device: site\nmqtt: {url: 'mqtt://127.0.0.1:1'}\nmodels: {person: {spec: person}}\ncameras:\n"
        "  front: {source: 'rtsp://10.0.0.1/a', size: 640x360}\n  back: {source: 'rtsp://10.0.0.2/a', size: 640x360}\n"
    )
    return file


def asked(capsys: pytest.CaptureFixture[str], *words: object) -> Dict[str, Any]:
    assert main(["bench", "capacity", "--json", *map(str, words)]) == 0
    told: Dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def engine(told: Dict[str, Any], name: str) -> Dict[str, Any]:
    return next(one for one in told["engines"] if one["name"] == name)


def test_every_engine_is_judged_and_every_number_says_where_it_is_from(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = asked(capsys, "-c", config, "--board", "xavier-nx", *FLAGS)
    names = [one["name"] for one in told["engines"]]
    assert names == ["NVDEC", "VIC", "GPU and DLA", "CPU", "memory", "memory bandwidth"]
    # 22 streams of 30 pictures/s are published: of 25 they are 26.4, a fifth of which is left in the worst case.
    assert engine(told, "NVDEC")["cameras"] == {"low": 21, "high": 26}
    assert told["fits"]["low"] <= told["fits"]["high"] <= 26
    assert all(figure["origin"] and figure["where"] for one in told["engines"] for figure in one["figures"])
    (person,) = told["models"]
    assert person["gop"] == pytest.approx(0.248, rel=0.01)
    assert {(one["device"], one["cores"]) for one in person["engines"]} == {("gpu", 1), ("dla", 2)}


def test_a_board_without_dla_and_a_larger_module(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = asked(capsys, "-c", config, "--board", "nano", *FLAGS)
    large = asked(capsys, "-c", config, "--board", "nano", "--memory", "4", *FLAGS)
    assert "GPU" in [one["name"] for one in small["engines"]]
    assert engine(small, "memory")["share"]["high"] > engine(large, "memory")["share"]["high"]


def test_it_is_told_in_words_too(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "capacity", "-c", str(config), "--board", "xavier-nx", *FLAGS]) == 0
    told = capsys.readouterr().out
    assert "cameras like these 2 on average, limited by" in told
    assert "not a measurement" in told
    assert "2 cameras (front …)  h264 1920x1080" in told


@pytest.mark.parametrize(
    "words, status, said",
    [
        (["--board", "xaver-nx", *FLAGS], 1, "no board 'xaver-nx' is known (did you mean 'xavier-nx'?)"),
        (["--board", "xavier-nx", "--memory", "4", *FLAGS], 1, "xavier-nx is not made with 4 GB: 8, 16"),
        (["--board", "xavier-nx"], 1, "front, back: what is sent cannot be known from the configuration: give --codec"),
        (["--board", "xavier-nx", "--codec", "h264", "--fps", "25"], 1, "configuration: give --size\n"),
        (["--board", "xavier-nx", "--measured", "none.json", *FLAGS], 1, "none.json cannot be read: no such file"),
    ],
)
def test_who_asks_for_too_little_is_told_what_to_add(
    words: List[str], status: int, said: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "capacity", "-c", str(config), *words]) == status
    assert said in capsys.readouterr().err


def test_what_is_no_measurement_is_refused(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.json").write_text('{"machine": 3}')
    words = ["-c", str(config), "--board", "nano", *FLAGS, "--measured", str(tmp_path / "odd.json")]
    assert main(["bench", "capacity", *words]) == 1
    assert "odd.json is not what edge bench pipeline --json prints" in capsys.readouterr().err


@pytest.mark.parametrize("board, machine", [("xavier-nx", "NVIDIA Jetson Xavier NX Developer Kit"), ("nano", "a PC")])
def test_a_measurement_replaces_estimates_where_it_holds(
    board: str, machine: str, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = {"name": "front", "memory": "NVMM", "codec": "h264", "decoder": "nvv4l2decoder"}
    saved = {
        "machine": {"name": machine}, "costs": {"decoded_picture_ms": 1.0, "analysed_picture_ms": 4.0},
        "cameras": [camera], "processes": [{"kind": "capture", "rss": 80 * 2**20}],
        "models": [{"name": "person", "devices": ["gpu"], "picture_ms": 0.7}],
    }  # fmt: skip
    (tmp_path / "measured.json").write_text(json.dumps(saved))
    told = asked(capsys, "-c", config, "--board", board, *FLAGS, "--measured", tmp_path / "measured.json")
    came = next(figure for figure in engine(told, "CPU")["figures"] if figure["what"] == "a picture that comes")
    same = "Xavier" in machine
    assert came["origin"] == ("measured" if same else "estimate")
    assert (came["low"], came["high"]) == ((0.85, 1.15) if same else (3.4, 9.58)), "a Nano's cores are slower"
    name = "GPU and DLA" if board == "xavier-nx" else "GPU"
    times = [f for f in engine(told, name)["figures"] if f["unit"] == "ms" and "GPU" in f["what"]]
    assert (times[0]["low"] == pytest.approx(0.595)) == same, "another machine's GPU says nothing of this one's"


def test_software_and_the_processor_say_nothing_of_a_boards_engines(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = {
        "machine": {"name": "a PC"}, "costs": {"decoded_picture_ms": 9.0, "analysed_picture_ms": 40.0},
        "cameras": [{"name": "front", "memory": "system", "codec": "h264", "decoder": "avdec_h264"}],
        "processes": [], "models": [{"name": "person", "devices": ["cpu"], "picture_ms": 9.0}],
    }  # fmt: skip
    (tmp_path / "measured.json").write_text(json.dumps(saved))
    plain = asked(capsys, "-c", config, "--board", "xavier-nx", *FLAGS)
    told = asked(capsys, "-c", config, "--board", "xavier-nx", *FLAGS, "--measured", tmp_path / "measured.json")
    assert engine(told, "CPU")["share"] == engine(plain, "CPU")["share"]
    assert len(told["notes"]) == 2


# ---- the parts ---------------------------------------------------------------------------------------------------


def load(**given: Any) -> CameraLoad:
    return CameraLoad("front", "h265", 1920, 1080, 30.0, 5.0, (640, 360), ["net"])._replace(**given)


def judged(*cameras: CameraLoad, board: str = "agx-orin", device: str = "gpu") -> Dict[str, Engine]:
    rates = RATES.board(board)
    work = {"net": Work("net", 8.7, 70, 10_000_000, 4, [Target(device, "fp16", (device,))])}
    times = {name: paces(one, rates, RATES) for name, one in work.items()}
    return {one.name: one for one in engines(rates, RATES, cameras, work, times, Known())}


def test_twice_the_cameras_need_twice_the_engines() -> None:
    one, two = judged(load()), judged(load(), load(name="back"))
    for name in one:
        first, second = one[name].share, two[name].share
        assert first is not None and second is not None
        assert second == pytest.approx([2 * end for end in first])
        assert fit([one[name]], 1) == fit([two[name]], 2)


def test_what_nobody_published_is_not_judged() -> None:
    jpeg = judged(load(codec="jpeg"))["NVDEC"]
    assert (jpeg.share, jpeg.unknown) == (None, "no rate of decoding jpeg is published")
    assert fit([jpeg], 1).low is None
    reason = "net cannot be judged (DLA FP16: no figure was found; Orin's DLA is made for int8)"
    assert judged(load(), device="dla")["GPU"].unknown == reason


def test_raw_pictures_need_no_decoder() -> None:
    assert "NVDEC" not in judged(load(codec="raw"))


def test_the_engine_that_ends_it_is_named_for_both_ends() -> None:
    wide, narrow = Engine("CPU", (0.1, 0.9), []), Engine("NVDEC", (0.2, 0.3), [])
    assert fit([wide, narrow], 1) == (1, 5, ["CPU", "NVDEC"])


def test_a_board_that_is_too_small_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--codec", "h264", "--size", "3840x2160", "--fps", "60"]
    assert main(["bench", "capacity", "-c", str(config), "--board", "nano", *flags]) == 0
    assert "not even these, limited by" in capsys.readouterr().out


def test_measured_figures_are_more_or_less() -> None:
    figure = Figure(1.0, 2.0, "measured", "here")
    assert figure.times(2) == (2.0, 4.0, "measured", "here")


def test_a_model_that_looks_at_objects_is_named_and_not_counted(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = "{person: {spec: person}, again: {spec: person, boxes: {of: person}}}"
    text = config.read_text().replace("{person: {spec: person}}", models)
    config.write_text(text.replace("size: 640x360", "size: 640x360, models: [person, again]"))
    told = asked(capsys, "-c", config, "--board", "xavier-nx", *FLAGS)
    assert [model["name"] for model in told["models"]] == ["person"]
    assert told["notes"] == ["not counted, since it depends on how many objects there are: again"]
