"""What the daemon says of itself: the answer to ``edge status``, and the retained states."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Dict, Optional, Protocol

import edge
from edge.config import Config
from edge.daemon.camera import Camera
from edge.daemon.inference import Inference
from edge.daemon.model_state import ModelState

if TYPE_CHECKING:
    from edge.daemon.cameras import Cameras
    from edge.daemon.evidence.evidence import Evidence
    from edge.daemon.outlet import Outlet
    from edge.daemon.reload import ConfigState
    from edge.daemon.steering import Steering
    from edge.telemetry.telemetry import Telemetry


class Parts(Protocol):
    """What the daemon consists of."""

    config: Config
    config_state: ConfigState
    outlet: Outlet
    inference: Inference
    cameras: Cameras
    evidence: Evidence
    steering: Steering
    telemetry: Telemetry
    started: float


def camera_state(camera: Camera, now: str) -> Dict[str, Any]:
    """The retained state of a camera; ``now`` as RFC 3339."""
    state: Dict[str, Any] = {"state": camera.state, "reason": camera.reason or None, "time": now}
    if camera.override:
        state["override"] = camera.override
    if camera.delivering:
        state.update(codec=camera.codec, decoder=camera.decoder, memory=camera.memory or "system")
        state.update(width=camera.width, height=camera.height)
    return state


def device_state(daemon: Parts, now: str) -> Dict[str, Any]:
    """The retained state of the device."""
    models = daemon.inference.models.values()
    return {
        "version": edge.__version__,
        "time": now,
        "boot_id": daemon.outlet.factory.boot_id,
        "config": daemon.config_state.report(),
        "cameras": dict(Counter(camera.state for camera in daemon.cameras.by_name.values())),
        "inference": {"state": daemon.inference.state, "reason": daemon.inference.reason or None},
        "models": {model.name: model_state(model) for model in models},
        "spool": spool_state(daemon),
    }


def spool_state(daemon: Parts) -> Dict[str, Any]:
    """Where events wait for the broker."""
    spool = daemon.outlet.spool
    return {"state": spool.state, "reason": spool.reason or None, "waiting": spool.waiting}


def model_state(model: ModelState) -> str:
    """Its state, and how far its engine is while one is built: ``building 40 %``."""
    if model.state != "building" or model.progress is None:
        return model.state
    done = model.progress.done
    return f"building {done:.0%}" if model.progress.phase == "build" and done is not None else model.progress.phase


def words(daemon: Parts) -> str:
    """One line for ``systemctl status``."""
    cameras = daemon.cameras.by_name.values()
    enabled = sum(camera.config.enabled for camera in cameras)
    online = sum(camera.delivering for camera in cameras)
    said = [f"{online} of {enabled} cameras online" if enabled else "no cameras"]
    if daemon.inference.state not in ("running", "idle"):
        said.append(f"inference {daemon.inference.state}")
    if daemon.outlet.publisher.state != "online":
        said.append(f"broker {daemon.outlet.publisher.state}")
    if daemon.outlet.spool.state != "ok":
        said.append(f"spool {daemon.outlet.spool.state}: {daemon.outlet.spool.reason}")
    if daemon.telemetry.words:
        said.append(daemon.telemetry.words)
    report = daemon.config_state.report()
    if report["state"] != "applied":
        said.append(f"config {report['state']}: {report.get('at', '')}: {report.get('error', '')}")
    return "; ".join(said)


def snapshot(daemon: Parts) -> Dict[str, Any]:
    """Everything, as it is now. Sources are shown without user and password."""
    now = time.monotonic()
    publisher, inference = daemon.outlet.publisher, daemon.inference
    return {
        "device": daemon.config.device,
        "version": edge.__version__,
        "pid": os.getpid(),
        "uptime_s": round(now - daemon.started, 1),
        "config": {"file": str(daemon.config.path.absolute()), **daemon.config_state.report()},
        "mqtt": {
            "state": publisher.state,
            "reason": publisher.reason,
            "url": daemon.config.mqtt.url,
            "waiting": publisher.waiting,
            "published": publisher.published,
            **publisher.figures(),
        },
        "inference": {
            "state": inference.state,
            "reason": inference.reason,
            "pid": inference.process.pid if inference.process is not None else None,
            "restarts": inference.restarts,
        },
        "spool": {**spool_state(daemon), "file": str(daemon.outlet.file)},
        "commands": daemon.steering.status(),
        "evidence": daemon.evidence.status(),
        "telemetry": daemon.telemetry.status(),
        "models": [_model(model, now) for model in inference.models.values()],
        "cameras": [_camera(daemon, camera, now) for camera in daemon.cameras.by_name.values()],
    }


def _model(model: ModelState, now: float) -> Dict[str, Any]:
    rate = model.pictures.rate(now)
    busy = model.busy.rate(now) / 1e9
    progress = model.progress
    lanes = [
        {"device": lane.get("device", "cpu"), "state": model.fared.get(place, ("loading", ""))[0],
         "note": model.fared.get(place, ("", ""))[1], "engine": lane.get("key", "")[:12]}
        for place, lane in enumerate(model.lanes or [])
    ]  # fmt: skip
    return {
        "name": model.name,
        "state": model.state,
        "reason": model.reason,
        "backend": model.backend,
        "input": model.input,
        "rate": round(rate, 1),
        "infer_ms": round(busy / rate * 1e3, 2) if rate else None,
        "building": {"phase": progress.phase, "done": progress.done} if progress is not None else None,
        "lanes": lanes,
        "notes": list(model.notes),
    }


def _camera(daemon: Parts, camera: Camera, now: float) -> Dict[str, Any]:
    watch = daemon.cameras.watches[camera.name]
    online = camera.delivering
    return {
        "name": camera.name,
        "state": camera.state,
        "reason": camera.reason,
        "override": camera.override,
        "since_s": round(asyncio.get_running_loop().time() - camera.since, 1),
        "source": camera.config.source_url().safe,
        "codec": camera.codec,
        "decoder": camera.decoder,
        "memory": camera.memory or "system",
        "note": camera.note,
        "width": camera.width,
        "height": camera.height,
        "fps_in": round(camera.frames.rate(now), 1) if online else 0.0,
        "fps_analysed": round(watch.analysed.rate(now), 1) if online else 0.0,
        "fps_wished": camera.config.fps,
        "quiet": camera.quiet if online else False,
        "decoded": _decoded(camera, now) if online else None,
        "limited_by": daemon.inference.limited_by(camera.number) if online else None,
        "pictures": watch.pictures,
        "lost": watch.lost,
        "drops": daemon.inference.missed.get(camera.number, 0),
        "expired": daemon.inference.expired.get(camera.number, 0),
        "objects": watch.analytics.objects(),
        "events": watch.events,
        "restarts": camera.restarts,
        "pid": camera.process.pid if camera.process is not None and not camera.process.ended else None,
        "latency_ms": watch.latencies.medians(),
    }


def _decoded(camera: Camera, now: float) -> Optional[float]:
    """Of the pictures that came, the share that was decoded, where it need not be all."""
    share = camera.decoded_share(now) if camera.config.decode == "on-activity" else None
    return None if share is None else round(share, 3)
