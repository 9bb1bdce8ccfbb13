"""The daemon's own interpreter and packages, against what the package asks for."""

from __future__ import annotations

import importlib
import platform
import re
import sys
from importlib import metadata
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from edge import __version__
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, skipped, warning

DISTRIBUTION = "jetson-edge"
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*\(?(?:>=\s*([0-9][0-9.]*))?")
#: What is imported under another name than it is installed by.
_MODULES = {"PyYAML": "yaml", "paho-mqtt": "paho.mqtt.client"}


class Requirement(NamedTuple):
    name: str
    least: Optional[str]


def requirements(lines: List[str]) -> List[Requirement]:
    """Of the lines of a package's metadata, those that always hold (none of an extra)."""
    found = (_REQUIREMENT.match(line) for line in lines if "extra ==" not in line)
    return [Requirement(match.group(1), match.group(2)) for match in found if match]


def older(version: str, least: str) -> bool:
    """Whether ``version`` is below ``least``, by their numbers."""
    return _numbers(version) < _numbers(least)


def _numbers(version: str) -> Tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", re.split(r"[a-z+-]", version, maxsplit=1)[0])]
    return tuple(numbers + [0] * (4 - len(numbers)))


def daemon(context: Context) -> Iterator[Finding]:
    """The interpreter that runs this command, and the daemon with it."""
    said = f"{platform.python_version()}, {sys.executable}"
    try:
        about = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield ok("python", said)
        yield warning("packages", f"edge {__version__} runs without being installed", "scripts/setup, or pip install .")
        return
    least = (about.metadata["Requires-Python"] or "").lstrip(">= ")
    if least and older(platform.python_version(), least):
        yield error("python", f"{said}; {least} or newer is needed", "install a newer Python, and scripts/setup again")
    else:
        yield ok("python", said)
    good: Dict[str, str] = {}
    for name, bound in requirements(about.requires or []):
        try:
            version = metadata.version(name)
            importlib.import_module(_MODULES.get(name, name))
        except metadata.PackageNotFoundError:
            yield error(name, "is not installed", f"{sys.executable} -m pip install '{name}>={bound}'")
        except Exception as failure:  # a broken package raises whatever it likes
            remedy = f"{sys.executable} -m pip install --force-reinstall {name}"
            yield error(name, f"cannot be imported: {failure}", remedy)
        else:
            if bound and older(version, bound):
                remedy = f"{sys.executable} -m pip install '{name}>={bound}'"
                yield error(name, f"{version} is too old; {bound} or newer is needed", remedy)
            good[name] = version
    yield ok("packages", ", ".join([f"edge {__version__}", *(f"{name} {version}" for name, version in good.items())]))


def journal(context: Context) -> Iterator[Finding]:
    """Log lines get fields in the journal by systemd's own library."""
    if context.unit is None:
        yield skipped("journal", "systemd does not run here: the log goes to stderr")
        return
    try:
        importlib.import_module("systemd.journal")
    except Exception as failure:
        remedy = f"apt-get install python3-systemd, or {sys.executable} -m pip install systemd-python"
        yield warning("journal", f"its lines will have no fields: systemd-python: {failure}", remedy)
    else:
        yield ok("journal", "with fields, by systemd-python")
