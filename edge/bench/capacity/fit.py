"""How many cameras fit on a board, engine by engine. Pure: everything that is known comes in."""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from edge.bench.capacity.rates import BoardRates, Figure, Rates
from edge.bench.capacity.work import Pace, Work

_NV12 = 1.5  # bytes of one pixel


class CameraLoad(NamedTuple):
    """``rate``: pictures a second that the source brings, ``analysed``: those that are analysed. ``size``: at which;
    None: its own. ``kept``: bytes of its stream's last seconds that are kept."""

    name: str
    codec: str
    width: int
    height: int
    rate: float
    analysed: float
    size: Optional[Tuple[int, int]]
    models: Sequence[str]
    kept: int = 0


class Known(NamedTuple):
    """What a measurement has told, in place of estimates. ``models``: milliseconds by model and device."""

    received_ms: Optional[Figure] = None
    analysed_ms: Optional[Figure] = None
    camera_mib: Optional[Figure] = None
    models: Optional[Dict[Tuple[str, str], Figure]] = None


class Used(NamedTuple):
    """A figure that an engine's line rests on."""

    what: str
    unit: str
    figure: Figure


class Engine(NamedTuple):
    """``share``: of the engine, which the cameras need: at best and at worst; None where nothing is known of it
    (``unknown`` says why)."""

    name: str
    share: Optional[Tuple[float, float]]
    used: List[Used]
    unknown: str = ""


class Fit(NamedTuple):
    """Cameras like these that fit, at worst and at best; None: as many as one likes. ``limits``: the engines that end
    them, in the worst case and in the best."""

    low: Optional[int]
    high: Optional[int]
    limits: List[str]


def engines(
    board: BoardRates, rates: Rates, cameras: Sequence[CameraLoad], works: Dict[str, Work],
    paces: Dict[str, List[Pace]], known: Known,
) -> List[Engine]:  # fmt: skip
    """Every engine that the cameras need."""
    return [
        *_decoder(board, rates, cameras),
        _scaler(board, cameras),
        *_inference(board, cameras, works, paces, known),
        _processor(board, rates, cameras, known),
        _memory(board, rates, cameras, known),
        _bandwidth(board, rates, cameras, works),
    ]


def fit(found: Sequence[Engine], cameras: int) -> Fit:
    """Of ``cameras`` cameras on average."""
    worst = [(engine.share[1] / cameras, engine.name) for engine in found if engine.share and engine.share[1]]
    best = [(engine.share[0] / cameras, engine.name) for engine in found if engine.share and engine.share[0]]
    if not worst or not best:
        return Fit(None, None, [])
    return Fit(int(1 / max(worst)[0]), int(1 / max(best)[0]), list(dict.fromkeys([max(worst)[1], max(best)[1]])))


def _decoder(board: BoardRates, rates: Rates, cameras: Sequence[CameraLoad]) -> Iterator[Engine]:
    usable = rates.general("shares", "nvdec")
    best = worst = 0.0
    used: List[Used] = []
    for codec in dict.fromkeys(camera.codec for camera in cameras):
        if codec == "raw":
            continue
        figure = board.decode.get(codec)
        if figure is None:
            yield Engine("NVDEC", None, [], f"no rate of decoding {codec} is published")
            return
        pixels = sum(camera.width * camera.height * camera.rate for camera in cameras if camera.codec == codec) / 1e6
        best += pixels / (figure.high * usable.high)
        worst += pixels / (figure.low * usable.low)
        used.append(Used(f"decoding {codec}", "megapixels/s", figure))
    if used:
        yield Engine("NVDEC", (best, worst), [*used, Used("of which is used", "", usable)])


def _scaler(board: BoardRates, cameras: Sequence[CameraLoad]) -> Engine:
    pixels = 0.0
    for camera in cameras:
        width, height = camera.size or (camera.width, camera.height)
        pixels += camera.analysed * (camera.width * camera.height + width * height) / 1e6
    return Engine(
        "VIC", (pixels / board.vic.high, pixels / board.vic.low), [Used("scaling", "megapixels/s", board.vic)]
    )  # fmt: skip


def _inference(
    board: BoardRates, cameras: Sequence[CameraLoad], works: Dict[str, Work], paces: Dict[str, List[Pace]],
    known: Known,
) -> List[Engine]:  # fmt: skip
    """The GPU and the DLA cores beside it: each model's pictures go to whichever of its lanes is free."""
    best = worst = 0.0
    used: List[Used] = []
    devices: List[str] = []
    for name in works:
        wished = sum(camera.analysed for camera in cameras if name in camera.models)
        fast = slow = 0.0
        for pace in paces[name]:
            told = (known.models or {}).get((name, pace.device))
            low, high = (pace.best_ms, pace.worst_ms) if told is None else (told.low, told.high)
            fast += pace.cores * 1e3 / low
            slow += pace.cores * 1e3 / high
            where = f"{pace.device.upper()} {pace.precision}"
            if told is None:
                used.append(Used(f"{name} on the {where}: a core's peak" if pace.device == "dla" else
                                 f"{name} on the {where}: the peak", "10^12 operations/s", pace.peak))  # fmt: skip
            ms = Figure(low, high, "estimate", "operations by the peak and the share of it that is reached")
            used.append(Used(f"{name} on the {where}: a picture", "ms", told or ms))
            devices.append(pace.device.upper())
        if not fast:
            asked = [f"{engine.device} {engine.precision}" for engine in works[name].engines]
            why = "; ".join(f"{where.upper()}: {board.unknown.get(where, 'no figure')}" for where in asked)
            return [Engine("GPU", None, used, f"{name} cannot be judged ({why})")]
        best += wished / fast
        worst += wished / slow
    title = " and ".join(sorted(set(devices), reverse=True)) or "GPU"
    return [Engine(title, (best, worst), used)] if works else []


def _processor(board: BoardRates, rates: Rates, cameras: Sequence[CameraLoad], known: Known) -> Engine:
    received = known.received_ms or _slowed(rates.general("costs", "received_ms"), board)
    analysed = known.analysed_ms or _slowed(rates.general("costs", "analysed_ms"), board)
    usable = rates.general("shares", "cpu")
    came = sum(camera.rate for camera in cameras) / 1e3
    looked_at = sum(camera.analysed * max(1, len(camera.models)) for camera in cameras) / 1e3
    best = (came * received.low + looked_at * analysed.low) / (board.cores.high * usable.high)
    worst = (came * received.high + looked_at * analysed.high) / (board.cores.low * usable.low)
    return Engine("CPU", (best, worst), [
        Used("cores", "", board.cores), Used("a core, beside the one that was measured", "", board.core_speed),
        Used("a picture that comes", "ms of a core", received), Used("one that is analysed", "ms of a core", analysed),
    ])  # fmt: skip


def _slowed(figure: Figure, board: BoardRates) -> Figure:
    """From the machine that was measured to the board."""
    speed, where = board.core_speed, figure.where + "; by the speed of this board's cores"
    return figure._replace(low=figure.low / speed.high, high=figure.high / speed.low, where=where)


def _memory(board: BoardRates, rates: Rates, cameras: Sequence[CameraLoad], known: Known) -> Engine:
    """In MiB: what is left beside the system, the inference process and the daemon."""
    fixed = [rates.general("memory", name) for name in ("system", "inference", "daemon")]
    each, pictures = known.camera_mib or rates.general("memory", "camera"), rates.general("memory", "pictures")
    frames = sum(camera.width * camera.height * _NV12 for camera in cameras) / 2**20
    kept = sum(camera.kept for camera in cameras) / 2**20
    used = [
        Used("memory", "MiB", Figure(board.memory_mib, board.memory_mib, "published", "as the module is sold")),
        *(Used(name, "MiB", figure) for name, figure in zip(("system", "inference process", "daemon"), fixed)),
        Used("a capture process", "MiB", each), Used("pictures that a stream holds", "", pictures),
    ]  # fmt: skip
    # Where it is tight at worst, a little is left all the same: else nothing at all would run there.
    left = [
        max(board.memory_mib - sum(end), board.memory_mib / 20)
        for end in ([f.low for f in fixed], [f.high for f in fixed])
    ]
    best = len(cameras) * each.low + pictures.low * frames + kept
    worst = len(cameras) * each.high + pictures.high * frames + kept
    return Engine("memory", (best / left[0], worst / left[1]), used)


def _bandwidth(
    board: BoardRates, rates: Rates, cameras: Sequence[CameraLoad], works: Dict[str, Work]
) -> Engine:
    decode, network = rates.general("traffic", "decode"), rates.general("traffic", "network")
    usable = rates.general("shares", "memory")
    coded = sum(c.width * c.height * _NV12 * c.rate for c in cameras if c.codec != "raw") / 1e9
    outputs = 0.0
    for name, work in works.items():
        wished = sum(camera.analysed for camera in cameras if name in camera.models)
        outputs += 2e-9 * work.outputs * wished
    best = (coded * decode.low + outputs * network.low) / (board.bandwidth.high * usable.high)
    worst = (coded * decode.high + outputs * network.high) / (board.bandwidth.low * usable.low)
    return Engine("memory bandwidth", (best, worst), [
        Used("bandwidth", "GB/s", board.bandwidth), Used("of which is used", "", usable),
        Used("pictures moved to decode one", "", decode), Used("times a layer's output is moved", "", network),
    ])  # fmt: skip
