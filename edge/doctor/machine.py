"""What machine this is."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional

from edge.doctor.system import System

_CONTAINERS = ("docker", "kubepods", "lxc", "libpod", "containerd")


class Machine(NamedTuple):
    """``model``: what the board calls itself; ``l4t``: NVIDIA's release (35.4.1); ``container``: what it runs in."""

    jetson: bool
    model: str
    l4t: Optional[str]
    container: Optional[str]


def recognise(system: System) -> Machine:
    """A Jetson is known by its release file or, in a container that lacks it, by its device tree."""
    release = system.read("/etc/nv_tegra_release")
    compatible = system.read("/proc/device-tree/compatible") or ""
    model = system.read("/proc/device-tree/model") or system.read("/sys/class/dmi/id/product_name") or ""
    jetson = release is not None or "nvidia,tegra" in compatible
    return Machine(jetson, model.strip(), _l4t(release or ""), _container(system))


def dla_cores(system: System) -> List[str]:
    """The numbers of the DLA cores that have a device node (its name differs with the release)."""
    found = (re.search(r"(\d+)$", name) for name in system.glob("/dev/nvhost*nvdla*"))
    return sorted({match.group(1) for match in found if match})


def _l4t(release: str) -> Optional[str]:
    # "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, …"
    match = re.search(r"R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)", release)
    return f"{match.group(1)}.{match.group(2)}" if match else None


def _container(system: System) -> Optional[str]:
    named = system.read("/run/systemd/container")
    if named:
        return named
    if system.exists("/.dockerenv"):
        return "docker"
    if system.exists("/run/.containerenv"):
        return "podman"
    groups = system.read("/proc/1/cgroup") or ""
    return next((name for name in _CONTAINERS if name in groups), None)
