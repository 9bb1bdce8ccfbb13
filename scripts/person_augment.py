"""Training samples for the person detector: one picture is never shown the same way twice.

A sample is a function of (seed, index) alone, so a run repeats whatever the number of worker processes.
Boxes are N x 5 float32: x1, y1, x2, y2 in pixels of the sample, and the teacher's score, or -1 for "ignore here".
"""
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

import cv2
import numpy as np
from person_data import Picture, iou

HEIGHT, WIDTH = 288, 384            # the network's input: half of vtest's 576 x 768
STRIDES = (8, 16)
SIZES = {8: (0.0, 42.0), 16: (30.0, 1e9)}   # sqrt(w * h) in pixels that a level learns; they overlap on purpose
NO_BOXES = np.zeros((0, 5), np.float32)


@dataclass
class Cutout:
    """One person cut out of a still background: BGR h x w x 3 and its opacity, h x w float32 0..1."""
    image: np.ndarray
    alpha: np.ndarray


@dataclass
class Material:
    """What samples are made of. `scenes`: the clip; `others`: labelled pictures; `backgrounds`: nobody in them."""
    scenes: List[Picture]
    others: List[Picture]
    backgrounds: List[np.ndarray]
    cutouts: List[Cutout]


def cutouts(frames: Sequence[Picture], still: np.ndarray) -> List[Cutout]:
    """People that stand alone in every fourth frame, cut out along their difference from the background."""
    found = []
    for picture in frames[::4]:
        overlap = iou(picture.boxes, picture.boxes)
        for number, (x1, y1, x2, y2, score) in enumerate(picture.boxes):
            if score < 0.6 or (overlap[number] > 0.02).sum() > 1:
                continue
            area = np.s_[max(int(y1) - 3, 0):int(y2) + 4, max(int(x1) - 3, 0):int(x2) + 4]
            difference = cv2.absdiff(picture.image[area], still[area]).max(2)
            mask = cv2.morphologyEx((difference > 22).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
            count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
            if count < 2:
                continue
            best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            x, y, w, h, size = stats[best]
            if size > 0.25 * mask.size and h > 0.8 * (y2 - y1) and w > 0.5 * (x2 - x1):
                inner = np.s_[y:y + h, x:x + w]
                alpha = cv2.GaussianBlur((parts == best).astype(np.float32), (3, 3), 0)
                found.append(Cutout(picture.image[area][inner].copy(), alpha[inner].copy()))
    return found


def window(picture: Picture, size: Tuple[int, int], zoom: float, rng) -> Picture:
    """A random window on the picture, `zoom` of its width, drawn at `size` (height, width)."""
    height, width = picture.image.shape[:2]
    stretch = np.exp(rng.uniform(-0.25, 0.25))
    wide, high = width * zoom * stretch, height * zoom / stretch
    left = rng.uniform(min(0, width - wide), max(0, width - wide))
    top = rng.uniform(min(0, height - high), max(0, height - high))
    sx, sy, flip = size[1] / wide, size[0] / high, rng.random() < 0.5
    # Half a pixel: OpenCV's coordinates name pixel centres, and boxes name pixel edges.
    matrix = np.array([[sx, 0, (0.5 - left) * sx - 0.5], [0, sy, (0.5 - top) * sy - 0.5]])
    method = cv2.INTER_LINEAR if rng.random() < 0.9 else cv2.INTER_NEAREST
    image = cv2.warpAffine(picture.image, matrix, (size[1], size[0]), flags=method,
                           borderValue=tuple(int(v) for v in rng.integers(0, 256, 3)))
    boxes = picture.boxes.copy()
    boxes[:, :4] = (boxes[:, :4] - [left, top, left, top]) * [sx, sy, sx, sy]
    if flip:
        image = np.ascontiguousarray(image[:, ::-1])
        boxes[:, [0, 2]] = size[1] - boxes[:, [2, 0]]
    area = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    boxes[:, [0, 2]] = boxes[:, [0, 2]].clip(0, size[1])
    boxes[:, [1, 3]] = boxes[:, [1, 3]].clip(0, size[0])
    span = boxes[:, 2:4] - boxes[:, :2]
    seen = np.prod(span, axis=1) / np.maximum(area, 1e-6)
    boxes[(seen < 0.4) | (span[:, 1] < 11) | (span[:, 0] < 4), 4] = -1
    return Picture(image, boxes[(seen > 0.1) & (span.min(axis=1, initial=1e9) > 1)])


def mosaic(parts: Sequence[Picture]) -> Picture:
    """Four pictures of one size set two by two (the caller draws them at a quarter of the sample)."""
    height, width = parts[0].image.shape[:2]
    rows = [np.hstack([parts[0].image, parts[1].image]), np.hstack([parts[2].image, parts[3].image])]
    moved = [part.boxes + np.array([x * width, y * height, x * width, y * height, 0], np.float32)
             for part, (y, x) in zip(parts, ((0, 0), (0, 1), (1, 0), (1, 1)))]
    return Picture(np.vstack(rows), np.concatenate(moved))


def recolour(image: np.ndarray, strength: float, rng) -> np.ndarray:
    """Saturation, then contrast, white balance, brightness and gamma by one table a channel."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    colour = rng.uniform(0.0 if rng.random() < 0.1 else 1 - strength, 1 + strength)
    gain = rng.uniform(1 - strength, 1 + strength) * rng.uniform(1 - strength / 3, 1 + strength / 3, 3)
    table = np.clip(np.arange(256)[:, None] / 255 * gain + rng.uniform(-0.35, 0.35) * strength, 0, 1)
    table = (255 * table ** np.exp(rng.uniform(-strength, strength))).astype(np.uint8)[:, None]
    return cv2.LUT(cv2.addWeighted(image, colour, grey, 1 - colour, 0), table)


def spoil(image: np.ndarray, rng) -> np.ndarray:
    """What cameras and codecs do: blur, lost resolution, noise, JPEG's blocks."""
    kind = rng.random()
    if kind < 0.12:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.3))
    elif kind < 0.2:
        kernel = np.zeros((5, 5), np.float32)
        kernel[(2, slice(None)) if rng.random() < 0.5 else (slice(None), 2)] = 0.2
        image = cv2.filter2D(image, -1, kernel)
    elif kind < 0.32:
        ratio = rng.uniform(0.5, 0.9)
        image = cv2.resize(cv2.resize(image, None, fx=ratio, fy=ratio), (image.shape[1], image.shape[0]))
    if rng.random() < 0.3:
        depth = 1 if rng.random() < 0.7 else 3      # noise in brightness, or in each colour
        noise = rng.standard_normal((*image.shape[:2], depth), dtype=np.float32) * np.float32(rng.uniform(2, 14))
        noise = noise if depth == 3 else cv2.merge([noise[..., 0]] * 3)
        image = cv2.add(image, noise, dtype=cv2.CV_8U)
    if rng.random() < 0.35:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])[1]
        image = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return image


def paste(picture: Picture, cutout: Cutout, rng) -> Picture:
    """One person more, at any place and size; those whom it hides by half become "ignore here"."""
    height, width = picture.image.shape[:2]
    tall = np.exp(rng.uniform(np.log(18), np.log(220)))
    known = picture.boxes[picture.boxes[:, 4] > 0.4]
    beside = known[int(rng.integers(len(known)))] if len(known) and rng.random() < 0.4 else None
    if beside is not None:       # close company, which teachers and NMS are bad at
        tall = (beside[3] - beside[1]) * rng.uniform(0.85, 1.2)
    ratio = tall / cutout.image.shape[0]
    w, h = max(int(cutout.image.shape[1] * ratio * rng.uniform(0.85, 1.25)), 4), int(tall)
    method = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    body, alpha = cv2.resize(cutout.image, (w, h), interpolation=method), cv2.resize(cutout.alpha, (w, h))
    if rng.random() < 0.5:
        body, alpha = body[:, ::-1], alpha[:, ::-1]
    body = recolour(np.ascontiguousarray(body), 0.6 if rng.random() < 0.6 else 0.2, rng)
    if rng.random() < 0.35:      # other clothes: any hue
        hsv = cv2.cvtColor(body, cv2.COLOR_BGR2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int32) + int(rng.integers(180))) % 180
        body = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    x, y = int(rng.integers(-w // 4, width - w + w // 4 + 1)), int(rng.integers(-h // 5, max(height - h + h // 5, 1)))
    if beside is not None:
        x = int(np.clip(beside[0] + rng.choice([-1, 1]) * rng.uniform(0.45, 1.1) * w, -w // 4, width - w // 2))
        y = int(np.clip(beside[3] + rng.uniform(-0.1, 0.15) * h - h, -h // 5, height - h // 2))
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    part = np.s_[top - y:bottom - y, left - x:right - x]
    opacity = alpha[part][..., None]
    image, boxes = picture.image.copy(), picture.boxes.copy()
    place = image[top:bottom, left:right]
    image[top:bottom, left:right] = (place * (1 - opacity) + body[part] * opacity).astype(np.uint8)
    low, high = np.maximum(boxes[:, :2], [left, top]), np.minimum(boxes[:, 2:4], [right, bottom])
    hidden = np.prod(np.clip(high - low, 0, None), axis=1) / np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    boxes[hidden > 0.5, 4] = -1
    new = np.array([[left, top, right, bottom, 1.0]], np.float32)
    return Picture(image, np.concatenate([boxes[hidden < 0.8], new]))


def compose(material: Material, rng) -> Picture:
    """One training picture: a scene as it is, a window on one, pasted people elsewhere, or four of these."""
    def pick(items):
        return items[int(rng.integers(len(items)))]

    def piece(size):
        zoom = float(np.exp(rng.uniform(np.log(0.3), np.log(1.35))))
        chance = rng.random()
        if chance < 0.6 or not material.others:
            return window(pick(material.scenes), size, zoom, rng)
        if chance < 0.75:
            return window(pick(material.others), size, zoom, rng)
        return window(Picture(pick(material.backgrounds), NO_BOXES), size, min(zoom, 1.0), rng)

    kind, size = rng.random(), (HEIGHT, WIDTH)
    if kind < 0.25:
        scene = pick(material.scenes)
        picture = Picture(cv2.resize(scene.image, (WIDTH, HEIGHT)), scene.boxes * np.array(
            [WIDTH / scene.image.shape[1], HEIGHT / scene.image.shape[0]] * 2 + [1], np.float32))
        people = rng.integers(0, 2)
    elif kind < 0.6:
        picture, people = piece(size), rng.integers(0, 4)
    elif kind < 0.85:
        empty = Picture(pick(material.backgrounds), NO_BOXES)
        picture = window(empty, size, float(rng.uniform(0.4, 1.0)), rng)
        people = rng.integers(0, 9)
    else:
        picture, people = mosaic([piece((HEIGHT // 2, WIDTH // 2)) for _ in range(4)]), rng.integers(0, 3)
    for _ in range(int(people) if material.cutouts else 0):
        picture = paste(picture, pick(material.cutouts), rng)
    image = recolour(picture.image, 0.45, rng) if rng.random() < 0.7 else picture.image
    return Picture(spoil(image, rng), picture.boxes)


def targets(boxes: np.ndarray) -> Dict[int, np.ndarray]:
    """What each level should say: stride -> 7 x h x w float32.

    Channels: confidence wanted (0..1), weight of that wish, 1 where a box is to be learnt, and that box as
    centre x, centre y, width, height in pixels. Cells within one stride of a person's middle learn it; of two
    people the nearer. A teacher's score of 0.4 and more counts as certain, of 0.2 and less as nobody.
    """
    answer = {}
    for stride in STRIDES:
        rows, columns = HEIGHT // stride, WIDTH // stride
        level = np.zeros((7, rows, columns), np.float32)
        level[1] = 1
        nearest = np.full((rows, columns), np.inf)
        ys, xs = np.mgrid[:rows, :columns] * stride + stride / 2
        for x1, y1, x2, y2, score in boxes:
            cx, cy, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
            certain = min(max((score - 0.2) / 0.2, 0.0), 1.0)
            if certain < 0.3:
                doubtful = (abs(xs - cx) < w / 2) & (abs(ys - cy) < h / 2) & np.isinf(nearest)
                level[1][doubtful] = 0 if score < 0 else 0.3
                continue
            if not SIZES[stride][0] <= np.sqrt(w * h) < SIZES[stride][1]:
                continue
            near = ((abs(xs - cx) <= max(0.5 * stride, min(0.4 * w, stride)))
                    & (abs(ys - cy) <= max(0.5 * stride, min(0.3 * h, stride))))
            distance = np.hypot((xs - cx) / w, (ys - cy) / h)
            near &= distance < nearest
            nearest[near] = distance[near]
            for channel, value in enumerate((certain, 1.0, 1.0, cx, cy, w, h)):
                level[channel][near] = value
        answer[stride] = level
    return answer


def sample(material: Material, seed: int, index: int) -> Tuple[np.ndarray, Dict[int, np.ndarray]]:
    """Sample number `index`: H x W x 3 uint8 in BGR, and its targets."""
    picture = compose(material, np.random.default_rng([seed, index]))
    return picture.image, targets(picture.boxes)
