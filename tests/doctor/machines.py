"""Machines made of files, and contexts to look at them with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

from edge.doctor.account import Account
from edge.doctor.context import Context
from edge.doctor.finding import Finding
from edge.doctor.system import Ran, System

#: Bound of every wait: a slow machine fails no test.
PATIENCE = 60.0


class Tree:
    """A machine's root folder. ``commands`` answers by the program's name; ``account`` is whom the daemon runs as."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now, self.synchronised = 1800000000.0, True
        self.commands: Dict[str, Ran] = {}
        self.asked: List[List[str]] = []

    def write(self, name: str, text: str = "", mode: int = 0o644) -> Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def run(self, command: Sequence[str]) -> Ran:
        self.asked.append(list(command))
        return self.commands.get(command[0], Ran(None, ""))

    def system(self) -> System:
        return System(self.root, self.run, lambda: self.now, lambda: self.synchronised)

    def context(self, config: str = "", account: Optional[Account] = None, **how: Any) -> Context:
        """A context for this machine, with a configuration of these lines where there are any."""
        if config:
            how["path"] = self.write("/etc/edge/test.yaml", config)
        context = Context(self.system(), **{"patience": PATIENCE, **how})
        if account is not None:
            context.account = account
        return context

    def jetson(self, container: bool = False, l4t: bool = True) -> Tree:
        """An Orin with JetPack 5's files."""
        self.write("/proc/device-tree/model", "NVIDIA Jetson AGX Orin Developer Kit\0")
        self.write("/proc/device-tree/compatible", "nvidia,p3737-0000+p3701-0000\0nvidia,tegra234\0")
        if l4t:
            self.write("/etc/nv_tegra_release", "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref\n")
        for node in ("nvhost-ctrl-gpu", "nvhost-gpu", "nvhost-ctrl-nvdla0", "nvhost-ctrl-nvdla1", "nvmap", "video0"):
            self.write(f"/dev/{node}", mode=0o660)
        if container:
            self.write("/.dockerenv")
        return self


def by_name(found: Iterator[Finding]) -> Dict[str, Finding]:
    """Findings by name; each of these comes once."""
    findings = list(found)
    names = [finding.name for finding in findings]
    assert len(set(names)) == len(names), names
    for finding in findings:
        assert finding.message, finding
        assert finding.remedy or finding.status in ("ok", "skipped"), finding
    return {finding.name: finding for finding in findings}
