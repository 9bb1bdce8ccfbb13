"""The command ``edge``: finds the subcommand, runs it, and turns what a user can mend into plain lines.

Exit status: 0, 1 for an error, 2 for a wrong command line, 78 for a wrong configuration (EX_CONFIG of sysexits.h), 130
after Ctrl-C, 141 when nobody reads the output any more (as a shell counts SIGINT and SIGPIPE).
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import List, NoReturn, Optional, Sequence

from edge import __version__
from edge.errors import ConfigError, EdgeError

COMMANDS = {
    "run": "run the daemon: cameras in, events out",
    "check": "check a configuration without starting anything",
    "plan": "show what an edit of the configuration would change in the running daemon",
    "status": "show what the running daemon's cameras are doing",
    "events": "show events as they come, and those that are kept",
    "models": "list, fetch and describe networks",
    "bench": "measure a configuration on this machine, or estimate what a board carries",
    "doctor": "look for what is wrong with this machine, its broker and its cameras",
}
EX_CONFIG = 78


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\ntry: {self.prog} --help\n")


def parser_for(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the subcommand that ``argv`` asks for in full and of the others the name alone.

    A subcommand's module may take a quarter of a second to import: ``edge --help`` imports none.
    """
    parser = _Parser(prog="edge", description="Cameras in, events out, on a Jetson or any Linux machine.")
    parser.add_argument("--version", action="version", version=f"edge {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    wanted = next((word for word in argv if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name == wanted:
            importlib.import_module(f"edge.cli.{name}").add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line; returns the exit status."""
    words: List[str] = list(sys.argv[1:] if argv is None else argv)
    try:
        args = parser_for(words).parse_args(words)
        status = int(args.run(args))
        sys.stdout.flush()
        return status
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return EX_CONFIG
    except EdgeError as error:
        print(f"edge: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # What is still buffered has nowhere to go, and Python would complain of that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
