"""What the boards' own files say, as NVIDIA's device trees and packages have it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Tuple


class Kind(NamedTuple):
    """``compatible``: the device tree's words, most special first. ``memory_mib``: what the module is sold with.
    ``lacks``: elements that it has no hardware for."""

    model: str
    compatible: Tuple[str, ...]
    memory_mib: int
    lacks: Tuple[str, ...] = ()


KINDS = {
    "nano": Kind(
        "NVIDIA Jetson Nano Developer Kit",
        ("nvidia,p3449-0000-b00+p3448-0000-b00", "nvidia,jetson-nano", "nvidia,tegra210"),
        4096,
    ),
    "tx2": Kind("quill", ("nvidia,quill", "nvidia,p2597-0000+p3310-1000", "nvidia,tegra186"), 8192),
    "xavier-nx": Kind(
        "NVIDIA Jetson Xavier NX Developer Kit", ("nvidia,p3449-0000+p3668-0000", "nvidia,tegra194"), 8192
    ),
    "agx-xavier": Kind(
        "Jetson-AGX", ("nvidia,galen", "nvidia,jetson-xavier", "nvidia,p2822-0000+p2888-0004", "nvidia,tegra194"), 32768
    ),
    "orin-nano": Kind(
        "NVIDIA Jetson Orin Nano Developer Kit",
        ("nvidia,p3768-0000+p3767-0005", "nvidia,p3767-0005", "nvidia,tegra234"),
        8192,
        lacks=("nvv4l2h264enc",),
    ),
    "orin-nx": Kind(
        "NVIDIA Orin NX Developer Kit",
        ("nvidia,p3768-0000+p3767-0000", "nvidia,p3767-0000", "nvidia,tegra234"),
        16384,
    ),
    "agx-orin": Kind(
        "NVIDIA Jetson AGX Orin Developer Kit",
        ("nvidia,p3737-0000+p3701-0000", "nvidia,p3701-0000", "nvidia,tegra234"),
        32768,
    ),
    "thor": Kind(
        "NVIDIA Jetson AGX Thor Developer Kit",
        ("nvidia,p4071-0000+p3834-0008", "nvidia,p3834-0008", "nvidia,tegra264"),
        131072,
    ),
}

# The first line of /etc/nv_tegra_release, the version of the package nvidia-l4t-core, and the kernel's.
_RELEASES = {
    "r32": (
        "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: {}, EABI: aarch64, DATE: Sat Feb 19 17:05:08 UTC 2022",
        "32.7.1-20220219090432",
        "4.9.253-tegra",
    ),
    "r35": (
        "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: {}, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023",
        "35.4.1-20230801124926",
        "5.10.120-tegra",
    ),
    "r36": (
        "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: {}, EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2025",
        "36.4.3-20250107174145",
        "5.15.148-tegra",
    ),
    "r38": (
        "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: {}, EABI: aarch64, DATE: Fri Aug 22 00:55:42 UTC 2025",
        "38.2.0-20250821174705",
        "6.8.12-tegra",
    ),
}


def _board(release: str, kind: str) -> str:
    """What the release file calls the board."""
    if release in ("r36", "r38"):
        return "generic"
    return {"nano": "t210ref", "tx2": "t186ref"}.get(kind, "t186ref")


def write_root(root: Path, kind: str, release: str) -> None:
    """The files that tell what a board is, below ``root``."""
    board = KINDS[kind]
    line, version, kernel = _RELEASES[release]
    files = {
        "proc/device-tree/model": board.model + "\0",
        "proc/device-tree/compatible": "".join(word + "\0" for word in board.compatible),
        "proc/meminfo": f"MemTotal:       {board.memory_mib * 1024 * 95 // 100} kB\n",
        "proc/sys/kernel/osrelease": kernel + "\n",
        "etc/nv_tegra_release": line.format(_board(release, kind)) + "\n",
        "var/lib/dpkg/status": (
            "Package: nvidia-l4t-core\nStatus: install ok installed\nArchitecture: arm64\n"
            f"Version: {version}\nDescription: NVIDIA Core Package\n\n"
        ),
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
