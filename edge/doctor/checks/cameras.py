"""Every enabled camera, all at the same time: whether it is there, and what it sends."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Tuple

from edge.config import CameraConfig
from edge.config.order import source_order
from edge.doctor.checks.workers import modules
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, skipped, warning
from edge.doctor.probe import Probe, listen
from edge.errors import EdgeError

#: Over how long a camera's rate is measured.
SECONDS = 2.0
# Beyond the camera's own patience: to be ready to end, and to say goodbye.
_MORE = 4.0
_REMEDIES = {
    "unauthorized": "correct its user and password",
    "unreachable": "see to the camera, or correct its source",
    "stalled": "restart the camera; is the network too slow for its bit rate?",
    "ended": "give a longer file",
    "unsupported": "set its encoder to H.264 or H.265, or install what is missing",
}
_FEWER = 0.8  # of the pictures that are to be analysed; what is above is the measurement's


def check(context: Context) -> Iterator[Finding]:
    config = context.config
    if config is None or not config.cameras:
        yield skipped("cameras", "no configuration" if config is None else "the configuration has none")
        return
    if not context.look_at_cameras:
        yield skipped("cameras", "not looked at (--no-cameras)")
        return
    gstreamer = context.gstreamer
    if isinstance(gstreamer, str) or "version" not in modules(gstreamer).get("gstreamer", {}):
        yield skipped("cameras", "not looked at: the workers' interpreter has to be mended first")
        return
    enabled = {name: camera for name, camera in config.cameras.items() if camera.enabled}
    online = of_the_daemon(context, enabled)
    asked = {name: camera for name, camera in enabled.items() if name not in online}
    answers = _ask(context, asked)
    for name, camera in config.cameras.items():
        if name in online:
            yield _as_the_daemon_sees(name, online[name])
        elif name in answers:
            yield _judged(context, name, camera, answers[name])
        else:
            yield skipped(name, "disabled")


def of_the_daemon(context: Context, cameras: Dict[str, CameraConfig]) -> Dict[str, Dict[str, Any]]:
    """What the daemon that runs has online: a second connection is more than some cameras allow."""
    daemon = context.daemon
    found = (daemon.status or {}).get("cameras", []) if daemon is not None else []
    return {
        camera["name"]: camera
        for camera in found
        if camera.get("state") in ("online", "frozen")
        and camera.get("name") in cameras
        and camera.get("source") == cameras[camera["name"]].source_url().safe
    }


def _ask(context: Context, cameras: Dict[str, CameraConfig]) -> Dict[str, Tuple[Optional[Probe], str]]:
    """A probe for each, at its end, or words where none could be started."""
    answers: Dict[str, Tuple[Optional[Probe], str]] = {}
    probes: List[Probe] = []
    for name, camera in cameras.items():
        order = {"op": "camera", "source": _source(camera), "patience": context.patience, "seconds": SECONDS}
        try:
            probe = context.start(order, context.patience + SECONDS + _MORE)
        except EdgeError as failure:
            answers[name] = (None, str(failure))
        else:
            probes.append(probe)
            answers[name] = (probe, "")

    def tell() -> None:
        waiting = [name for name, (probe, _) in answers.items() if probe is not None and not probe.over]
        context.told(", ".join(waiting))

    tell()
    listen(probes, tell)
    return answers


def _source(camera: CameraConfig) -> Dict[str, Any]:
    """What the capture process is told of a camera: its own size, so that it is told what it sends."""
    return {**source_order(camera), "size": None, "loop": False}


def _as_the_daemon_sees(name: str, found: Dict[str, Any]) -> Finding:
    if found["state"] == "frozen":
        why = found.get("reason") or "it sends the same picture over and over"
        return warning(name, f"frozen: {why} (as the daemon sees it)", "restart the camera")
    rate = found.get("fps_in")
    words = [
        f"{found.get('codec')} {found.get('width')}x{found.get('height')}",
        f"{rate:.1f} pictures/s" if rate is not None else "",
        f"decoded by {found.get('decoder')}" if found.get("codec") != "raw" else "",
    ]
    return ok(name, f"{', '.join(word for word in words if word)} (as the daemon sees it, which has it online)")


def _judged(context: Context, name: str, camera: CameraConfig, answer: Tuple[Optional[Probe], str]) -> Finding:
    probe, failure = answer
    said = probe.said("camera") if probe is not None else []
    place = context.place("cameras", name, "source")
    if not said:
        why = failure or (probe.failure if probe is not None else "")
        return error(name, f"cannot be looked at: {why}", "edge doctor once more; edge run tells more in its log")
    news = said[0]
    if "state" in news:
        return _failed(context, name, news, camera.source_url().safe, place)
    how = "in hardware" if news["hardware"] else "in software"
    how += f" ({news['memory']})" if news["memory"] else ""
    decoded = f"decoded by {news['decoder']} {how}" if news["codec"] != "raw" else "not coded"
    words = f"{news['codec']} {news['width']}x{news['height']}, "
    words += f"{news['rate']:.1f} pictures/s, " if news["rate"] is not None else "rate unknown, "
    words += decoded + (", then the file is over" if news["over"] and not camera.loop else "")
    if news["rate"] is not None and news["rate"] < _FEWER * camera.fps:
        remedy = f"raise the camera's rate, or lower fps ({context.place('cameras', name, 'fps')})"
        return warning(name, f"{words}: fewer than the {camera.fps:g} that are to be analysed", remedy)
    if news["note"]:
        return warning(name, f"{words}: {news['note']}", "see the group gstreamer above")
    return ok(name, words)


def _failed(context: Context, name: str, news: Dict[str, Any], safe: str, place: str) -> Finding:
    host = safe.split("://", 1)[-1].split("/", 1)[0]
    where = "" if host and host in news["reason"] else f" ({safe})"
    # Its own limit of connections may be reached by whoever else looks at it.
    second = context.daemon is not None and safe.startswith("rtsp:")
    busy = "; or it allows no second connection beside the daemon's" if second else ""
    return error(name, f"{news['state']}: {news['reason']}{where}", f"{_REMEDIES[news['state']]} ({place}){busy}")
