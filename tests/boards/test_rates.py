"""The rates that capacities are estimated from: complete, of one mind with the other tables, and not too good."""

from __future__ import annotations

from typing import Iterator, Tuple

import pytest
import yaml

from edge.bench.capacity.rates import FILE, BoardRates, Figure, Rates
from edge.bench.capacity.work import Work, paces
from edge.boards.machine import MODULES
from edge.models.dla.boards import BOARDS, target
from edge.models.engines.choose import Target

RATES = Rates()
MODULE = {module.name: module for module in MODULES}
EVERY = [RATES.board(key, size) for key in RATES.boards for size in RATES.sizes(key)]
every_board = pytest.mark.parametrize("board", EVERY, ids=[f"{board.key} {board.memory_mib}" for board in EVERY])


def test_every_board_of_every_size_is_there() -> None:
    assert RATES.boards == list(BOARDS)
    found = {(board.name, board.memory_mib) for board in EVERY}
    assert found == {(module.name, variant.memory_mib) for module in MODULES for variant in module.variants}


@every_board
def test_what_the_other_tables_say_too(board: BoardRates) -> None:
    variant = next(v for v in MODULE[board.name].variants if v.memory_mib == board.memory_mib)
    assert board.dla_cores == variant.dla_cores <= BOARDS[board.key].cores
    for codec, streams in variant.decode_1080p30.items():
        assert board.decode[codec].low <= streams * 62.208 <= board.decode[codec].high + 1e-6


def _figures(board: BoardRates) -> Iterator[Figure]:
    yield from (board.cores, board.core_speed, board.vic, board.bandwidth, *board.decode.values())
    yield from (figure for figure in (*board.gpu.values(), *board.dla.values()) if figure is not None)


@every_board
def test_every_figure_says_where_it_is_from(board: BoardRates) -> None:
    for figure in _figures(board):
        assert 0 < figure.low <= figure.high
        assert figure.origin in ("published", "estimate")
        assert len(figure.where) > 10
    assert {"h264", "h265"} <= set(board.decode)
    for engine, peaks in (("gpu", board.gpu), ("dla", board.dla)):
        for precision, peak in peaks.items():
            assert (peak is None) == (f"{engine} {precision}" in board.unknown), "what is not known says why"


def test_the_sources_can_be_looked_up() -> None:
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert all(source["url"] and source["title"] and source["read"] for source in told["sources"].values())


# What NVIDIA gives for GPU and DLA together, in sparse TOPS from Ampere on.
@pytest.mark.parametrize(
    "key, size, tops, sparse",
    [
        ("xavier-nx", 8192, (21, 21), 1), ("agx-xavier", 32768, (32, 32), 1), ("orin-nano", 4096, (20, 34), 2),
        ("orin-nano", 8192, (40, 67), 2), ("orin-nx", 8192, (70, 117), 2), ("orin-nx", 16384, (100, 157), 2),
        ("agx-orin", 32768, (200, 200), 2), ("agx-orin", 65536, (275, 275), 2),
    ],
)  # fmt: skip
def test_the_derived_peaks_come_to_what_is_published(
    key: str, size: int, tops: Tuple[float, float], sparse: int
) -> None:
    board = RATES.board(key, size)
    gpu, dla = board.gpu["int8"], board.dla.get("int8")
    assert gpu is not None
    ends = [
        sparse * (gpu_end + board.dla_cores * dla_end)
        for gpu_end, dla_end in zip((gpu.low, gpu.high), (dla.low, dla.high) if dla else (0, 0))
    ]
    assert ends == pytest.approx(tops, rel=0.02)


# (board, size, precision, GFLOP, layers with weights, milliseconds): Ultralytics' and Q-engineering's measurements.
@pytest.mark.parametrize(
    "key, size, precision, gop, layers, ms",
    [
        ("orin-nano", 8192, "fp16", 6.5, 100, 4.91), ("orin-nano", 8192, "fp16", 21.5, 100, 7.30),
        ("orin-nano", 8192, "fp16", 68.0, 125, 13.99), ("orin-nano", 8192, "fp16", 194.9, 190, 32.94),
        ("orin-nano", 8192, "int8", 6.5, 100, 3.91), ("orin-nano", 8192, "int8", 194.9, 190, 20.72),
        ("orin-nx", 16384, "fp16", 6.5, 100, 4.85), ("orin-nx", 16384, "int8", 6.5, 100, 4.37),
        ("nano", 4096, "fp16", 8.7, 73, 52.6), ("nano", 4096, "fp16", 28.6, 73, 108.1),
    ],
)  # fmt: skip
def test_what_others_have_measured_lies_in_the_range(
    key: str, size: int, precision: str, gop: float, layers: int, ms: float
) -> None:
    work = Work("net", gop, layers, 0, 1, [Target("gpu", precision, ("gpu",))])
    (pace,) = paces(work, RATES.board(key, size), RATES)
    assert pace.best_ms <= ms <= pace.worst_ms


@pytest.mark.parametrize("gop, per_s", [(2.47, 2664), (8.2, 2037), (433, 83)])
def test_what_nvidia_has_measured_on_two_dla_cores_lies_in_the_range(gop: float, per_s: float) -> None:
    work = Work("net", gop, 50, 0, 1, [Target("dla", "int8", ("dla:0", "dla:1"))])
    (pace,) = paces(work, RATES.board("agx-orin", 65536), RATES)
    assert 2e3 / pace.worst_ms <= per_s * 1.01 and per_s <= 2e3 / pace.best_ms * 1.01
    assert target("agx-orin").cores == 2
