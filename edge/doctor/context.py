"""What the checks look at."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Union

from edge.config import Config, survey
from edge.doctor.account import Account, current_account, named_account
from edge.doctor.machine import Machine, recognise
from edge.doctor.probe import START_S, Probe, listen, python_of
from edge.doctor.system import System
from edge.doctor.unit import Unit, find_unit
from edge.errors import EdgeError, Problem
from edge.models.folders import state_folder

DEFAULT_CONFIG = "/etc/edge/edge.yaml"


class Board(NamedTuple):
    """What the workers' tables take this machine for. ``release``: the L4T release of a Jetson's (r35), else empty;
    ``warning``: what of it was guessed; ``programs``: what its elements run."""

    name: str
    release: str
    l4t: str
    warning: str
    programs: List[str]


class Daemon(NamedTuple):
    """A daemon that runs on this machine; ``status`` is its answer, None where ``silence`` says why there is none."""

    uid: int
    device: str
    status: Optional[Dict[str, Any]]
    silence: str = ""


def _default(system: System) -> Optional[Path]:
    """Where the service's configuration is, if it is there: so it is too where this user may not even look."""
    path = system.path(DEFAULT_CONFIG)
    try:
        path.stat()
    except PermissionError:
        return path
    except OSError:
        return None
    return path


class Context:
    """``path`` is the configuration's, None where there is none; ``daemons`` finds those that run.

    ``config`` holds what is usable of the configuration, and ``problems`` what is wrong with it.
    """

    def __init__(
        self,
        system: System,
        path: Optional[Path] = None,
        cameras: bool = True,
        daemons: Callable[[], List[Daemon]] = list,
        patience: float = 9.0,
        told: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.system = system
        self.path = path if path is not None else _default(system)
        self.look_at_cameras = cameras
        #: Seconds that a camera has until its first picture.
        self.patience = patience
        #: Called with what a check is waiting for.
        self.told = told
        self.machine: Machine = recognise(system)
        self.unit: Optional[Unit] = find_unit(system)
        self.config: Optional[Config] = None
        self.problems: List[Problem] = []
        if self.path is not None:
            given = self.unit.environment if self.unit is not None and self.unit.runs(self.path) else {}
            self.config, self.problems = survey(self.path, {**os.environ, **given})
        self.account: Account = self._account()
        self._daemons = daemons

    def _account(self) -> Account:
        """The unit's user where it is the unit that runs this configuration (or where there is none to run)."""
        unit = self.unit
        if unit is not None and unit.installed and unit.user and (self.path is None or unit.runs(self.path)):
            found = named_account(self.system, unit.user, unit.groups)
            if found is not None:
                return found
        return current_account(self.system)

    @property
    def whole(self) -> Optional[Config]:
        """The configuration, if all of it could be read: with a problem, what is not usable stands at its default."""
        return None if self.problems else self.config

    @property
    def kinds(self) -> Set[str]:
        """The kinds of source of the enabled cameras."""
        cameras = self.config.cameras.values() if self.config is not None else ()
        return {camera.source_url().kind for camera in cameras if camera.enabled}

    @property
    def state_folder(self) -> Path:
        unit = self.unit
        return (unit.state_folder if unit is not None and unit.runs(self.path) else None) or state_folder()

    @property
    def python(self) -> str:
        """The workers' interpreter."""
        return python_of("auto" if self.config is None else self.config.workers.python)

    def place(self, *keys: Union[str, int]) -> str:
        """``edge.yaml:12``, where the value at ``keys`` stands."""
        if self.config is None:
            return str(self.path)
        file, line, _ = self.config.origin(keys)
        return f"{file}:{line}"

    @cached_property
    def daemons(self) -> List[Daemon]:
        """Those that run on this machine, of all users."""
        return self._daemons()

    @property
    def daemon(self) -> Optional[Daemon]:
        """The one that runs this configuration's device, or without a configuration the only one."""
        if self.whole is not None:
            return next((daemon for daemon in self.daemons if daemon.device == self.whole.device), None)
        return self.daemons[0] if len(self.daemons) == 1 and self.path is None else None

    @cached_property
    def gstreamer(self) -> Union[Probe, str]:
        """What the capture workers' interpreter says of GStreamer; words where it cannot be started."""
        return self._ask("edge.capture.probe", {"op": "elements"})

    @cached_property
    def libraries(self) -> Union[Probe, str]:
        """What the inference worker's interpreter says of its libraries; words where it cannot be started."""
        return self._ask("edge.inference.probe", {"op": "modules"})

    @property
    def board(self) -> Optional[Board]:
        """None where the workers' interpreter does not say."""
        said = [] if isinstance(self.gstreamer, str) else self.gstreamer.said("board")
        return Board(**{key: said[0][key] for key in Board._fields}) if said else None

    def start(self, order: Dict[str, Any], patience: float = START_S) -> Probe:
        """The capture workers' interpreter with that order, to be listened to. Raises EdgeError."""
        return Probe(self.python, "edge.capture.probe", order, patience, self.system.root)

    def _ask(self, module: str, order: Dict[str, Any]) -> Union[Probe, str]:
        try:
            probe = Probe(self.python, module, order, root=self.system.root)
        except EdgeError as failure:
            return str(failure)
        listen([probe])
        return probe
