"""All access to the machine: its files below a root folder, its commands, its clock."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence

COMMAND_TIMEOUT = 10.0
_SYNCHRONISED_BELOW_US = 16000000  # of the kernel's own estimate of its error; systemd draws the line here too


class Ran(NamedTuple):
    """``status`` is None for a command that is not there or did not end."""

    status: Optional[int]
    out: str


def run_command(command: Sequence[str]) -> Ran:
    """Run it to its end, within ten seconds."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_TIMEOUT,
            env={**os.environ, "LC_ALL": "C", "SYSTEMD_PAGER": "cat"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return Ran(None, "")
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"))


class _Timex(ctypes.Structure):
    """The first fields of ``struct timex`` (adjtimex(2)), and room for the rest."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 512),
    ]


def kernel_synchronised() -> Optional[bool]:
    """Whether the kernel's clock follows another one; None where it does not say."""
    state = _Timex()
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state)) < 0:
            return None
    except (AttributeError, OSError):
        return None
    return int(state.maxerror) < _SYNCHRONISED_BELOW_US


class System:
    """Names are absolute, as on the machine: ``/proc/meminfo`` is looked up below ``root``."""

    def __init__(
        self,
        root: Path = Path("/"),
        run: Callable[[Sequence[str]], Ran] = run_command,
        now: Callable[[], float] = time.time,
        synchronised: Callable[[], Optional[bool]] = kernel_synchronised,
    ) -> None:
        self.root, self.run, self.now, self.synchronised = root, run, now, synchronised

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def exists(self, name: str) -> bool:
        try:
            return self.path(name).exists()
        except OSError:
            return False

    def read(self, name: str) -> Optional[str]:
        """The text of a file, without NULs and space at its end; None where there is none to be read."""
        try:
            return self.path(name).read_bytes().decode("utf-8", "replace").replace("\0", " ").rstrip()
        except OSError:
            return None

    def glob(self, pattern: str) -> List[str]:
        """Names that match, sorted."""
        return sorted("/" + str(found.relative_to(self.root)) for found in self.root.glob(pattern.lstrip("/")))

    def has_program(self, name: str) -> bool:
        """Whether a program is in one of the usual folders."""
        return any(self.exists(f"{folder}/{name}") for folder in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"))
