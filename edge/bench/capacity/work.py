"""What a network asks of a board: its operations, counted from the ONNX graph, and the engines that it would get."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional

from edge.bench.capacity.rates import BoardRates, Figure, Rates
from edge.errors import EngineError
from edge.models.dla.boards import BOARDS, target, written
from edge.models.dla.fold import fold
from edge.models.dla.graph import Graph
from edge.models.dla.macs import macs
from edge.models.dla.plan import plan
from edge.models.dla.read import read
from edge.models.engines.calibration import calibration_of
from edge.models.engines.choose import Fit, Target, Wish, targets
from edge.models.engines.platform import Platform
from edge.models.engines.resolve import EngineWish
from edge.models.onnx_header import read_header
from edge.models.spec import ModelSpec


class Work(NamedTuple):
    """Of one picture. ``gop``: 10^9 operations, a multiplication with its addition being two; ``layers``: those with
    weights; ``outputs``: numbers that its layers put out; ``batch``: the most pictures in one run. ``engines``: by
    device and precision, as the daemon would choose them; ``note``: what is not as it might be thought."""

    name: str
    gop: float
    layers: int
    outputs: int
    batch: int
    engines: List[Target]
    note: str = ""


class Pace(NamedTuple):
    """Milliseconds of one picture on one device, at best and at worst; ``peak``: what that rests on."""

    device: str
    precision: str
    cores: int
    best_ms: float
    worst_ms: float
    peak: Figure


def work_of(name: str, spec: ModelSpec, wish: EngineWish, board: BoardRates) -> Work:
    """Raises ModelError for a network that cannot be counted (and without the package onnx), EngineError for what the
    configuration asks of this board and it has not."""
    size = spec.input.size
    graph = read(Path(spec.onnx), 1, size).graph
    fold(graph)
    counts = [macs(graph, node) for node in graph.nodes]
    fixed = (read_header(spec.onnx).inputs[0].shape or (None,))[0]
    batch = fixed if isinstance(fixed, int) else wish.batch
    note = ""
    if wish.backend == "onnxruntime":
        note = "backend: onnxruntime, which would run it on the board's processor: counted as if TensorRT ran it"
    chosen = _engines(name, spec, wish, board)
    outputs = sum(_elements(graph, place) for place in range(len(graph.nodes)))
    return Work(name, 2e-9 * sum(counts), sum(1 for count in counts if count), outputs, batch, chosen, note)


def _elements(graph: Graph, place: int) -> int:
    node = graph.nodes[place]
    return sum(graph.tensor(name).elements for name in node.outputs if name)


def _engines(name: str, spec: ModelSpec, wish: EngineWish, board: BoardRates) -> List[Target]:
    """As the daemon chooses them on such a board, with its newest JetPack that has a DLA."""
    aim = target(board.key)
    calibrated = any(calibration_of(Path(spec.onnx)).folder.glob("entropy2-*.cache"))
    platform = Platform(
        written(aim.tensorrt), gpu=board.name, dla_cores=min(board.dla_cores, aim.cores), fast_fp16=True,
        fast_int8=board.gpu["int8"] is not None, board=board.name,
    )  # fmt: skip

    def fit(precision: str) -> Optional[Fit]:
        wanted = ("int8" if calibrated else "fp16") if precision == "best" else precision
        placed = plan(Path(spec.onnx), board.key, precision=wanted, size=spec.input.size)
        return Fit(placed.dla_share, placed.switches, BOARDS[board.key].generation)

    try:
        return targets(Wish(wish.device, wish.precision, calibrated), platform, fit)
    except EngineError as error:
        raise EngineError(f"{name}: {error}") from None


def paces(work: Work, board: BoardRates, rates: Rates) -> List[Pace]:
    """What each of its engines takes; one is left out of which nothing is known."""
    found = []
    for engine in work.engines:
        precision = "int8" if engine.precision in ("int8", "best") else engine.precision
        peak = (board.gpu if engine.device == "gpu" else board.dla).get(precision)
        if peak is None:
            continue
        reached = rates.general("shares", board.gpu_kind if engine.device == "gpu" else "dla")
        # 10^9 operations by 10^12 a second are milliseconds.
        best, worst = work.gop / (peak.high * reached.high), work.gop / (peak.low * reached.low)
        if engine.device == "gpu":
            layer = rates.general("layer_us")
            best += work.layers * layer.low / 1e3 / work.batch
            worst += work.layers * layer.high / 1e3
        found.append(Pace(engine.device, precision, len(engine.lanes), best, worst, peak))
    return found
