"""Finding and asking the daemons of this machine.

A daemon listens at the abstract Unix socket ``\\0edge/<uid>/<device>``, which needs no file and is gone with it. It
answers one line of JSON with another.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from edge.errors import EdgeError

TIMEOUT = 5.0
_LISTENING = 0x10000  # __SO_ACCEPTCON of linux/net.h


class Daemon(NamedTuple):
    uid: int
    device: str

    @property
    def address(self) -> str:
        return f"\0edge/{self.uid}/{self.device}"


def running(table: Path = Path("/proc/net/unix")) -> List[Daemon]:
    """The daemons that listen now, of all users."""
    found = set()
    for line in table.read_text(errors="replace").splitlines()[1:]:
        # Num RefCount Protocol Flags Type St Inode Path, where @ stands for the NUL of an abstract address.
        fields = line.split(None, 7)
        if len(fields) < 8 or not int(fields[3], 16) & _LISTENING:
            continue
        parts = fields[7].split("/")
        if len(parts) == 3 and parts[0] == "@edge" and parts[1].isdigit():
            found.add(Daemon(int(parts[1]), parts[2]))
    return sorted(found)


def choose(device: Optional[str] = None) -> Daemon:
    """The daemon of that device, or the only one. ``EdgeError`` when there is none, or more than one to choose from.

    A user's own comes before others'; root may ask anybody's.
    """
    uid = os.geteuid()
    mine = [d for d in running() if d.uid == uid or uid == 0]
    candidates = [d for d in mine if device in (None, d.device)]
    candidates = [d for d in candidates if d.uid == uid] or candidates
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = ", ".join(sorted({d.device for d in candidates}))
        raise EdgeError(f"more than one daemon runs here ({names}): choose one with --device NAME")
    others = ", ".join(sorted({d.device for d in mine}))
    if device is None:
        raise EdgeError("no daemon of yours runs here: start one with edge run -c FILE")
    hint = f"; running: {others}" if others else ""
    raise EdgeError(f"no daemon of device {device} runs here{hint}")


def ask(daemon: Daemon, op: str) -> Dict[str, Any]:
    """The daemon's answer to ``{"op": op}``. ``EdgeError`` when it does not answer within five seconds."""
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(TIMEOUT)
            sock.connect(daemon.address)
            sock.sendall(json.dumps({"op": op}).encode() + b"\n")
            with sock.makefile("rb") as reader:
                line = reader.readline()
            answer = json.loads(line) if line else {"error": "it answers its own user and root alone"}
    except (ConnectionRefusedError, FileNotFoundError):
        raise EdgeError(f"the daemon of {daemon.device} has just ended") from None
    except (OSError, ValueError) as error:
        why = "did not answer in time" if isinstance(error, socket.timeout) else f"did not answer: {error}"
        raise EdgeError(f"the daemon of {daemon.device} {why}") from None
    if not isinstance(answer, dict) or "error" in answer:
        why = answer["error"] if isinstance(answer, dict) else "of another version?"
        raise EdgeError(f"the daemon of {daemon.device} gave no answer: {why}")
    return answer
