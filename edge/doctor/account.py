"""The user that the daemon runs as, and what that user may open."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import FrozenSet, Iterator, List, NamedTuple, Optional, Sequence

from edge.doctor.system import System


class Account(NamedTuple):
    """``current``: this process's own, whose rights the kernel can be asked about."""

    name: str
    uid: int
    gids: FrozenSet[int]
    current: bool = False


def current_account(system: System) -> Account:
    uid = os.geteuid()
    name = next((fields[0] for fields in _entries(system, "/etc/passwd") if fields[2] == str(uid)), str(uid))
    return Account(name, uid, frozenset([os.getegid(), *os.getgroups()]), current=True)


def named_account(system: System, name: str, groups: Sequence[str] = ()) -> Optional[Account]:
    """The user of that name (or number) with its groups and ``groups``; None where this machine knows none."""
    for fields in _entries(system, "/etc/passwd"):
        if name in (fields[0], fields[2]):
            gids = {int(fields[3])}
            for group in _entries(system, "/etc/group"):
                if fields[0] in group[3].split(",") or group[0] in groups or group[2] in groups:
                    gids.add(int(group[2]))
            return Account(fields[0], int(fields[2]), frozenset(gids))
    return None


def group_name(system: System, gid: int) -> str:
    return next((fields[0] for fields in _entries(system, "/etc/group") if fields[2] == str(gid)), str(gid))


def may(account: Account, path: Path, mode: int = os.R_OK | os.W_OK) -> bool:
    """Whether the account may open ``path``, by its bits; the current one also by the kernel's word."""
    if account.uid == 0 or (account.current and os.access(str(path), mode)):
        return True
    found = path.stat()
    shift = 6 if found.st_uid == account.uid else 3 if found.st_gid in account.gids else 0
    return (stat.S_IMODE(found.st_mode) >> shift) & mode == mode


def may_read(account: Account, path: Path) -> bool:
    """Whether the account gets to the file and may read it."""
    folders = path.resolve().parents
    return all(may(account, folder, os.X_OK) for folder in folders) and may(account, path, os.R_OK)


def _entries(system: System, name: str) -> Iterator[List[str]]:
    for line in (system.read(name) or "").splitlines():
        fields = line.split(":")
        if len(fields) >= 4 and fields[2].isdigit():
            yield fields
