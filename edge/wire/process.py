"""What every worker does first: name itself, tie its life to the daemon's, take the channel it was given.

A worker never outlives the daemon: the kernel kills it when its parent dies, and a worker that was started just as the
daemon died sees that its parent is not the one that started it.
"""

import ctypes
import os
import signal
import sys

from .channel import Channel

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def tie_to_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the daemon (process ``parent``) dies; exit if it already has."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def set_name(name: str) -> None:
    """The name that ``ps`` and ``top`` show for this process; the kernel keeps the first 15 bytes."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode("utf-8")[:15], 0, 0, 0)


def begin(name: str, fd: int, parent: int) -> Channel:
    """Set a worker up and return its channel to the daemon (descriptor ``fd``)."""
    tie_to_parent(parent)
    set_name(name)
    # The daemon alone decides what an interrupt at the terminal means: it stops its workers in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return Channel.from_fd(fd)
