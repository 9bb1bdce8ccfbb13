"""How much room there is on the disk of an open folder."""

from __future__ import annotations

import os

#: This much is left free, or a twentieth of the disk where that is less.
RESERVE = 32 << 20


def free(folder: int) -> int:
    disk = os.fstatvfs(folder)
    return disk.f_bavail * disk.f_frsize


def reserve(folder: int) -> int:
    disk = os.fstatvfs(folder)
    return min(RESERVE, disk.f_blocks * disk.f_frsize // 20)
