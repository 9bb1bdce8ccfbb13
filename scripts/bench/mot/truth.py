"""The truth to judge trackers by: who is where in every picture of a clip, made offline from every picture there is.

Nothing of it is a tracker that runs on a device: it looks ahead as far as it looks back.

1. Boxes are the vote's (``boxes.voted``), in every picture of the clip at its full rate.
2. Pieces: boxes of neighbouring pictures that overlap by ``OVERLAP`` and more, one to one, best sum (Hungarian).
3. Whole tracks: the end of a piece and the beginning of a later one belong together when each, moved on by its own
   motion, meets the other, and their colours are alike; again the best sum over all of them. First over short gaps,
   then over longer ones.
4. Gaps are filled in a straight line, and centre and size smoothed over time.
5. What is there for less than ``SHORTEST_S``, or never moves by half its height, is no one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.analytics.assignment import hungarian
from scripts.person_data import iou

from .boxes import Rows, pictures

OVERLAP = 0.3
GAPS_S = (0.5, 1.5, 4.0)
NEAR = 0.6  # heights by which the two may miss each other, and so much more for each second between them
NEAR_PER_S = 0.4
TWICE = 2  # pictures in which both pieces may be there
ALIKE = 0.6  # Bhattacharyya distance of colours that are too different
MOTION_S = 1.0  # of a piece's end, for its motion
SMOOTHED_S = 0.2
SHORTEST_S = 1.0
STEP = 0.5  # heights

Track = Dict[int, NDArray[np.float64]]  # by picture: x1 y1 x2 y2 as fractions


class _Piece(NamedTuple):
    frames: List[int]
    boxes: NDArray[np.float64]  # (N, 4) cx cy w h in picture heights
    colour: NDArray[np.float32]  # of its torso, on average


def tracks(clip: Path, found: Sequence[Rows], fps: float) -> List[Track]:
    """The people of ``clip``, in whose every picture ``found`` was seen."""
    aspect, pieces = _pieces(clip, found)
    for gap in GAPS_S:
        pieces = _joined(pieces, round(gap * fps), fps)
    return [_filled(p, aspect, fps) for p in pieces if _somebody(p, fps)]


def _pieces(clip: Path, found: Sequence[Rows]) -> Tuple[float, List[_Piece]]:
    open_: List[Tuple[int, Rows]] = []  # piece, its last box
    frames: List[List[int]] = []
    boxes: List[List[NDArray[np.float64]]] = []
    colours: List[List[NDArray[np.float32]]] = []
    aspect = 1.0
    for number, (picture, rows) in enumerate(zip(pictures(clip), found)):
        aspect = picture.shape[1] / picture.shape[0]
        taken: Dict[int, int] = {}
        if open_ and len(rows):
            gains = iou(np.stack([box for _, box in open_]), rows[:, :4])
            taken = {column: row for row, column in _best(gains, OVERLAP)}
        following = []
        for column, row in enumerate(rows):
            piece = open_[taken[column]][0] if column in taken else len(frames)
            if piece == len(frames):
                frames.append([])
                boxes.append([])
                colours.append([])
            frames[piece].append(number)
            x1, y1, x2, y2 = (float(v) for v in row[:4])
            boxes[piece].append(np.array([(x1 + x2) / 2 * aspect, (y1 + y2) / 2, (x2 - x1) * aspect, y2 - y1]))
            colours[piece].append(_colour(picture, row))
            following.append((piece, row[:4]))
        open_ = following
    return aspect, [_Piece(f, np.stack(b), np.mean(c, axis=0)) for f, b, c in zip(frames, boxes, colours)]


def _colour(picture: NDArray[np.uint8], row: Rows) -> NDArray[np.float32]:
    """Histogram of the upper body's hue, saturation and brightness."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = row[:4]
    left, right = (x1 * 0.8 + x2 * 0.2) * width, (x1 * 0.2 + x2 * 0.8) * width
    top, bottom = (y1 * 0.85 + y2 * 0.15) * height, (y1 * 0.4 + y2 * 0.6) * height
    part = picture[max(int(top), 0) : int(bottom) + 1, max(int(left), 0) : int(right) + 1]
    seen = cv2.calcHist([cv2.cvtColor(part, cv2.COLOR_BGR2HSV)], [0, 1, 2], None, [6, 3, 4], [0, 180, 0, 256, 0, 256])
    return np.asarray(seen / max(float(seen.sum()), 1.0), np.float32)


def _joined(pieces: List[_Piece], most: int, fps: float) -> List[_Piece]:
    """Ends with beginnings, at most ``most`` pictures apart."""
    gains = np.zeros((len(pieces), len(pieces)))
    for i, a in enumerate(pieces):
        for j, b in enumerate(pieces):
            apart = b.frames[0] - a.frames[-1]
            if -TWICE <= apart <= most and b.frames[-1] > a.frames[-1] and b.frames[0] > a.frames[0]:
                gains[i, j] = _fit(a, b, apart, fps)
    follows = dict(_best(gains, 1e-9))
    begins = set(range(len(pieces))) - set(follows.values())
    out = []
    for i in sorted(begins):
        chain = [pieces[i]]
        while i in follows:
            i = follows[i]
            chain.append(pieces[i])
        out.append(_chained(chain))
    return out


def _chained(chain: Sequence[_Piece]) -> _Piece:
    frames, boxes = list(chain[0].frames), [chain[0].boxes]
    for piece in chain[1:]:
        twice = sum(frame <= frames[-1] for frame in piece.frames)
        frames += piece.frames[twice:]
        boxes.append(piece.boxes[twice:])
    colour = np.average([p.colour for p in chain], axis=0, weights=[len(p.frames) for p in chain])
    return _Piece(frames, np.concatenate(boxes), colour.astype(np.float32))


def _fit(a: _Piece, b: _Piece, apart: int, fps: float) -> float:
    """How well ``b`` goes on where ``a`` ended: over 0 up to 1, or 0 for not at all."""
    height = (a.boxes[-1, 3] + b.boxes[0, 3]) / 2
    if not 0.6 < a.boxes[-1, 3] / b.boxes[0, 3] < 1.7:
        return 0.0
    forth = a.boxes[-1, :2] + _motion(a, fps, -1) * apart
    back = b.boxes[0, :2] - _motion(b, fps, 0) * apart
    missed = (np.hypot(*(forth - b.boxes[0, :2])) + np.hypot(*(back - a.boxes[-1, :2]))) / 2 / height
    unlike = cv2.compareHist(a.colour, b.colour, cv2.HISTCMP_BHATTACHARYYA)
    allowed = NEAR + NEAR_PER_S * abs(apart) / fps
    if missed > allowed or unlike > ALIKE:
        return 0.0
    return float((1 - missed / allowed) * 0.5 + (1 - unlike / ALIKE) * 0.5 + 1e-6)


def _motion(piece: _Piece, fps: float, end: int) -> NDArray[np.float64]:
    """Of its centre in a picture's time, at its beginning (0) or its end (-1)."""
    most = round(MOTION_S * fps)
    part = slice(None, most) if end == 0 else slice(-most, None)
    frames, places = np.array(piece.frames[part]), piece.boxes[part, :2]
    if len(frames) < 3:
        return np.zeros(2)
    return np.asarray(np.polyfit(frames, places, 1)[0])


def _somebody(piece: _Piece, fps: float) -> bool:
    reach = np.ptp(piece.boxes[:, :2], axis=0).max() / np.median(piece.boxes[:, 3])
    return bool(piece.frames[-1] - piece.frames[0] >= SHORTEST_S * fps and reach >= STEP)


def _filled(piece: _Piece, aspect: float, fps: float) -> Track:
    frames = np.arange(piece.frames[0], piece.frames[-1] + 1)
    boxes = np.stack([np.interp(frames, piece.frames, piece.boxes[:, k]) for k in range(4)], axis=1)
    reach = max(1, round(2 * SMOOTHED_S * fps))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (SMOOTHED_S * fps)) ** 2)
    padded = np.pad(boxes, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    smooth = np.stack([np.convolve(padded[:, k], kernel / kernel.sum(), mode="valid") for k in range(4)], axis=1)
    cx, cy, w, h = smooth.T
    corners = np.stack([(cx - w / 2) / aspect, cy - h / 2, (cx + w / 2) / aspect, cy + h / 2], axis=1).clip(0, 1)
    return {int(frame): box for frame, box in zip(frames, corners)}


def _best(gains: NDArray[np.float64], least: float) -> List[Tuple[int, int]]:
    """Pairs of the largest sum, of those that gain ``least`` or more."""
    gains = np.where(gains >= least, gains, 0.0)
    swap = gains.shape[0] > gains.shape[1]
    cost = (-(gains.T if swap else gains)).tolist()
    pairs = [(j, i) if swap else (i, j) for i, j in enumerate(hungarian(cost))]
    return [(i, j) for i, j in pairs if gains[i, j] > 0.0]
