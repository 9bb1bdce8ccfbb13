"""The command itself: help, exit statuses, and errors without tracebacks."""

from __future__ import annotations

import argparse
import subprocess
import sys
import types
from typing import Any, Callable, Dict

import pytest

from edge import __version__
from edge.cli.main import COMMANDS, main
from edge.errors import ConfigError, EdgeError, Problem

COMMAND = [sys.executable, "-m", "edge"]


@pytest.fixture
def status_runs(monkeypatch: Any) -> Callable[[Callable[[argparse.Namespace], int]], None]:
    """Put a function in place of what `edge status` does."""

    def put(function: Callable[[argparse.Namespace], int]) -> None:
        module = types.ModuleType("edge.cli.status")
        module.add_parser = lambda s: s.add_parser("status").set_defaults(run=function)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "edge.cli.status", module)

    return put


def failing(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def run(_: argparse.Namespace) -> int:
        raise error

    return run


def test_help_names_every_command_and_imports_none() -> None:
    code = "import sys; sys.argv[1:] = ['--help']\n"
    code += "from edge.cli.main import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(sorted(m for m in sys.modules if m in ('pydantic', 'yaml', 'numpy', 'paho', 'asyncio')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert done.stdout.endswith("[]\n") and not done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: edge {command}" in capsys.readouterr().out


def test_the_version(capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"edge {__version__}\n"


@pytest.mark.parametrize("words", [[], ["dance"], ["--dance"], ["status", "--dance"]])
def test_a_wrong_command_line_is_two_lines_and_status_2(words: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_status_is_passed_on(status_runs: Any) -> None:
    status_runs(lambda _: 5)
    assert main(["status"]) == 5


def test_errors_of_the_user_are_plain_lines(status_runs: Any, capsys: Any) -> None:
    problems = [Problem("edge.yaml", 3, 5, "cameras.a.fps", "wrong"), Problem("b.yaml", None, None, "", "unreadable")]
    status_runs(failing(ConfigError(problems)))
    assert main(["status"]) == 78
    assert capsys.readouterr().err == "edge.yaml:3:5: cameras.a.fps: wrong\nb.yaml: unreadable\n"
    status_runs(failing(EdgeError("no daemon runs here")))
    assert main(["status"]) == 1
    assert capsys.readouterr().err == "edge: no daemon runs here\n"


def test_ctrl_c_is_130_without_a_word(status_runs: Any, capsys: Any) -> None:
    status_runs(failing(KeyboardInterrupt()))
    assert main(["status"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_bug_keeps_its_traceback(status_runs: Any) -> None:
    status_runs(failing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["status"])


def test_a_reader_that_goes_is_no_news(clean_environment: Dict[str, str]) -> None:
    code = (
        "import sys, types\n"
        "module = types.ModuleType('edge.cli.status')\n"
        "def run(args):\n"
        "    while True: print('x' * 10000)\n"
        "module.add_parser = lambda s: s.add_parser('status').set_defaults(run=run)\n"
        "sys.modules['edge.cli.status'] = module\n"
        "from edge.cli.main import main\n"
        "sys.exit(main(['status']))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_python_m_edge_is_the_command(clean_environment: Dict[str, str]) -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, env=clean_environment, check=True)
    assert done.stdout == f"edge {__version__}\n"
