"""Which board and which TensorRT this process is to see: by environment variables, and from tables."""

import os
from typing import NamedTuple, Tuple


class Board(NamedTuple):
    """``memory_mib``: what cudaMemGetInfo calls the total. ``busy_mib``: what others hold of it."""

    gpu: str
    compute: Tuple[int, int]
    memory_mib: int
    busy_mib: int
    dla_cores: int
    fast_int8: bool
    processors: int


BOARDS = {
    "nano": Board("NVIDIA Tegra X1", (5, 3), 3956, 1700, 0, False, 1),
    "tx2": Board("NVIDIA Tegra X2", (6, 2), 7859, 2000, 0, False, 2),
    "xavier-nx": Board("Xavier", (7, 2), 6854, 2000, 2, True, 6),
    "agx-xavier": Board("Xavier", (7, 2), 31010, 3000, 2, True, 8),
    "orin-nano": Board("Orin", (8, 7), 7620, 2200, 0, True, 8),
    "orin-nx": Board("Orin", (8, 7), 15656, 3000, 2, True, 8),
    "agx-orin": Board("Orin", (8, 7), 30698, 3000, 2, True, 16),
    "thor": Board("NVIDIA Thor", (11, 0), 125772, 6000, 0, True, 20),
    "pc": Board("NVIDIA GeForce RTX 3060", (8, 6), 12042, 700, 0, True, 28),
}


class Release(NamedTuple):
    """``version``: what ``tensorrt.__version__`` says. ``cuda``: as cuDriverGetVersion counts. ``loadables``: how many
    a DLA core holds at once. ``dla``: whether this TensorRT knows the Jetsons' DLA at all."""

    version: str
    cuda: int
    loadables: int
    dla: bool


RELEASES = {
    "8.2": Release("8.2.1.8", 10020, 4, True),
    "8.5": Release("8.5.2.2", 11040, 16, True),
    "8.6": Release("8.6.2.3", 12020, 16, True),
    "10.3": Release("10.3.0", 12060, 16, True),
    "11.1": Release("11.1.0.106", 13000, 16, False),
}

KEY = os.environ.get("EDGE_SIMULATED_TENSORRT", "8.5")
BOARD_NAME = os.environ.get("EDGE_SIMULATED_TENSORRT_BOARD", "xavier-nx")
CONTROL = os.environ.get("EDGE_SIMULATED_TENSORRT_CONTROL", "")

RELEASE = RELEASES[KEY]
BOARD = BOARDS[BOARD_NAME]
#: Major and minor, for comparisons.
VERSION = tuple(int(part) for part in KEY.split("."))
DLA_CORES = BOARD.dla_cores if RELEASE.dla else 0
