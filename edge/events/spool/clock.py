"""A clock for ages, which a wrong time of day does not fool."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable, Dict

# A wall clock that went on by more than this while nothing ran was set, not waited for.
_PLAUSIBLE = 400 * 86400.0
_STEP = 60.0


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class AgeClock:
    """Seconds that only rise: by the machine's uptime while it runs, over a restart within one boot too; over a reboot
    by the difference of the time of day, where that can be (a board without a battery starts in 1970)."""

    def __init__(
        self, kept: Dict[str, object], uptime: Callable[[], float] = _since_boot, wall: Callable[[], float] = time.time,
        boot: Callable[[], str] = boot_id,
    ) -> None:  # fmt: skip
        self._uptime, self._wall, self._boot = uptime, wall, boot()
        seconds, elapsed = _number(kept.get("clock")), 0.0
        if kept.get("boot") and kept.get("boot") == self._boot:
            elapsed = uptime() - _number(kept.get("uptime"))
        elif kept.get("wall") is not None:
            elapsed = wall() - _number(kept.get("wall"))
        self._base = seconds + (elapsed if 0.0 <= elapsed <= _PLAUSIBLE else 0.0) - uptime()
        self._offset = wall() - uptime()

    def __call__(self) -> float:
        return self._base + self._uptime()

    @property
    def stepped(self) -> bool:
        """Whether the time of day was set since it was last kept: it should be kept anew."""
        return abs(self._wall() - self._uptime() - self._offset) > _STEP

    def keep(self) -> Dict[str, object]:
        """What to give to the next one."""
        self._offset = self._wall() - self._uptime()
        return {
            "clock": round(self(), 1), "wall": round(self._wall()), "uptime": round(self._uptime(), 1),
            "boot": self._boot,
        }  # fmt: skip


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
