"""What the commands that build and look at engines are told: the model that is meant, and what is asked of it."""

from __future__ import annotations

import logging
import os
import pwd
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

from edge.cli.plan import SYSTEM_FILE
from edge.config import Config, load
from edge.errors import EngineError
from edge.models.engines.resolve import EngineWish
from edge.models.folders import state_folder
from edge.models.spec import ModelSpec, load_spec


class Chosen(NamedTuple):
    """A model, and what is asked of what runs it. ``place``: where that stands, empty for one of no configuration."""

    name: str
    spec: ModelSpec
    wish: EngineWish
    place: str = ""

    @property
    def worker(self) -> Dict[str, Any]:
        """What the workers are told of it."""
        return {**self.spec.worker_dict(), "name": self.name}


class Site:
    """``given``: the configuration's file as it stands in the command line. Left out it is the system's, where there is
    one; else there is none, and a model is one of ``edge models list``. Raises ConfigError.
    """

    def __init__(self, given: Optional[str]) -> None:
        # What the daemon's parts log of a builder's end is in the error that comes of it.
        logging.getLogger("edge").addHandler(logging.NullHandler())
        path = Path(given) if given else SYSTEM_FILE
        self.config: Optional[Config] = load(path) if given or os.path.isfile(path) else None
        self._base = path.parent.absolute() if given else Path().absolute()

    @property
    def python(self) -> str:
        """The workers' interpreter."""
        from edge.daemon.python import own_python  # here, since it takes all of the daemon along

        setting = "auto" if self.config is None else self.config.workers.python
        return own_python() if setting == "auto" else setting

    def model(self, name: str) -> Chosen:
        """The configuration's model of that name, or the one that ``edge models`` finds by it.

        Raises ConfigError or ModelError.
        """
        entry = None if self.config is None else self.config.models.get(name)
        if entry is None or self.config is None:
            return Chosen(name, load_spec(name, self._base), EngineWish())
        file, line, _ = self.config.origin(("models", name))
        return Chosen(name, load_spec(entry.spec, entry.folder), EngineWish.of(entry), f"{file}:{line}")


def as_the_daemon() -> None:
    """Root's commands go on as the user whose state folder it is: what they leave there, the service must be able to
    read and to replace. To be called when the configuration, which root alone may read, has been read."""
    folder = state_folder()
    if os.geteuid() != 0 or not folder.is_dir() or folder.stat().st_uid == 0:
        return
    who = pwd.getpwuid(folder.stat().st_uid)
    os.environ["STATE_DIRECTORY"] = str(folder)  # another user's would be another
    os.initgroups(who.pw_name, who.pw_gid)
    os.setgid(who.pw_gid)
    os.setuid(who.pw_uid)


def needs_engine(chosen: Chosen) -> None:
    """Raises EngineError for a model that is told to run without one."""
    if chosen.wish.backend == "onnxruntime":
        raise EngineError(f"{chosen.name}: it has no engine: its backend is onnxruntime ({chosen.place})")
