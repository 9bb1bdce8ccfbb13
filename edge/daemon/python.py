"""The interpreter for the workers."""

from __future__ import annotations

import importlib.util
import os
import sys


def own_python() -> str:
    """The interpreter for the workers: this one, or the system's, which has GStreamer's bindings where this has not."""
    system = "/usr/bin/python3"
    return system if importlib.util.find_spec("gi") is None and os.access(system, os.X_OK) else sys.executable
