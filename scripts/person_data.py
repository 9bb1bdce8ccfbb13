"""What the person detector is trained on: pictures, and the boxes that FastestDet sees in them.

The clip is `vtest.avi` of Debian's package `opencv-doc`, split by time, because neighbouring frames are all but
the same picture. Boxes are N x 5 float32 arrays everywhere: x1, y1, x2, y2 in pixels, score 0..1.
"""
import hashlib
import pathlib
import shutil
import subprocess
from dataclasses import dataclass
from typing import List, Optional, Sequence

import cv2
import numpy as np
import onnxruntime

TRAIN_FRAMES = range(0, 525)     # a gap of two seconds, in which people walk on, before the held-out part
HELD_OUT_FRAMES = range(545, 795)
PACKAGE = "opencv-doc"
TEACHER_SHA256 = "31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880"
SAMPLES = "usr/share/doc/opencv-doc/examples/data"
TILES = [(x, y, x + 0.6, y + 0.6) for y in (0.0, 0.4) for x in (0.0, 0.4)]   # fractions of the picture


class MaterialError(Exception):
    """Something needed is not there; the message is one line that says what to do."""


@dataclass
class Picture:
    """A BGR picture (H x W x 3, uint8) and the people in it (N x 5, pixels and score)."""
    image: np.ndarray
    boxes: np.ndarray


def samples_folder(work: pathlib.Path) -> pathlib.Path:
    """The samples of opencv-doc, from the system, or fetched by apt and unpacked (not installed) under `work`."""
    for root in (pathlib.Path("/"), work / PACKAGE):
        if (root / SAMPLES / "vtest.avi").is_file():
            return root / SAMPLES
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise MaterialError(f"no {PACKAGE} here and no apt to fetch it: give the clip with --video")
    work.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["apt-get", "download", PACKAGE], cwd=work, check=True, stdout=subprocess.DEVNULL)
        package = sorted(work.glob(PACKAGE + "_*.deb"))[-1]
        subprocess.run(["dpkg", "-x", str(package), str(work / PACKAGE)], check=True)
    except (subprocess.CalledProcessError, IndexError) as error:
        raise MaterialError(f"apt-get download {PACKAGE} failed: run apt-get update, or give --video") from error
    return work / PACKAGE / SAMPLES


def read_video(path: pathlib.Path, frames: Optional[Sequence[int]] = None) -> List[np.ndarray]:
    """The frames with these numbers (all without), BGR."""
    capture = cv2.VideoCapture(str(path))
    if not path.is_file() or not capture.isOpened():
        raise MaterialError(f"cannot read the clip {path}: give another with --video")
    wanted, found, number = None if frames is None else set(frames), [], 0
    while True:
        more, frame = capture.read()
        if not more:
            break
        if wanted is None or number in wanted:
            found.append(frame)
        number += 1
    if not found:
        raise MaterialError(f"{path} holds none of the frames needed; it must be the whole vtest.avi")
    return found


def read_pictures(folders: Sequence[pathlib.Path]) -> List[np.ndarray]:
    """Every readable picture of at least 200 pixels a side, and some frames of tree.avi."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".jpg", ".png"):
                image = cv2.imread(str(path), cv2.IMREAD_COLOR)
                images = [] if image is None else [image]
            elif path.name == "tree.avi":
                images = read_video(path)[::40]
            else:
                continue
            for image in images:
                shrink = min(1.0, 1000 / max(image.shape[:2]))
                if min(image.shape[:2]) >= 200:
                    found.append(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
    return found


def iou(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """IoU of each of M boxes with each of N: M x N."""
    low = np.maximum(one[:, None, :2], many[None, :, :2])
    high = np.minimum(one[:, None, 2:4], many[None, :, 2:4])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    area = [np.prod(b[:, 2:4] - b[:, :2], axis=1) for b in (one, many)]
    return shared / np.maximum(area[0][:, None] + area[1][None] - shared, 1e-9)


def nms(boxes: np.ndarray, limit: float) -> np.ndarray:
    """The boxes that no better box overlaps by more than `limit`, best first."""
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    overlap, keep = iou(boxes, boxes) > limit, np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if keep[i]:
            keep[i + 1:] &= ~overlap[i, i + 1:]
    return boxes[keep]


class Teacher:
    """FastestDet's `person` class: an input of 352 x 352, BGR, 0..1, stretched; a map of 85 x 22 x 22."""

    def __init__(self, path: pathlib.Path, threads: int):
        if not path.is_file():
            raise MaterialError(f"no teacher at {path}: fetch FastestDet.onnx (docs/person-model.md) or give --teacher")
        if hashlib.sha256(path.read_bytes()).hexdigest() != TEACHER_SHA256:
            raise MaterialError(f"{path} is another FastestDet.onnx than docs/person-model.md names: fetch that one")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, image: np.ndarray, least: float) -> np.ndarray:
        """People with a score of at least `least`, after NMS at 0.45, in the picture's pixels."""
        height, width = image.shape[:2]
        tensor = cv2.resize(image, (352, 352)).transpose(2, 0, 1)[None].astype(np.float32) / 255
        out = self.session.run(None, {"input.1": tensor})[0][0]
        score = out[0] ** 0.6 * out[5] ** 0.4
        row, column = np.nonzero(score >= least)
        tx, ty, tw, th = out[1:5, row, column]
        centre = np.stack([column + np.tanh(tx), row + np.tanh(ty)], 1) / 22
        half = 0.5 / (1 + np.exp(-np.stack([tw, th], 1)))
        scale = np.array([width, height], np.float32)
        boxes = np.concatenate([np.clip(centre - half, 0, 1) * scale, np.clip(centre + half, 0, 1) * scale,
                                score[row, column][:, None]], 1)
        return nms(boxes.astype(np.float32), 0.45)


def label(teacher: Teacher, image: np.ndarray) -> np.ndarray:
    """People by the teacher's vote over the whole picture and four tiles, each also mirrored.

    The score is the mean over the views that hold the box entirely (the whole picture counts twice), 0 where a
    view does not find it: a chance find of one view stays weak, and a small person gains from the closer view.
    """
    height, width = image.shape[:2]
    found, views = [], []
    for view in [(0.0, 0.0, 1.0, 1.0), *TILES]:
        left, top, right, bottom = (np.array(view) * [width, height, width, height]).round().astype(int)
        for mirrored in (False, True):
            tile = image[top:bottom, left:right]
            boxes = teacher(np.ascontiguousarray(tile[:, ::-1]) if mirrored else tile, 0.15)
            if mirrored:
                boxes[:, [0, 2]] = (right - left) - boxes[:, [2, 0]]
            boxes[:, :4] += [left, top, left, top]
            weight = 2 if view[2] - view[0] == 1.0 else 1
            cut = np.array([left, top, -right, -bottom]) + 3 if weight == 1 else np.full(4, -np.inf)
            whole = (boxes[:, :4] * [1, 1, -1, -1] >= np.where(np.abs(cut) <= 3, -np.inf, cut)).all(1)
            found.append(np.c_[boxes[whole], np.full(whole.sum(), len(views))])
            views.append((left, top, right, bottom, weight))
    rest, fused = np.concatenate(found), []
    rest = rest[np.argsort(-rest[:, 4], kind="stable")]
    while len(rest):
        same = iou(rest[:1], rest)[0] > 0.5
        group, rest = rest[same], rest[~same]
        box = np.average(group[:, :4], axis=0, weights=group[:, 4])
        votes = total = 0.0
        for number, (left, top, right, bottom, weight) in enumerate(views):
            inside = box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom
            if inside or (group[:, 5] == number).any():
                votes += weight * group[group[:, 5] == number, 4].max(initial=0.0)
                total += weight
        fused.append(np.r_[box, votes / total])
    fused = np.array(fused, np.float32).reshape(-1, 5)
    return nms(fused[fused[:, 4] >= 0.15], 0.5)


def moving(boxes: np.ndarray, image: np.ndarray, still: np.ndarray) -> np.ndarray:
    """Which boxes hold something that the still background does not: N bools.

    The teacher takes a post and two traffic cones of this square for people in nearly every frame. They do not
    move, people here do.
    """
    difference = cv2.GaussianBlur(cv2.absdiff(image, still).max(2), (5, 5), 0) > 25
    answer = []
    for x1, y1, x2, y2 in boxes[:, :4]:
        dx, dy = (x2 - x1) * 0.2, (y2 - y1) * 0.15
        inner = difference[int(y1 + dy):int(y2 - dy) + 1, int(x1 + dx):int(x2 - dx) + 1]
        answer.append(inner.size > 0 and inner.mean() > 0.2)
    return np.array(answer, bool)


def tidy(boxes: np.ndarray) -> np.ndarray:
    """Without the weak boxes that are parts of a better one: legs, or a torso above a sign."""
    area = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    shared = np.prod(np.clip(np.minimum(boxes[:, None, 2:4], boxes[None, :, 2:4])
                             - np.maximum(boxes[:, None, :2], boxes[None, :, :2]), 0, None), axis=2)
    better = boxes[None, :, 4] > boxes[:, None, 4]
    part = (better & (shared > 0.7 * area[:, None])).any(axis=1)
    return boxes[~(part & (boxes[:, 4] < 0.35))]


def doubt_odd_sizes(scenes: Sequence[Picture]) -> None:
    """Sets the score of boxes that are no single upright person to -1, "ignore".

    The camera hangs still over flat ground, so a person's height in the picture is a linear function of where the
    feet are. Boxes far from that line hold two people, legs alone, or a person and a sign.
    """
    every = np.concatenate([scene.boxes for scene in scenes])
    every, good = every[every[:, 4] >= 0.4], slice(None)
    for _ in range(3):
        line = np.polyfit(every[good, 3], (every[:, 3] - every[:, 1])[good], 1)
        ratio = (every[:, 3] - every[:, 1]) / np.polyval(line, every[:, 3])
        good = (ratio > 0.75) & (ratio < 1.22)
    for scene in scenes:
        span = (scene.boxes[:, 2:4] - scene.boxes[:, :2]) / np.polyval(line, scene.boxes[:, 3])[:, None]
        scene.boxes[(span[:, 1] < 0.75) | (span[:, 1] > 1.22) | (span[:, 0] > 0.6), 4] = -1


def background(frames: Sequence[np.ndarray]) -> np.ndarray:
    """The square without people: the median over time."""
    return np.median(np.stack(frames[::8]), axis=0).astype(np.uint8)


def label_all(teacher: Teacher, images: Sequence[np.ndarray], cache: pathlib.Path) -> List[np.ndarray]:
    """`label` for each picture, kept in the folder `cache` under a hash of the picture and of this recipe."""
    cache.mkdir(parents=True, exist_ok=True)
    answer = []
    for number, image in enumerate(images):
        path = cache / (hashlib.sha256(b"1" + image.tobytes()).hexdigest()[:24] + ".npy")
        if not path.is_file():
            np.save(path, label(teacher, image))
        answer.append(np.load(path))
        if number % 100 == 99:
            print(f"labelled {number + 1} of {len(images)} pictures", flush=True)
    return answer
