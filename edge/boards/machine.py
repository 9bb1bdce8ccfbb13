"""Which board this is, from what the kernel and NVIDIA's packages say of it.

In a container the device tree, the release file, or both may be hidden, so each is asked for by itself and what is
missing is taken from what is there. A Jetson that no table knows gets the nearest one's, with a warning.
"""

import os
import re
from typing import List, NamedTuple, Optional, Tuple

from .board import Board
from .jetson import Module, Variant, board
from .nano import NANO, TX2
from .orin import AGX_ORIN, ORIN_NANO, ORIN_NX
from .pc import ANY_MACHINE, PC_WITH_GPU
from .releases import RELEASES, Release, by_name, nearest
from .thor import THOR
from .xavier import AGX_XAVIER, XAVIER_NX

#: Of those that share a chip the one that promises least comes first: the first that fits is taken for an unknown one.
MODULES = (NANO, TX2, XAVIER_NX, AGX_XAVIER, ORIN_NANO, ORIN_NX, AGX_ORIN, THOR)


class Found(NamedTuple):
    """``warning``: what was guessed, for a person to read; empty when nothing was. ``l4t``: the version of NVIDIA's
    packages (``35.4.1``), empty when nothing here tells it."""

    board: Board
    warning: str = ""
    l4t: str = ""


def recognise(root: str = "/") -> Board:
    """The table for this machine, or for the one whose files lie under ``root``."""
    return look(root).board


def look(root: str = "/") -> Found:
    """What ``recognise`` returns, and how sure that is."""
    compatible = [word for word in _read(root, "proc/device-tree/compatible").split("\0") if word]
    release_file = _read(root, "etc/nv_tegra_release")
    kernel = _read(root, "proc/sys/kernel/osrelease").strip()
    if any(word.startswith("nvidia,tegra") for word in compatible) or release_file or kernel.endswith("-tegra"):
        return _jetson(root, compatible, release_file, kernel)
    if any(os.path.exists(os.path.join(root, path)) for path in ("proc/driver/nvidia/version", "dev/nvidia0")):
        return Found(PC_WITH_GPU)
    return Found(ANY_MACHINE)


def _jetson(root: str, compatible: List[str], release_file: str, kernel: str) -> Found:
    model = _read(root, "proc/device-tree/model").strip("\0\n ")
    l4t = _l4t(root, release_file)
    release = _release(l4t, kernel)
    warnings = []
    module = _module(compatible, model)
    if module is None:
        module = _nearest(compatible, release)
        if compatible:
            what = "{!r} ({}) is not in the tables".format(model, ", ".join(compatible))
        else:
            what = "its device tree cannot be read (docker hides it unless run with systempaths=unconfined)"
        warnings.append("this Jetson is not known: {}; it is taken for a {}".format(what, module.name))
    if release is None:
        release = by_name(module.releases[-1])
        if len(module.releases) > 1:
            warnings.append(
                "which L4T release this is cannot be told (no /etc/nv_tegra_release, no nvidia-l4t-core, kernel {}); "
                "it is taken for {}".format(kernel or "unknown", release.name)
            )
    elif l4t and _major(l4t) not in release.majors:
        warnings.append("L4T {} is not known; it is taken for {}".format(l4t, release.name))
    elif release.name not in module.releases:
        warnings.append("NVIDIA never made L4T {} for a {}".format(release.name, module.name))
    variant, known = _variant(root, module, compatible)
    return Found(board(module, variant, release, known), "; ".join(warnings), l4t)


def _module(compatible: List[str], model: str) -> Optional[Module]:
    """The part's number counts most: a carrier board's maker may put any model into the device tree."""
    for part in _parts(compatible):
        for module in MODULES:
            if part in module.parts:
                return module
    for module in MODULES:
        if any(name in compatible for name in module.names):
            return module
    for module in MODULES:
        if _has_soc(compatible, module) and any(word in model for word in module.models):
            return module
    return None


def _nearest(compatible: List[str], release: Optional[Release]) -> Module:
    """Of the same kind but for the last digits, or with the same chip, or of the same release."""
    kinds = {part.split("-")[0] for part in _parts(compatible)}
    for module in MODULES:
        if module.numbers & kinds and _has_soc(compatible, module):
            return module
    for module in MODULES:
        if _has_soc(compatible, module):
            return module
    name = (release or RELEASES[-1]).name
    return next(module for module in MODULES if name in module.releases)


def _variant(root: str, module: Module, compatible: List[str]) -> Tuple[Variant, bool]:
    """The module by its memory, and whether that is known: one device tree may serve several."""
    sizes = {size for part in _parts(compatible) for size in module.parts.get(part, ())}
    variants = [variant for variant in module.variants if variant.memory_mib in sizes] or list(module.variants)
    if len(variants) == 1:
        return variants[0], True
    total = re.search(r"MemTotal:\s*(\d+) kB", _read(root, "proc/meminfo"))
    if total is None:
        return variants[0], False
    # The kernel's total is what is left of the memory that the module is sold with.
    mib = int(total.group(1)) // 1024
    return next((variant for variant in variants if variant.memory_mib >= mib), variants[-1]), True


def _parts(compatible: List[str]) -> List[str]:
    """``nvidia,p3768-0000+p3767-0003-super``: the carrier board and the module."""
    return [part for word in compatible for part in re.findall(r"p\d{4}-\d{4}", word)]


def _has_soc(compatible: List[str], module: Module) -> bool:
    return "nvidia," + module.soc in compatible


def _l4t(root: str, release_file: str) -> str:
    # "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: …"
    named = re.search(r"R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)", release_file)
    if named:
        return "{}.{}".format(*named.groups())
    for package in _read(root, "var/lib/dpkg/status").split("\n\n"):
        if package.lstrip().startswith("Package: nvidia-l4t-core\n") and "\nStatus: install ok installed" in package:
            # "35.4.1-20230801124926"
            version = re.search(r"^Version: (\d+\.[\d.]+)", package, re.MULTILINE)
            return version.group(1) if version else ""
    return ""


def _release(l4t: str, kernel: str) -> Optional[Release]:
    """A container without NVIDIA's files still runs on the host's kernel, which is the release's own."""
    if l4t:
        return nearest(_major(l4t))
    for release in RELEASES:
        if kernel.endswith("-tegra") and kernel.startswith(release.kernels):
            return release
    return None


def _major(l4t: str) -> int:
    return int(l4t.split(".")[0])


def _read(root: str, path: str) -> str:
    # Hidden, absent, or a folder that docker made in place of a file it should have mounted: all the same here.
    try:
        with open(os.path.join(root, path), "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
