"""TensorRT's own Python bindings, of the run time (8.6, 10.3): half a megabyte from PyPI each, without the library.

The library (libnvinfer_lean) is large and not on PyPI for every version. The bindings need three functions of it, and
none of them to look at classes: a stand-in that answers null makes them importable.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict

from scripts.servers import ROOT

_CACHE = ROOT / ".cache" / "tensorrt-bindings"
_PACKAGES = {"8.6": ("tensorrt-lean-bindings==8.6.1", 8), "10.3": ("tensorrt-lean-cu12-bindings==10.3.0", 10)}
_FUNCTIONS = ("createInferRuntime_INTERNAL", "createInferRefitter_INTERNAL", "getPluginRegistry")
_TELL = """
import json
import tensorrt_lean_bindings as trt
classes = {name: getattr(trt, name) for name in dir(trt) if isinstance(getattr(trt, name), type)}
enums = {name: kind for name, kind in classes.items() if hasattr(kind, "__members__")}
members = {name: {word: int(m) for word, m in kind.__members__.items()} for name, kind in enums.items()}
print(json.dumps({"names": {name: dir(kind) for name, kind in classes.items()}, "members": members}))
"""


@functools.lru_cache(maxsize=None)
def told(version: str) -> Dict[str, Any]:
    """``names`` by class and ``members`` with their numbers by enumeration. LookupError where they cannot be had."""
    folder = _CACHE / f"{version}-{sys.version_info.major}.{sys.version_info.minor}"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _fetch(version, folder)
            (folder / "made").touch()
    environment = {**os.environ, "PYTHONPATH": str(folder), "LD_LIBRARY_PATH": str(folder)}
    answer: Dict[str, Any] = json.loads(_said([sys.executable, "-W", "ignore", "-c", _TELL], env=environment))
    return answer


def _fetch(version: str, folder: Path) -> None:
    package, number = _PACKAGES[version]
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "-q"]
    _said([*pip, "--no-deps", "--only-binary", ":all:", "-d", str(folder), package])
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    source = folder / "library.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in _FUNCTIONS))
    library = f"libnvinfer_lean.so.{number}"
    _said(["gcc", "-shared", "-fPIC", f"-Wl,-soname,{library}", str(source), "-o", str(folder / library)])


def _said(command: Any, **how: Any) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=150, **how)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LookupError(str(error)) from None
    if done.returncode:
        raise LookupError(" ".join(done.stderr.split())[-300:])
    return done.stdout
