"""From what was measured to what is told of it: one tree of plain values, for JSON and for the table."""

from __future__ import annotations

import platform
from typing import Any, Dict, List, Mapping, Optional, Sequence

from edge.bench.pipeline.figures import CameraFigures, CameraTally, Figures, LaneFigures
from edge.bench.pipeline.processes import Share, cores
from edge.bench.pipeline.run import Measured
from edge.bench.pipeline.verdict import fits, verdict
from edge.config import CameraConfig, Config


def report(
    config: Config, run: Mapping[str, CameraConfig], measured: Measured, fastest: bool, rates: Mapping[str, float],
    notes: Sequence[str],
) -> Dict[str, Any]:  # fmt: skip
    """``run``: the cameras as they were run; ``rates``: pictures a second that files hold, by camera, where known."""
    seconds = max(measured.seconds, 1e-9)
    shares = {(share.kind, share.name): share for share in measured.shares}
    cameras = [
        _camera(name, config.cameras[name], run[name], measured, seconds, shares["capture", name], fastest,
                rates.get(name))
        for name in run
    ]  # fmt: skip
    lanes = _lanes(measured)
    capture = sum(share.cores for share in measured.shares if share.kind == "capture")
    inference, daemon = shares["inference", ""].cores, shares["daemon", ""].cores
    figures = Figures(
        fastest, [figure for figure, _ in cameras], lanes, cores(), measured.machine, capture, inference, daemon
    )  # fmt: skip
    decoded = sum(figure.decoded for figure in figures.cameras)
    analysed = sum(figure.analysed for figure in figures.cameras)
    decoded_s = capture / decoded if decoded else 0.0
    analysed_s = (inference + daemon) / analysed if analysed else 0.0
    found, carried = verdict(figures), fits(figures, decoded_s, analysed_s)
    ours = capture + inference + daemon
    return {
        "config": str(config.path.absolute()),
        "mode": "fastest" if fastest else "as-configured",
        "seconds": round(measured.seconds, 1),
        "interrupted": measured.interrupted,
        "machine": {"name": machine_name(), "architecture": platform.machine(), "cores": cores()},
        "verdict": {"limit": found.limit, "part": found.part, "words": found.words, "advice": found.advice},
        "fits": {"cameras": carried.cameras, "limit": carried.limit, "share": round(carried.share, 4),
                 "own": carried.own, "note": carried.note},
        "rates": {"decoded": round(decoded, 1), "analysed": round(analysed, 1),
                  "wished": round(sum(figure.wished for figure in figures.cameras), 1),
                  "events": round(measured.events / seconds, 2)},
        "costs": {"decoded_picture_ms": _ms(decoded_s), "analysed_picture_ms": _ms(analysed_s),
                  "inference_ms": _ms(inference / analysed if analysed else 0.0),
                  "daemon_ms": _ms(daemon / analysed if analysed else 0.0)},
        "latency_ms": measured.stages.percentiles(),
        "cameras": [told for _, told in cameras],
        "models": [_model(lane, measured) for lane in lanes] + _failed(measured, lanes),
        "processes": [_process(share) for share in measured.shares],
        "cpu": {"ours": round(ours, 3), "machine": round(measured.machine, 3),
                "others": round(max(0.0, measured.machine - ours), 3)},
        "notes": list(notes),
    }  # fmt: skip


def _camera(
    name: str, configured: CameraConfig, run: CameraConfig, measured: Measured, seconds: float, share: Share,
    fastest: bool, held: Optional[float],
) -> Any:  # fmt: skip
    tally: CameraTally = measured.cameras[name]
    kind = configured.source_url().kind
    unpaced = fastest and kind == "file"
    decoded, analysed = tally.decoded.value, tally.pictures / seconds
    wished, asked = min(decoded, run.fps), configured.fps
    if run.analyse != "always":  # what does not move is not wished
        asked = wished = min(wished, analysed + tally.missed / seconds)
    # Too old when a lane had room for it, it was given away and never answered as well.
    expired, lost = tally.expired / seconds, max(0, tally.lost - tally.expired) / seconds
    figure = CameraFigures(
        name, decoded, wished, analysed, not unpaced, held if unpaced else decoded, asked, share.cores
    )  # fmt: skip
    told = {
        "name": name,
        "source": configured.source_url().safe,
        **measured.states[name],
        "decoded": round(decoded, 1),
        "wished": round(wished, 1),
        "analysed": round(analysed, 1),
        "configured_fps": configured.fps,
        "source_fps": None if figure.source is None else round(figure.source, 1),
        "drops": {"missed": round(max(0.0, wished - analysed - expired - lost), 1), "expired": round(expired, 2),
                  "lost": round(lost, 2)},
        "events": tally.events,
        "restarts": tally.restarts,
        "cpu": round(share.cores, 3),
        "rss": share.rss,
        "latency_ms": tally.stages.percentiles(),
    }  # fmt: skip
    return figure, told


def _lanes(measured: Measured) -> List[LaneFigures]:
    """A line for each model: its lanes share its pictures, and their devices are told together."""
    found = []
    for name, tally in measured.lanes.items():
        model = measured.models.get(name)
        if model is None or model.state != "ready":
            continue
        devices = [str(lane.get("device", "cpu")) for lane in model.lanes or [{}]]
        count, rate, busy = len(devices), tally.rate.value, tally.busy.value
        kinds = "+".join(dict.fromkeys(device.split(":")[0] for device in devices))
        found.append(LaneFigures(name, kinds, busy / count, rate, busy / rate * 1e3 if rate else 0.0, count))
    return found


def _model(lane: LaneFigures, measured: Measured) -> Dict[str, Any]:
    model = measured.models[lane.model]
    devices = [str(one.get("device", "cpu")) for one in model.lanes or [{}]]
    return {
        "name": lane.model, "state": model.state, "backend": model.backend, "input": list(model.input),
        "devices": devices, "busy": round(lane.busy, 3), "pictures_per_s": round(lane.rate, 1),
        "picture_ms": round(lane.picture_ms, 2), "notes": list(model.notes),
    }  # fmt: skip


def _failed(measured: Measured, lanes: Sequence[LaneFigures]) -> List[Dict[str, Any]]:
    ready = {lane.model for lane in lanes}
    return [
        {"name": model.name, "state": model.state, "reason": model.reason}
        for model in measured.models.values()
        if model.name not in ready
    ]


def _process(share: Share) -> Dict[str, Any]:
    return {
        "kind": share.kind, "camera": share.name or None, "cpu": round(share.cores, 3), "rss": share.rss,
        "processes": share.processes,
    }  # fmt: skip


def machine_name() -> str:
    """The board by its device tree, else the processor."""
    for path, key in (("/proc/device-tree/model", ""), ("/proc/cpuinfo", "model name")):
        try:
            with open(path, errors="replace") as file:
                text = file.read().strip("\0\n ")
        except OSError:
            continue
        if not key:
            return text
        line = next((line for line in text.splitlines() if line.startswith(key)), "")
        if line:
            return line.partition(":")[2].strip()
    return platform.machine()


def _ms(seconds: float) -> float:
    return round(1e3 * seconds, 3)
