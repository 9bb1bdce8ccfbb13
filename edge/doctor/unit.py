"""The systemd unit that runs the daemon, as systemd knows it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from edge.doctor.system import System

NAME = "edge.service"
_PROPERTIES = (
    "LoadState,UnitFileState,ActiveState,SubState,Result,NRestarts,User,SupplementaryGroups,StateDirectory,"
    "FragmentPath,ExecStart,Environment,EnvironmentFiles"
)


class Unit(NamedTuple):
    """``user`` is empty for root; ``environment`` is what the unit gives the daemon, as far as it can be read."""

    loaded: str
    enabled: str
    active: str
    result: str
    restarts: int
    file: str
    command: str
    user: str
    groups: List[str]
    state_folder: Optional[Path]
    environment: Dict[str, str]

    @property
    def installed(self) -> bool:
        return self.loaded == "loaded"

    def runs(self, config: Optional[Path]) -> bool:
        """Whether it is this configuration that the unit runs."""
        return self.installed and config is not None and str(config.absolute()) in self.command


def find_unit(system: System) -> Optional[Unit]:
    """None where systemd does not run or does not answer."""
    if not system.exists("/run/systemd/system"):
        return None
    ran = system.run(["systemctl", "show", NAME, f"--property={_PROPERTIES}"])
    values = dict(line.split("=", 1) for line in ran.out.splitlines() if "=" in line)
    if ran.status != 0 or "LoadState" not in values:
        return None
    state = values.get("StateDirectory", "").split()
    restarts = values.get("NRestarts", "0")
    return Unit(
        loaded=values["LoadState"],
        enabled=values.get("UnitFileState", ""),
        active=values.get("ActiveState", ""),
        result=values.get("Result", ""),
        restarts=int(restarts) if restarts.isdigit() else 0,
        file=values.get("FragmentPath", ""),
        command=values.get("ExecStart", ""),
        user=values.get("User", ""),
        groups=values.get("SupplementaryGroups", "").split(),
        state_folder=Path("/var/lib") / state[0] if state else None,
        environment=_environment(system, values, ran.out),
    )


def _environment(system: System, values: Dict[str, str], out: str) -> Dict[str, str]:
    """What ``Environment=`` and the files of ``EnvironmentFile=`` say; files that cannot be read are passed over."""
    found = _assignments(values.get("Environment", ""))
    for line in out.splitlines():
        # EnvironmentFiles=/etc/edge/environment (ignore_errors=yes), a line for each file
        if line.startswith("EnvironmentFiles="):
            text = system.read(line.split("=", 1)[1].rpartition(" (")[0]) or ""
            for entry in text.splitlines():
                if not entry.lstrip().startswith(("#", ";")):
                    found.update(_assignments(entry))
    return found


def _assignments(text: str) -> Dict[str, str]:
    try:
        words = shlex.split(text)
    except ValueError:
        return {}
    return dict(word.split("=", 1) for word in words if "=" in word)
