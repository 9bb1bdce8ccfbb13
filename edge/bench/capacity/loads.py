"""What a configuration's cameras send and ask for, and what a saved measurement has told of their cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from edge.bench.capacity.fit import CameraLoad, Known
from edge.bench.capacity.rates import BoardRates, Figure
from edge.bench.sources import Sent, looked_at
from edge.config import CameraConfig, Config
from edge.config.values import Size, parse_size
from edge.errors import EdgeError

# What a measurement may be off by, one run to the next.
_MORE_OR_LESS = 0.15
# As the capture worker asks a CSI camera where its options say nothing.
_CSI = {"size": "1920x1080", "rate": 30.0}


class Given(NamedTuple):
    """What the command line says of every source."""

    codec: Optional[str] = None
    size: Optional[Size] = None
    fps: Optional[float] = None

    @property
    def whole(self) -> bool:
        return None not in self


def loads(config: Config, given: Given) -> List[CameraLoad]:
    """The enabled cameras. Files are looked at for what the command line does not say. Raises EdgeError for sources of
    which it cannot be known."""
    enabled = {name: camera for name, camera in config.cameras.items() if camera.enabled}
    if not enabled:
        raise EdgeError(f"{config.path}: there is no enabled camera to count")
    files = {name: camera for name, camera in enabled.items() if camera.source_url().kind == "file"}
    found = looked_at(files, config.workers.python) if files and not given.whole else {}
    sent = {name: _sent(camera, given, found.get(name)) for name, camera in enabled.items()}
    unknown = {name: missing for name, (_, missing) in sent.items() if missing}
    if unknown:
        flags = ", ".join(f"--{flag}" for flag in dict.fromkeys(flag for some in unknown.values() for flag in some))
        some = ", ".join(list(unknown)[:5]) + (" …" if len(unknown) > 5 else "")
        raise EdgeError(f"{some}: what is sent cannot be known from the configuration: give {flags}")
    return [_load(name, camera, sent[name][0], config) for name, camera in enabled.items()]


def _sent(camera: CameraConfig, given: Given, seen: Optional[Sent]) -> Tuple[Sent, List[str]]:
    """What it sends, and the flags that are needed to know it."""
    url = camera.source_url()
    options: Mapping[str, Any] = url.options
    codec: Optional[str] = None if seen is None else seen.codec
    size: Optional[Tuple[int, int]] = None if seen is None else (seen.width, seen.height)
    rate = None if seen is None else seen.rate
    if url.kind == "test":
        codec, size, rate = "raw", (int(options["width"]), int(options["height"])), float(options["rate"])
    elif url.kind in ("csi", "usb"):
        told = {**_CSI, **options} if url.kind == "csi" else options
        size = parse_size(told["size"]) if "size" in told else None
        rate = float(told["rate"]) if "rate" in told else None
        codec = "raw" if url.kind == "csi" else {"mjpeg": "jpeg", "raw": "raw"}.get(str(options.get("format")))
    elif url.kind == "http":
        codec = "jpeg"
    codec, size, rate = given.codec or codec, given.size or size, given.fps or rate
    missing = [flag for flag, value in (("codec", codec), ("size", size), ("fps", rate)) if value is None]
    width, height = size or (0, 0)
    return Sent(codec or "", width, height, rate), missing


def _load(name: str, camera: CameraConfig, sent: Sent, config: Config) -> CameraLoad:
    rate, models = sent.rate or 0.0, [model for model in camera.models if config.models[model].boxes is None]
    keeps = camera.snapshots.events or camera.clips.events or camera.decode != "full"
    return CameraLoad(
        name, sent.codec, sent.width, sent.height, rate, min(rate, camera.fps), camera.size, models,
        camera.memory if keeps else 0,
    )  # fmt: skip


def notes(config: Config) -> List[str]:
    """What of the configuration is not in the estimate."""
    enabled = [camera for camera in config.cameras.values() if camera.enabled]
    said = []
    if any(camera.analyse != "always" or camera.decode != "full" for camera in enabled):
        said.append("every picture is counted as decoded and analysed: quiet scenes need less (analyse, decode)")
    second = [name for name, model in config.models.items() if model.boxes is not None]
    if second:
        said.append(f"not counted, since it depends on how many objects there are: {', '.join(second)}")
    return said


def measured(file: Path, board: BoardRates) -> Tuple[Known, List[str]]:
    """What ``edge bench pipeline --json`` has told, as far as it holds for this board; and what does not, in words.

    Raises EdgeError for what is no such file.
    """
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        machine, costs = str(told["machine"]["name"]), told["costs"]
        cameras, models, processes = told["cameras"], told["models"], told["processes"]
        return _known(file, board, machine, costs, cameras, models, processes)
    except OSError as error:
        raise EdgeError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EdgeError(f"{file} is not what edge bench pipeline --json prints") from None


def _known(
    file: Path, board: BoardRates, machine: str, costs: Mapping[str, float], cameras: List[Dict[str, Any]],
    models: List[Dict[str, Any]], processes: List[Dict[str, Any]],
) -> Tuple[Known, List[str]]:  # fmt: skip
    same = board.name in machine.replace("-", " ")
    origin, where = ("measured" if same else "estimate"), f"measured on {machine} ({file})"
    said = []

    def cost(ms: float) -> Optional[Figure]:
        if not ms:
            return None
        figure = Figure(ms * (1 - _MORE_OR_LESS), ms * (1 + _MORE_OR_LESS), origin, where)
        speed = board.core_speed
        return figure if same else figure._replace(low=figure.low / speed.high, high=figure.high / speed.low)

    in_software = [c["name"] for c in cameras if c["memory"] == "system" and c["codec"] != "raw" and c["decoder"]]
    on_cpu = [m["name"] for m in models if "cpu" in m.get("devices", [])]
    if in_software:
        said.append(f"{file}: {in_software[0]} was decoded in software there: what decoding costs does not hold here")
    if on_cpu:
        said.append(f"{file}: {on_cpu[0]} ran on the processor there: what inference costs does not hold here")
    rss = [process["rss"] / 2**20 for process in processes if process["kind"] == "capture" and process["rss"]]
    each = sum(rss) / len(rss) if rss else 0.0
    times = {
        (model["name"], device.split(":")[0]): Figure(
            model["picture_ms"] * (1 - _MORE_OR_LESS), model["picture_ms"] * (1 + _MORE_OR_LESS), origin, where
        )
        for model in models
        if same and model.get("picture_ms")
        for device in model["devices"]
    }
    known = Known(
        None if in_software else cost(costs["decoded_picture_ms"]),
        None if on_cpu else cost(costs["analysed_picture_ms"]),
        Figure(each * (1 - _MORE_OR_LESS), each * (1 + _MORE_OR_LESS), origin, where) if each else None,
        times,
    )
    return known, said
