"""Which device's events are meant, and where they are kept."""

from __future__ import annotations

import argparse
import os
import pwd
import shlex
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional
from urllib.parse import unquote

from edge.cli import local
from edge.errors import EdgeError


class Kept(NamedTuple):
    """``file``: the spool's, which can be read; ``evidence``: the folder of snapshots and clips."""

    device: str
    file: Path
    evidence: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to say it."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-c", "--config", metavar="FILE", help="of this configuration's device")
    which.add_argument("--device", metavar="NAME", help="of this device")


def find(args: argparse.Namespace) -> Kept:
    """Without ``-c`` and ``--device``: those of the daemon that runs here, or of the only device there is.

    Raises EdgeError where there are none, several to choose from, or none that this user may read.
    """
    from edge.config import load
    from edge.events.spool import folders
    from edge.models.folders import SYSTEM_STATE, state_folder

    states = list(dict.fromkeys((state_folder(), SYSTEM_STATE)))
    told: Dict[str, Any] = {}
    evidence: Optional[str] = None
    if args.config is not None:
        config = load(args.config)
        device = config.device
        if config.evidence.folder is not None:
            evidence = str(config.folder / os.path.expanduser(config.evidence.folder))
    else:
        told = _running(args.device)
        device = args.device or told.get("device") or _only(states)
    files = [folders(state, device)[0] for state in states]
    said = (told.get("spool") or {}).get("file")
    file = next((file for file in ([Path(said)] if said else []) + files if _readable(file)), None)
    if file is None:
        raise EdgeError(f"no events have been kept yet of {device}: there is no {files[0]}")
    evidence = evidence or (told.get("evidence") or {}).get("folder")
    # <state>/events/<device>/events.db
    return Kept(device, file, Path(evidence) if evidence else file.parents[2] / "evidence" / device)


def _running(device: Optional[str]) -> Dict[str, Any]:
    """What the daemon says that is meant; nothing where none runs. Raises EdgeError where it could be several.

    What is kept can be read whether or not it answers.
    """
    uid = os.geteuid()
    there = [daemon for daemon in local.running() if uid in (0, daemon.uid) and device in (None, daemon.device)]
    if not there:
        return {}
    daemon = local.choose(device)
    try:
        return local.ask(daemon, "status")
    except EdgeError:
        return {"device": daemon.device}


def _only(states: List[Path]) -> str:
    """The device of which alone events are kept here."""
    found = []
    for state in states:
        try:
            found += [unquote(entry.name) for entry in os.scandir(state / "events") if entry.is_dir()]
        except PermissionError:
            not_yours(state / "events")
        except OSError:  # not there
            continue
        if found:
            break
    if not found:
        raise EdgeError("no events have been kept yet: no daemon of yours runs here, and none has (edge run -c FILE)")
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise EdgeError(f"events of several devices are kept here ({names}): choose one with --device NAME")
    return found[0]


def _readable(file: Path) -> bool:
    """Whether it is there. Raises EdgeError where this user may not read it."""
    try:
        os.close(os.open(file, os.O_RDONLY | os.O_NONBLOCK))
    except PermissionError:
        not_yours(file)
    except OSError:
        return False
    return True


def not_yours(path: Path) -> NoReturn:
    """Raises EdgeError that says whom to ask as."""
    place = path
    while True:
        try:
            uid = os.stat(place).st_uid
            break
        except OSError:  # in a folder that is not to be looked into
            place = place.parent
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = f"#{uid}"
    command = shlex.join(["edge", *sys.argv[1:]])
    how = f"sudo {command}" if uid == 0 else f"sudo -u {shlex.quote(user)} {command}"
    raise EdgeError(f"{path} is not yours to read, it belongs to {user}: try {how}")
