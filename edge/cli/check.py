"""``edge check``: says what is wrong with a configuration, all of it at once, and starts nothing."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Dict, List, Sequence

from edge.cli.checked import check_models, count, say
from edge.cli.terminal import Paint
from edge.config import Config, check_files, survey
from edge.config.excerpt import Excerpts
from edge.errors import Problem

EX_CONFIG = 78  # of sysexits.h


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "check",
        help="check a configuration without starting anything",
        description="Check a configuration, the cameras beside it, its models and its files. "
        f"Prints every problem at once; exit status 0 where there is none, else {EX_CONFIG}.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", required=True, help="the configuration, edge.yaml")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what is wrong with ``args.config``; 0 where nothing is, else 78."""
    config, problems = survey(args.config)
    problems = _by_file([*problems, *check_files(config), *check_models(config)])
    if args.json:
        print(json.dumps(_report(config, problems)))
    elif problems:
        say(_told(problems, Paint(sys.stdout)))
    else:
        say([f"ok: {count(len(config.cameras), 'camera')}, {count(len(config.models), 'model')}"])
    return EX_CONFIG if problems else 0


def _by_file(problems: Sequence[Problem]) -> List[Problem]:
    """Each once, file after file as they first come, in the order of the lines."""
    files = list(dict.fromkeys(problem.file for problem in problems))
    return sorted(dict.fromkeys(problems), key=lambda p: (files.index(p.file), p.line or 0, p.column or 0))


def _report(config: Config, problems: Sequence[Problem]) -> Dict[str, object]:
    return {
        "ok": not problems,
        "problems": [problem._asdict() for problem in problems],
        "cameras": len(config.cameras),
        "models": len(config.models),
    }


def _told(problems: Sequence[Problem], paint: Paint) -> List[str]:
    lines: List[str] = []
    excerpts = Excerpts()
    for problem in problems:
        place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part is not None)
        lines.append(paint(f"{place}: {problem.key}" if problem.key else place, "bold"))
        lines.append(f"  {paint(problem.message, 'red')}")
        excerpt = excerpts.of(problem)
        if excerpt:
            lines.append(paint(f"  {excerpt.line:>5} | ", "dim") + excerpt.text)
            if excerpt.caret is not None:
                lines.append(paint("        | ", "dim") + " " * excerpt.caret + paint("^", "red"))
        lines.append("")
    lines.append(count(len(problems), "problem"))
    return lines
