"""The workers' interpreter, and what it can import."""

from __future__ import annotations

import sys
from typing import Dict, Iterator

from edge.doctor.checks.packages import older
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, skipped, warning
from edge.doctor.probe import Probe

LEAST_PYTHON = "3.6"
_GI_REMEDY = (
    "apt-get install python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 (they are for the system's Python: a "
    "virtual environment sees them with --system-site-packages)"
)


def check(context: Context) -> Iterator[Finding]:
    """Whether it runs, and has GStreamer's bindings, numpy and what runs the networks."""
    gstreamer, libraries = context.gstreamer, context.libraries
    setting = f"workers.python, {context.place('workers', 'python')}" if context.config is not None else ""
    change = f"correct {setting}: an interpreter's path, or auto" if setting else "reinstall Python"
    if isinstance(gstreamer, str) or isinstance(libraries, str):
        yield error("python", gstreamer if isinstance(gstreamer, str) else str(libraries), change)
        return
    python = [*gstreamer.said("python"), *libraries.said("python")]
    if not python:
        yield error("python", f"{context.python} does not run the workers: {libraries.failure}", change)
        return
    version = str(python[0]["version"])
    own = context.python == sys.executable
    if older(version, LEAST_PYTHON):
        yield error("python", f"{version}, {context.python}; {LEAST_PYTHON} or newer is needed", change)
    else:
        yield ok("python", f"{version}, " + ("the daemon's own" if own else context.python))
    yield from _bindings(gstreamer)
    yield from _inference(context, libraries)


def modules(probe: Probe) -> Dict[str, Dict[str, str]]:
    """What was said of each module, by its name."""
    return {message["module"]: message for message in probe.said("module")}


def _bindings(probe: Probe) -> Iterator[Finding]:
    found = modules(probe)
    if "version" in found.get("gi", {}):
        yield ok("gi", found["gi"]["version"])
    else:
        why = found.get("gi", {}).get("error") or probe.failure
        yield error("gi", f"GStreamer's Python bindings cannot be imported: {why}", _GI_REMEDY)


def _inference(context: Context, probe: Probe) -> Iterator[Finding]:
    found, python = modules(probe), context.python
    last = next((m["module"] for m in reversed(probe.messages) if m.get("op") == "importing"), None)
    models = context.config is None or bool(context.config.models)
    bad = error if models else warning
    for name, lacking in (("numpy", bad), ("cv2", warning), ("onnxruntime", bad)):
        message = found.get(name)
        if message is not None and "version" in message:
            where = ", on the CPU" if name == "onnxruntime" else ""
            yield ok(name, message["version"] + where)
        elif message is not None:
            yield lacking(name, f"{_what(name)} {message['error']}", _remedy(name, python))
        elif name == last:
            yield lacking(name, f"{_what(name)} {probe.failure}", f"reinstall it: {_remedy(name, python)}")
        else:
            yield skipped(name, "not looked at, since the process ended before")


def _what(name: str) -> str:
    if name == "cv2":
        return "OpenCV cannot be imported (numpy scales the pictures instead, which takes longer):"
    return "cannot be imported:"


def _remedy(name: str, python: str) -> str:
    package = {"cv2": "opencv-python-headless"}.get(name, name)
    return f"{python} -m pip install {package}"
