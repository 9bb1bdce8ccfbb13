"""``edge plan``: says what an edit would change in the daemon that runs, and changes nothing."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from edge.cli import local
from edge.cli.checked import check_models, count, say
from edge.cli.terminal import Paint, duration
from edge.config import Config, load, survey
from edge.config.last_good import Kept, find, place_of
from edge.config.plan import Plan, Step, plan
from edge.config.tree import dotted
from edge.errors import ConfigError, EdgeError

SYSTEM_FILE = Path("/etc/edge/edge.yaml")
_COLOURS = {"+": "green", "-": "red", "~": "yellow", "!": "magenta"}


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "plan",
        help="show what an edit of the configuration would change in the running daemon",
        description="Compare a configuration with the one that the daemon last took, and print what would change. "
        "Nothing is changed. Exit status 0 where there is no change, 2 where there is, 78 for a wrong configuration.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", help=f"the configuration; default: {SYSTEM_FILE}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 where it is empty, else 2. Raises ConfigError for a configuration that is wrong."""
    file = _file(args.config)
    new, problems = survey(file)
    problems += check_models(new)
    if problems:
        raise ConfigError(problems)
    kept = _kept(file, new.device)
    steps = plan(_empty(new) if kept is None else _taken(kept), new)
    if args.json:
        print(json.dumps(_report(steps)))
    else:
        say(_told(steps, kept, Paint(sys.stdout)))
    return 2 if steps else 0


def _file(given: Optional[str]) -> Path:
    if given is not None:
        return Path(given)
    if not SYSTEM_FILE.exists():
        raise EdgeError(f"there is no {SYSTEM_FILE}: name the configuration with -c FILE")
    return SYSTEM_FILE


def _kept(file: Path, device: str) -> Optional[Kept]:
    """What a daemon last took of this file; else what the daemon that runs took of its own, the file being a draft."""
    kept = _kept_of(file)
    if kept is not None:
        return kept
    for wanted in (device, None):
        try:
            own = Path(local.ask(local.choose(wanted), "status")["config"]["file"])
        except (EdgeError, KeyError, TypeError):  # none runs, or more than one does
            continue
        return _kept_of(own) if own.is_absolute() else None
    return None


def _kept_of(file: Path) -> Optional[Kept]:
    from edge.models.folders import SYSTEM_STATE, state_folder

    for folder in dict.fromkeys((state_folder(), SYSTEM_STATE)):
        kept = find(folder, file)
        if kept is not None:
            return kept
        place = place_of(folder, file)
        if os.path.exists(place) and not os.access(place, os.R_OK):
            raise EdgeError(f"{place}, which the daemon last took, is its own user's: run as that user or as root")
    return None


def _taken(kept: Kept) -> Config:
    try:
        return load(kept.files.main, files=kept.files)
    except ConfigError as error:
        message = "what the daemon last took cannot be understood here, so there is nothing to compare with: "
        raise EdgeError(message + str(error.problems[0])) from None


def _empty(new: Config) -> Config:
    """``new`` without anything that comes and goes: all of it is added."""
    return new.model_copy(update={"cameras": {}, "models": {}})


def _told(steps: Plan, kept: Optional[Kept], paint: Paint) -> List[str]:
    if kept is None:
        basis = "nothing is known here that a daemon took of this file: all of it is new"
    else:
        ago = duration(max(0.0, time.time() - kept.saved))
        basis = f"compared with what the daemon took {ago} ago from {kept.files.main}"
    lines = [paint(line, _COLOURS[line[0]]) for line in steps.lines()]
    end = count(len(lines), "change") if lines else "no changes"
    if any(step.op == "restart" for step in steps.steps):
        end += ": everything is stopped and started, and what else changed comes with it"
    return [paint(basis, "dim"), *lines, end]


def _report(steps: Plan) -> Dict[str, object]:
    return {"changes": bool(steps), "steps": [_step(step) for step in steps.steps]}


def _step(step: Step) -> Dict[str, object]:
    told: Dict[str, object] = {"op": step.op, "section": step.section, "name": step.name}
    if step.new_name:
        told["new_name"] = step.new_name
    changes = [{"key": dotted(c.keys), "apply": c.apply, "before": c.before, "after": c.after} for c in step.changes]
    return {**told, "changes": changes}
