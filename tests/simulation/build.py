"""Compiles the plugin of simulated elements, once for a state of its sources and of this machine's GStreamer."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import List

from scripts.servers import ROOT

_SOURCES = Path(__file__).parent / "plugin"
_CACHE = ROOT / ".cache" / "simulation"
_LIBRARIES = ["gstreamer-1.0", "gstreamer-base-1.0", "gstreamer-video-1.0"]
_FLAGS = ["-std=c11", "-D_DEFAULT_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]


def _said(*command: str) -> str:
    """What a command prints. Raises LookupError when it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise LookupError(f"no {command[0]} (packages gcc and pkg-config)") from None
    if done.returncode:
        raise LookupError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def plugin_folder() -> Path:
    """The folder with the compiled plugin; registries may be kept in it.

    Raises LookupError where it cannot be compiled: it needs gcc, pkg-config, libgstreamer1.0-dev and
    libgstreamer-plugins-base1.0-dev.
    """
    sources = sorted(_SOURCES.glob("*.[ch]"))
    machine = _said("gcc", "--version") + _said("pkg-config", "--modversion", *_LIBRARIES)
    digest = hashlib.sha256(" ".join([*_FLAGS, machine]).encode())
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    folder = _CACHE / digest.hexdigest()[:16]
    library = folder / "libgstsimulatedjetson.so"
    if library.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests may be at it
        if not library.exists():
            _compile([str(path) for path in sources if path.suffix == ".c"], library)
    return folder


def plugins_without(name: str) -> Path:
    """A folder with this machine's GStreamer plugins but one: of two elements of a name, the one found last counts."""
    there = Path(_said("pkg-config", "--variable=pluginsdir", "gstreamer-1.0").strip())
    others = sorted(path for path in there.glob("*.so") if path.name != f"libgst{name}.so")
    digest = hashlib.sha256("\n".join(map(str, others)).encode()).hexdigest()[:16]
    folder = _CACHE / f"without-{name}-{digest}"
    if not folder.exists():
        half = folder.with_suffix(f".{os.getpid()}")
        half.mkdir(parents=True)
        for path in others:
            (half / path.name).symlink_to(path)
        try:
            half.rename(folder)
        except OSError:  # another run of the tests was faster
            shutil.rmtree(half)
    return folder


def _compile(sources: List[str], to: Path) -> None:
    flags = _said("pkg-config", "--cflags", "--libs", *_LIBRARIES).split()
    half = to.with_suffix(f".{os.getpid()}")
    try:
        # A mistake in the plugin is a failure, not a machine that cannot build it.
        done = subprocess.run(["gcc", *_FLAGS, *sources, "-o", str(half), *flags], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        shutil.move(str(half), str(to))
    finally:
        if half.exists():
            half.unlink()
