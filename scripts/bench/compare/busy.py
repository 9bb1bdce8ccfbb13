"""Busy scenes: everybody with 1 to 16 cameras, beside the floor."""

from __future__ import annotations

import sys
from typing import Dict, List, NamedTuple

import numpy as np

from scripts.bench.setting import Setting

from . import clips
from .cameras import Mount
from .contender import FPS, Baseline, Contender, Edge
from .measure import Floor, Measured, floor, measure
from .supervision_python import NotInstallable, supervision_python

EDGE = "edge"
THREADS = "(a) OpenCV, threads"
PROCESSES = "(b) OpenCV, processes"
PIPES = "(c) ffmpeg pipes"
TRACKED = "(d) supervision, ByteTrack"
_WINDOW_S = 10.0


class Busy(NamedTuple):
    """``measured`` and ``floors`` by the number of cameras. ``missing``: why somebody is not among them."""

    clip: clips.Clip
    measured: Dict[int, List[Measured]]
    floors: Dict[int, Floor]
    missing: List[str]

    def of(self, name: str, cameras: int) -> Measured:
        return next(one for one in self.measured[cameras] if one.name == name)

    def over_floor(self, one: Measured) -> float:
        """Its CPU over what receiving, decoding and inference of the pictures that it analysed cost at least."""
        return one.cores / self.floors[one.cameras].cores(one.pictures)

    @property
    def people(self) -> float:
        """How many the model finds in a picture, on average."""
        return float(np.mean([len(boxes) for boxes in self.clip.people]))


def busy(setting: Setting, seconds: float, quick: bool) -> Busy:
    clip, missing = clips.busy(), []
    try:
        python = "" if quick else supervision_python()
    except NotInstallable as error:
        python = ""
        missing.append(f"{TRACKED} is not here: it cannot be installed on this machine ({error})")
    measured: Dict[int, List[Measured]] = {}
    floors: Dict[int, Floor] = {}
    window = min(seconds, _WINDOW_S)
    for count in (2, 8) if quick else (1, 2, 8, 16):
        mounts = {f"c{n}": Mount(clip.file, n * len(clip.people) // count) for n in range(count)}
        pictures = round(count * FPS * window)
        wanted = _contenders(python)
        if quick:
            wanted = [one for one in wanted if one.name == EDGE or (count == 8 and one.name in (THREADS, PIPES))]
        before = floor(setting, mounts, window, pictures)
        measured[count] = []
        for contender in wanted:
            print(f"  {count} cameras: {contender.name}", file=sys.stderr, flush=True)
            measured[count].append(measure(setting, contender, mounts, window))
        # Once more at the end: machines get faster and slower.
        after = before if quick else floor(setting, mounts, window, pictures)
        floors[count] = Floor((before.decode + after.decode) / 2, (before.infer + after.infer) / 2)
    return Busy(clip, measured, floors, missing)


def _contenders(python: str) -> List[Contender]:
    all_: List[Contender] = [
        Edge(EDGE),
        Baseline(THREADS, "threads"),
        Baseline(PROCESSES, "threads", apart=True),
        Baseline(PIPES, "pipes"),
    ]
    if python:
        all_.append(Baseline(TRACKED, "tracked", python))
    return all_
