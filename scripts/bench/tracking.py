"""The tracker beside supervision's ByteTrack: what a picture costs, and how well people are followed.

    python -m scripts.bench.tracking [--write docs/tracking.md]

Both get the same boxes, of two networks on the two clips, at several rates of analysis. The truth is made offline
(``mot/truth.py``), and the judge is motmetrics (``mot/judge.py``), on an interpreter that has both packages.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence

import cv2

from .measures import Row
from .mot import venv
from .mot.boxes import people, voted
from .mot.truth import tracks
from .setting import ROOT, SHARED, Setting

NETWORKS = ("fastestdet", "person")


class Clip(NamedTuple):
    file: str
    fps: float
    every: Sequence[int]  # the rates of analysis, as steps from picture to picture

    @property
    def path(self) -> Path:
        return SHARED / "media" / self.file


#: At 5, at 10 and at all pictures a second.
CLIPS = (Clip("vtest-h264.mp4", 10.0, (2, 1)), Clip("street-1080p30.mp4", 30.0, (6, 3, 1)))


class Judged(NamedTuple):
    """One clip with one network's boxes."""

    clip: Clip
    network: str
    people: int  # in the truth
    said: Dict[str, Any]  # the judge


def measure() -> Iterator[Judged]:
    python = venv.interpreter()
    with tempfile.TemporaryDirectory(prefix="edge-mot-") as folder:
        for clip in CLIPS:
            there = tracks(clip.path, voted(clip.path), clip.fps)
            for network in NETWORKS:
                file = Path(folder) / f"{network}.json"
                file.write_text(json.dumps(_given(clip, network, there)))
                command = [str(python), "-m", "scripts.bench.mot.judge", str(file)]
                said = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
                yield Judged(clip, network, len(there), json.loads(said))


def _given(clip: Clip, network: str, there: Sequence[Any]) -> Dict[str, Any]:
    boxes = people(clip.path, network)
    capture = cv2.VideoCapture(str(clip.path))
    return {
        "fps": clip.fps,
        "width": int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        "height": int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        "every": list(clip.every),
        "boxes": [rows.tolist() for rows in boxes],
        "truth": [
            [[number, *map(float, track[i])] for number, track in enumerate(there, 1) if i in track]
            for i in range(len(boxes))
        ],
    }


def rows(found: Sequence[Judged]) -> List[Row]:
    speed = found[0].said["speed"]
    busy = f"{speed['objects']:.0f} objects, two zones and a line, {speed['told']:.1f} events a picture"
    out = [
        Row("tracker and rules, a picture", speed["ours"], "ms", 0.25,
            detail=f"{busy}; {speed['ours'] / speed['reference']:.2f} of 10,000 multiplications in Python"),
        Row("supervision's ByteTrack over that, the same boxes", speed["theirs"] / speed["ours"], "x", 5.0, True,
            detail=f"{speed['theirs']:.2f} ms, without rules"),
    ]  # fmt: skip
    every = [at for one in found for at in one.said["judged"]]
    for name, key in (("IDF1", "idf1"), ("MOTA", "mota")):
        mine, theirs = ([at[who][0][key] for at in every] for who in ("ours", "theirs"))
        best = [statistics.mean(_tuned(at[who])[key] for at in every) for who in ("ours", "theirs")]
        apart = [a - b for a, b in zip(mine, theirs)]
        ahead = sum(difference >= 0.0 for difference in apart)
        out.append(
            Row(f"{name} less ByteTrack's, mean of {len(every)}", statistics.mean(apart), "", 0.0, True,
                f"{statistics.mean(mine):.3f} and {statistics.mean(theirs):.3f} as they come; the same or better in "
                f"{ahead} of {len(every)}, from {min(apart):+.3f} to {max(apart):+.3f}; both tuned {best[0]:.3f} and "
                f"{best[1]:.3f}")
        )  # fmt: skip
    return out


def _tuned(figures: Sequence[Dict[str, float]]) -> Dict[str, float]:
    """Of those of three thresholds the best, for each clip, network and rate by itself."""
    return max(figures, key=lambda one: one["idf1"] + one["mota"])


def tracking(setting: Setting, seconds: float) -> List[Row]:
    """For the bench: nothing of the setting is used. No rows where the judge's packages cannot be had."""
    try:
        return rows(list(measure()))
    except venv.NotInstallable as error:
        print(f"tracking is left out: {error}", file=sys.stderr, flush=True)
        return []


def table(found: Sequence[Judged]) -> str:
    """All figures, for the page."""
    lines = [
        "| clip | boxes by | pictures/s | | IDF1 | MOTA | switches | false | missed | people's boxes |",
        "|---|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        for at in one.said["judged"]:
            who = {"edge": at["ours"][0], "edge, tuned": _tuned(at["ours"]),
                   "ByteTrack": at["theirs"][0], "ByteTrack, tuned": _tuned(at["theirs"])}  # fmt: skip
            for name, figures in who.items():
                counts = (figures[key] for key in ("num_switches", "num_false_positives", "num_misses", "num_objects"))
                lines.append(
                    f"| {one.clip.file} | {one.network} | {at['fps']:g} | {name} | {figures['idf1']:.3f} "
                    f"| {figures['mota']:.3f} | " + " | ".join(f"{count:.0f}" for count in counts) + " |"
                )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", metavar="FILE", type=Path, help="put the figures at the end of this page")
    args = parser.parse_args()
    found = list(measure())
    for row in rows(found):
        print(row.what, f"{row.value:.3f}", row.unit, "" if row.kept else "MISSED", row.detail)
    if args.write is not None:
        text = args.write.read_text(encoding="utf-8").split(_MARK)[0]
        words = [f"- {row.what}: {f'{row.value:.3f} {row.unit}'.strip()} ({row.detail})" for row in rows(found)]
        parts = [f"{text}{_MARK}", "\n".join(words), table(found)]
        args.write.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


_MARK = "<!-- made by python -m scripts.bench.tracking -->"

ALL: Dict[str, Callable[[Setting, float], List[Row]]] = {"tracking": tracking}

if __name__ == "__main__":
    main()
