"""``edge doctor --pipeline``: a camera's whole pipeline on this machine, as a line to try by hand.

Nothing is connected to. What a camera in the network sends is known from the daemon that has it online, or said by
the user, or taken to be what most of its kind send.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

from edge.config import CameraConfig
from edge.config.nearest import hint
from edge.config.order import source_order
from edge.doctor.checks.cameras import of_the_daemon
from edge.doctor.checks.gstreamer import install, named
from edge.doctor.context import Context
from edge.doctor.launch import VARIABLES, line
from edge.doctor.probe import listen
from edge.errors import ConfigError, EdgeError

CODECS = ("h264", "h265", "jpeg")
#: Of the kinds that come through the network, what nearly all cameras send.
_USUAL = {"rtsp": "h264", "hls": "h264", "http": "jpeg"}


class Pipeline(NamedTuple):
    """``line``: as printed; ``missing``: elements that are not here; ``notes``: what a person should know of it."""

    camera: str
    board: str
    codec: str
    decoder: str
    line: str
    missing: List[Dict[str, Any]]
    notes: List[str]


def pipeline(context: Context, name: str, codec: str = "") -> Pipeline:
    """Raises ConfigError or EdgeError where there is no such camera, or no such pipeline can be here."""
    camera = _camera(context, name)
    codec, decoder, notes = _codec(context, name, camera, codec)
    source = source_order(camera)
    for secret in ("username", "password"):
        source[secret] = None if source[secret] is None else ""
    if camera.source_url().kind in _USUAL:
        source["location"] = camera.source_url().safe
    board, answer = _ask(context, {"op": "pipeline", "source": source, "codec": codec, "decoder": decoder})
    if "reason" in answer:
        raise EdgeError(f"camera {name} has no pipeline here: {answer['reason']}")
    missing = answer["missing"]
    if missing:
        notes.append(f"it cannot run here: {named(missing)} is missing ({install(missing)})")
    text = line(answer["elements"])
    notes += [board["warning"]] if board["warning"] else []
    return Pipeline(
        camera=name,
        board=f"{board['name']} ({board['release']})" if board["release"] else board["name"],
        codec=answer["codec"],
        decoder=answer["decoder"] or "none",
        line=text,
        missing=missing,
        notes=[*notes, *answer["notes"], *_by_hand(context, camera, text)],
    )


def _camera(context: Context, name: str) -> CameraConfig:
    if context.config is None:
        raise EdgeError(f"a camera {name} of which configuration? edge doctor -c FILE --pipeline {name}")
    if name in context.config.cameras:
        return context.config.cameras[name]
    if context.problems:
        raise ConfigError(context.problems)
    cameras = tuple(context.config.cameras)
    known = f"; there are: {', '.join(cameras)}" if cameras else ""
    raise EdgeError(f"{context.path} has no camera {name}{hint(name, cameras)}{known}")


def _codec(context: Context, name: str, camera: CameraConfig, said: str) -> Tuple[str, str, List[str]]:
    """The codec and the decoder as far as they are known before the workers are asked, and notes on that."""
    kind = camera.source_url().kind
    if said and kind not in _USUAL:
        raise EdgeError(f"camera {name} is a {kind} source, whose codec is looked at: leave --codec out")
    if kind not in _USUAL:
        return "", "", []
    if said:
        return said, "", []
    seen = of_the_daemon(context, {name: camera}).get(name)
    if seen is not None and seen.get("codec") in CODECS:
        why = [seen["note"]] if seen.get("note") else []
        return seen["codec"], seen.get("decoder") or "", ["codec and decoder as the running daemon has them", *why]
    usual = _USUAL[kind]
    others = " or ".join(codec for codec in CODECS if codec != usual)
    return usual, "", [f"what it sends was not asked; {usual} is taken, as most such cameras send: --codec {others}"]


def _ask(context: Context, order: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """What is said of the board, and the answer, of the workers' interpreter. Raises EdgeError."""
    probe = context.start(order)
    listen([probe])
    answer = probe.said("pipeline")
    if not answer:
        broken = [message["error"] for message in probe.said("module") if "error" in message]
        why = broken[0] if broken else probe.failure
        raise EdgeError(f"the workers' interpreter, {context.python}, does not tell: {why}; edge doctor says more")
    return probe.said("board")[0], answer[0]


def _by_hand(context: Context, camera: CameraConfig, text: str) -> List[str]:
    """What is otherwise by hand than in the worker."""
    notes = []
    hidden = [variable for variable in VARIABLES.values() if f'"${variable}"' in text]
    if hidden:
        first = "; ".join(f"read -rs {v}" if v == "CAMERA_PASSWORD" else f"read -r {v}" for v in hidden)
        notes.append(f"the camera's user and password are not shown; before the line, give them: {first}")
    url = camera.source_url()
    if url.kind in _USUAL and url.safe != url.location:
        notes.append("the address holds a secret, which is shown as ***: put it in")
    if camera.loop:
        notes.append("by hand the file is played once; the worker begins again at its end")
    if not context.system.has_program("gst-launch-1.0"):
        notes.append("gst-launch-1.0 is in the package gstreamer1.0-tools")
    return notes
