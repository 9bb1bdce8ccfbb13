"""The whole comparison: rows with their bounds, what everybody did, and a picture of it."""

from __future__ import annotations

from typing import Dict, List, NamedTuple

import numpy as np

from scripts.bench.measures import Row
from scripts.bench.setting import Setting

from .busy import Busy, busy
from .measure import Measured, right
from .picture import Chart, drawn
from .quiet import CAMERAS, Quiet, quiet
from .rows import rows
from .saturation import Saturated, saturation

PICTURE = "benchmarks-compare.svg"
#: Cores that something else may use without a word of it.
_ALONE = 0.2
ABOUT = (
    "RTSP cameras of 1280x720 with 15 pictures/s, H.264 at 2.5 Mbit/s, 5 pictures a second analysed by the model "
    "`person` on ONNX Runtime with one thread a run, a mosquitto. CPU is user and system time of all processes of "
    "whoever is measured, and of those that they start; the RTSP server, the broker and what measures do not count. "
    "The time of capture is when the server sends a picture; which picture a message is about is burnt into it, and "
    "edge's events say it by their `time`. The floor is gst-launch-1.0 a camera (rtspsrc, depay, parse, avdec_h264 "
    "with one thread, fakesink) and, beside them, a bare session.run loop on prepared tensors with its best batch, "
    "for as many pictures as were analysed. (a): a thread a camera with OpenCV's VideoCapture (TCP, no buffer, one "
    "decoding thread; every picture grabbed, those that are due retrieved), ONNX Runtime and paho; (b): the same "
    "program once a camera; (c): an ffmpeg a camera that decodes, thins out and scales to 640x360, one detector, "
    "without Frigate's own two processes a camera; (d): (a) with roboflow's `supervision` and its ByteTrack (their "
    "`inference` would be 230 packages, PyTorch among them, and is left out). These tell of the boxes in every "
    "picture, edge of objects that start and change: `right` is the share of boxes that the model finds too when it "
    "is shown every picture. Windows of 10 s for busy scenes, 45 s for quiet ones."
)


class Report(NamedTuple):
    """``text``: Markdown that follows the rows; it shows ``picture``, an SVG that stands beside the page."""

    rows: List[Row]
    text: str
    picture: str


def compare(setting: Setting, seconds: float, quick: bool = False) -> Report:
    many = busy(setting, seconds, quick)
    few = quiet(setting, quick)
    return reported(many, few, saturation(setting, min(seconds, 10.0)))


def reported(many: Busy, few: Quiet, full: Saturated) -> Report:
    parts = [f"![CPU, latency]({PICTURE})", _busy_table(many), _quiet_table(few), *many.missing]
    others = max(one.others for measured in [*many.measured.values(), few.measured] for one in measured)
    if others > _ALONE:
        parts.append(f"The machine was not alone with it: others used up to {others:.1f} cores meanwhile.")
    return Report(rows(many, few, full), "\n\n".join(parts), drawn(_charts(many, few)))


def _busy_table(many: Busy) -> str:
    lines = [
        f"Busy scenes; the model finds {many.people:.1f} people in a picture when it is shown every one of them.",
        "",
        "| cameras | | CPU, cores | over floor | analysed/s | sent to told, p50 / p95 ms | in sight | right |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for count, measured in many.measured.items():
        floor = many.floors[count]
        for one in measured:
            lines.append(
                f"| {count} | {one.name} | {one.cores:.3f} | {many.over_floor(one):.2f} | {one.pictures:.1f} "
                f"| {_tails(one)} | {_sight(one):.1f} | {right(one.told, many.clip.people):.0%} |"
            )
        wished = max(one.pictures for one in measured)
        lines.append(f"| {count} | floor | {floor.cores(wished):.3f} | 1 | {wished:.1f} | | | |")
    return "\n".join(lines)


def _tails(one: Measured) -> str:
    if not one.latencies:
        return "–"
    if one.behind:
        return f"fell behind by {np.median(one.latencies) / 1e3:.1f} s"
    return " / ".join(f"{np.percentile(one.latencies, share):.0f}" for share in (50, 95))


def _sight(one: Measured) -> float:
    """People told of, a camera and picture."""
    if any(told.kind for told in one.told):
        return one.sight / one.cameras
    return sum(len(told.boxes) for told in one.told) / max(one.pictures * one.seconds, 1)


def _quiet_table(few: Quiet) -> str:
    lines = [
        f"Quiet scenes, {CAMERAS} cameras: noise, lamps, rain and clouds, and one person a minute before each.",
        "",
        "| | CPU, cores | analysed, pictures/s | found | first seen to told, median / slowest s |",
        "|---|---:|---:|---:|---:|",
    ]
    for one in few.measured:
        waits = [wait for wait in few.waits[one.name].values() if wait is not None]
        words = f"{np.median(waits):.2f} / {max(waits):.2f}" if waits else "–"
        found = f"{len(waits)} of {len(few.waits[one.name])}"
        lines.append(f"| {one.name} | {one.cores:.3f} | {one.pictures:.1f} | {found} | {words} |")
    return "\n".join(lines)


def _charts(many: Busy, few: Quiet) -> List[Chart]:
    cpu: Dict[str, Dict[str, float]] = {}
    for count, measured in many.measured.items():
        floor = many.floors[count].cores(max(one.pictures for one in measured))
        cpu[f"{count} cameras" if count > 1 else "1 camera"] = {
            "floor: decode and inference": floor,
            **{one.name: one.cores for one in measured},
        }
    eight = {one.name: float(np.percentile(one.latencies, 95)) for one in many.measured[8] if one.latencies}
    return [
        Chart("CPU, busy scenes, 720p15 analysed at 5 pictures/s", "cores", cpu),
        Chart("sent to told, p95, 8 cameras", "ms", {"": eight}),
        Chart(f"CPU, {CAMERAS} quiet cameras", "cores", {"": {one.name: one.cores for one in few.measured}}),
    ]
