"""What every worker does first: name itself, tie its life to the daemon's, take the channel it was given.

A worker never outlives the daemon: the kernel kills it when its parent dies, and a worker that was started just as the
daemon died sees that its parent is not the one that started it.
"""

import ctypes
import os
import signal
import sys
from typing import Tuple

from .channel import Channel

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def tie_to_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the daemon (process ``parent``) dies; exit if it already has."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def set_name(title: str) -> None:
    """What ``ps`` and ``top`` show for this process: its name (the kernel keeps 15 bytes) and its whole command line.

    A title longer than the command line was is cut. Where the command line cannot be found it stays as it is.
    """
    ctypes.CDLL(None).prctl(_PR_SET_NAME, _cut(title, 15), 0, 0, 0)
    start, end = _command_line()
    room = end - start - 2
    if room < 1:
        return
    words = _cut(title, room)
    # The kernel takes a last byte that is not 0 as the mark of a title, which then ends at the first 0; otherwise
    # every 0 would be an empty argument.
    ctypes.memmove(start, words + b"\0" * (room + 1 - len(words)) + b"\1", room + 2)


def _cut(title: str, room: int) -> bytes:
    """As much of it as so many bytes hold, in whole characters."""
    return title.encode("utf-8")[:room].decode("utf-8", "ignore").encode("utf-8")


def _command_line() -> Tuple[int, int]:
    """Where this process's arguments lie, as the kernel reads them; two zeros when it does not say."""
    try:
        with open("/proc/self/stat") as file:
            # The second field is the name, in parentheses, with anything in it. proc(5) counts from 1.
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[48 - 3]), int(fields[49 - 3])
    except (OSError, IndexError, ValueError):
        return 0, 0


def begin(name: str, fd: int, parent: int) -> Channel:
    """Set a worker up and return its channel to the daemon (descriptor ``fd``)."""
    tie_to_parent(parent)
    set_name(name)
    # The daemon alone decides what an interrupt at the terminal means: it stops its workers in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return Channel.from_fd(fd)
