"""The releases of Jetson Linux (L4T): which there are, and what each does differently."""

from typing import FrozenSet, NamedTuple, Tuple

from .quirks import ARGUS_EOS_IS_FAULT, JPEG_ENCODER_PLANAR_ONLY, NEEDS_LSMOD, SYSTEM_TO_SYSTEM_FAILS


class Release(NamedTuple):
    """``majors``: the numbers in front of L4T's version that this table is for. ``kernels``: how the kernel's version
    begins, which a container sees even where it sees no release file."""

    name: str
    majors: Tuple[int, ...]
    kernels: Tuple[str, ...]
    quirks: FrozenSet[str]


_ALWAYS = frozenset((ARGUS_EOS_IS_FAULT, NEEDS_LSMOD))

# Kernels as boards told them to jetson_stats: 4.9.253-tegra (32.6.1), 5.10.104-tegra (35.3.1, #400),
# 5.15.148-tegra (36.4.3, #603), 6.8.12-tegra (38.2.0, #711), 6.8.12-1021-tegra (39.2.0, #864).
RELEASES = (
    # JetPack 4
    Release("r32", (32,), ("4.9.",), _ALWAYS | {SYSTEM_TO_SYSTEM_FAILS}),
    # JetPack 5
    Release("r35", (35,), ("5.10.",), _ALWAYS | {JPEG_ENCODER_PLANAR_ONLY}),
    # JetPack 6
    Release("r36", (36,), ("5.15.",), _ALWAYS | {JPEG_ENCODER_PLANAR_ONLY}),
    # JetPack 7: 38 is 7.0 and 7.1, for Thor alone; 39 is 7.2, for Thor and Orin (developer.nvidia.com/embedded/jetpack)
    Release("r38", (38, 39), ("6.8.",), _ALWAYS | {JPEG_ENCODER_PLANAR_ONLY}),
)


def by_name(name: str) -> Release:
    return next(release for release in RELEASES if release.name == name)


def nearest(major: int) -> Release:
    """The release whose number is closest to ``major``; of two as close, the newer."""
    return min(reversed(RELEASES), key=lambda release: min(abs(major - m) for m in release.majors))
