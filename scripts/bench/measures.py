"""The measurements. Each returns rows for the table: what was measured, its value, and the bound it should keep."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import numpy as np
import paho.mqtt.client as mqtt

from .processes import Child, cpu_seconds, family, pss_mib
from .setting import Setting, clip_720p15, clip_1080p30, fastestdet, status, wait_analysed

CAMERAS = 8
FPS = 5


class Row(NamedTuple):
    """``bound``: the value should be at most (or, with ``at_least``, at least) this."""

    what: str
    value: float
    unit: str
    bound: float
    at_least: bool = False
    detail: str = ""

    @property
    def kept(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def _gst(pipeline: str, log: Path) -> Child:
    return Child(["gst-launch-1.0", "-q", *pipeline.split()], log)


def _rate(pids: Callable[[], List[int]], seconds: float) -> float:
    """CPU seconds a second of these processes, over ``seconds``."""
    members = pids()
    before, began = cpu_seconds(members), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(members) - before) / (time.monotonic() - began)


def session_loop(threads: int, pictures: int) -> Tuple[float, float]:
    """A bare loop over FastestDet's ``session.run`` on a real picture, in a process of its own: CPU ms and wall ms."""
    code = (
        "import sys, time, cv2, onnxruntime as o; s = o.SessionOptions(); s.intra_op_num_threads = int(sys.argv[2]); "
        "s.add_session_config_entry('session.intra_op.allow_spinning', '0'); "
        "n = o.InferenceSession(sys.argv[1], s, providers=['CPUExecutionProvider']); "
        "p = cv2.VideoCapture(sys.argv[4]).read()[1]; "
        "x = {n.get_inputs()[0].name: cv2.dnn.blobFromImage(p, 1 / 255, (352, 352))}; "
        "[n.run(None, x) for _ in range(20)]; "
        "c, t = time.process_time(), time.perf_counter(); [n.run(None, x) for _ in range(int(sys.argv[3]))]; "
        "print(time.process_time() - c, time.perf_counter() - t)"
    )
    command = [sys.executable, "-c", code, fastestdet()["onnx"], str(threads), str(pictures), str(clip_1080p30())]
    quiet = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    cpu, wall = subprocess.run(command, check=True, capture_output=True, text=True, env=quiet).stdout.split()
    return float(cpu) / pictures * 1e3, float(wall) / pictures * 1e3


def capture_1080p(setting: Setting, seconds: float) -> List[Row]:
    """CPU of one capture process on 1080p30 at 5 analysed pictures/s, beside decoding alone."""
    clip = clip_1080p30()
    ours, bare, paced = [], [], []
    decode = f"filesrc location={clip} ! qtdemux ! h264parse ! avdec_h264 max-threads=1 ! fakesink"
    for _ in range(2):
        begin = _children_cpu()
        subprocess.run(["gst-launch-1.0", "-q", *decode.split()], check=True)
        bare.append((_children_cpu() - begin) / 30)  # the clip's length in seconds
        with _gst(decode + " sync=true", setting.folder / "gst.log") as child:
            time.sleep(2)
            paced.append(_rate(lambda: [child.pid], seconds))
        with setting.daemon("one", {"street": {"source": f"file://{clip}", "loop": True, "fps": FPS}}):
            pid = wait_analysed("one")["cameras"][0]["pid"]
            ours.append(_rate(lambda: [pid], seconds))  # noqa: B023
    value, floor = statistics.median(ours), statistics.median(bare)
    detail = (
        f"{value * 1e3:.0f} ms of CPU for a second of video, decoding alone {floor * 1e3:.0f} as fast as it goes "
        f"and {statistics.median(paced) * 1e3:.0f} in real time, as the capture runs"
    )
    return [Row("capture of 1080p30 at 5 pictures/s over decoding alone", value / floor, "x", 1.15, detail=detail)]


def _children_cpu() -> float:
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Eight(NamedTuple):
    """Eight cameras over one window. CPU in cores: the whole of edge, decoding alone, and the bare inference."""

    total: float
    decode: float
    infer: float
    pictures: float  # analysed a second
    latencies: List[float]  # ms from capture to a subscriber, without decode and inference
    daemon_mib: float
    capture_mib: float
    gst_mib: float

    @property
    def other_ms(self) -> float:
        """CPU a picture that is neither decoding nor inference."""
        return (self.total - self.decode - self.infer) / self.pictures * 1e3


def _eight(setting: Setting, seconds: float, clip: Path) -> _Eight:
    with setting.rtsp_server(clip):
        decode, gst_mib = _decode_only(setting, seconds)
        camera = {"source": setting.rtsp_url, "fps": FPS, "objects": {"person": {}}}
        cameras = {f"c{n}": camera for n in range(CAMERAS)}
        with setting.daemon("eight", cameras) as daemon, _Listener(setting.broker_port) as listener:
            first = wait_analysed("eight", 30)
            listener.latencies.clear()
            began, cpu = time.monotonic(), cpu_seconds(family(daemon.pid))
            time.sleep(seconds)
            total, lasted = cpu_seconds(family(daemon.pid)) - cpu, time.monotonic() - began
            last, latencies = status("eight"), list(listener.latencies)
            daemon_mib = pss_mib(daemon.pid)
            capture_mib = statistics.mean(pss_mib(c["pid"]) for c in last["cameras"])
    # The daemon's own clock says over which time its pictures were counted.
    pictures = _pictures(last) - _pictures(first)
    rate = pictures / (last["uptime_s"] - first["uptime_s"])
    run, _ = session_loop(1, 300)
    return _Eight(total / lasted, decode, run * rate / 1e3, rate, latencies, daemon_mib, capture_mib, gst_mib)


def _pictures(state: Dict[str, Any]) -> int:
    return sum(c["pictures"] for c in state["cameras"])


def eight_cameras(setting: Setting, seconds: float) -> List[Row]:
    """Eight RTSP cameras 720p15 at 5 analysed pictures/s: CPU over its floor, latency, memory."""
    whole = [_eight(setting, seconds, clip_720p15()) for _ in range(2)]
    corner = [_eight(setting, seconds, clip_720p15(crop=True)) for _ in range(2)]
    ratios = [m.total / (m.decode + m.infer) for m in whole]
    waits = [latency for m in whole for latency in m.latencies]
    one = whole[0]
    beyond = statistics.median(m.capture_mib - m.gst_mib for m in whole)
    others = {name: statistics.median(m.other_ms for m in runs) for name, runs in (("13", whole), ("5", corner))}
    return [
        Row("8 RTSP cameras 720p15, CPU over receive, decode and session.run alone", statistics.median(ratios), "x",
            1.20, detail=f"{one.total:.3f} of a core, floor {one.decode:.3f} + {one.infer:.3f}, "
            f"{one.pictures:.1f} of {CAMERAS * FPS} pictures/s analysed, 13 objects in sight"),
        Row("CPU a picture without decode and inference, 5 objects in sight", others["5"], "ms", 2.0,
            detail=f"with 13 objects {others['13']:.2f}"),
        Row("capture to event at a subscriber, without decode and inference", statistics.median(waits), "ms", 25,
            detail=f"median; p95 {np.percentile(waits, 95):.1f} ms, {len(waits)} events"),
        Row("memory of the daemon (PSS)", one.daemon_mib, "MiB", 90),
        Row("memory of a capture process beyond gst-launch-1.0's", beyond, "MiB", 30,
            detail=f"{one.capture_mib:.0f} MiB, gst-launch-1.0 with the same decoder {one.gst_mib:.0f}"),
    ]  # fmt: skip


def _decode_only(setting: Setting, seconds: float) -> Tuple[float, float]:
    """Receiving and decoding the eight streams and nothing else: CPU in cores, and the MiB of one process."""
    line = (
        f"rtspsrc location={setting.rtsp_url} protocols=tcp latency=200 ! rtph264depay ! h264parse "
        "! avdec_h264 max-threads=1 ! fakesink"
    )
    children = [_gst(line, setting.folder / "gst.log") for _ in range(CAMERAS)]
    try:
        time.sleep(3)  # connected, and past the first key picture
        rate = _rate(lambda: [c.pid for c in children], seconds)
        memory = statistics.mean(pss_mib(c.pid) for c in children)
    finally:
        for child in children:
            child.__exit__()
    return rate, memory


class _Listener:
    """A subscriber that takes the time of each event's arrival."""

    def __init__(self, port: int) -> None:
        self.latencies: List[float] = []
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._heard
        self._client.on_connect = lambda client, *_: client.subscribe("edge/+/cameras/+/events/#")
        self._client.connect("127.0.0.1", port)

    def _heard(self, _client: object, _data: object, message: Any) -> None:
        event = json.loads(message.payload)
        stages = event.get("latency_ms")
        if stages and not event["type"].endswith(".end"):
            from datetime import datetime

            captured = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
            self.latencies.append((time.time() - captured) * 1e3 - stages["decode"] - stages["infer"])

    def __enter__(self) -> _Listener:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def saturation(setting: Setting, seconds: float) -> List[Row]:
    """More pictures than the network can take: its rate beside the bare loop's, with the same threads."""
    ratios, ours = [], []
    for _ in range(2):
        _, before = session_loop(1, 400)
        source = {"source": "test://?size=320x240&rate=60", "fps": 60}
        with setting.daemon("full", {f"c{n}": source for n in range(8)}):
            first = wait_analysed("full", 30)
            time.sleep(seconds)
            last = status("full")
        _, after = session_loop(1, 400)
        rate = (_pictures(last) - _pictures(first)) / (last["uptime_s"] - first["uptime_s"])
        ours.append(rate)
        ratios.append(rate * (before + after) / 2 / 1e3)
    what = "inference rate at saturation over a bare session.run loop"
    detail = f"{statistics.median(ours):.0f} pictures/s, one thread"
    return [Row(what, statistics.median(ratios), "x", 0.90, True, detail)]


ALL: Dict[str, Callable[[Setting, float], List[Row]]] = {
    "capture": capture_1080p, "eight": eight_cameras, "saturation": saturation
}  # fmt: skip
