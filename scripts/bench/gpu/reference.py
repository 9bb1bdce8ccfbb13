"""What a picture becomes in a network's input tensor, from the definitions alone and in double precision.

Written without a look at the kernel, and without any of edge's modules: matrix products instead of neighbours, the
equations of BT.601 and BT.709 instead of a matrix.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

#: Kr and Kb (ITU-R BT.601-7, BT.709-6).
_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}
#: Where red, green and blue stand in a pixel.
_ORDER = {kind: (0, 1, 2) if kind.startswith("rgb") else (2, 1, 0) for kind in ("rgb", "rgba", "rgbx", "bgr", "bgrx")}


def tent(source: int, target: int) -> np.ndarray:
    """(target, source): row t holds the weights of bilinear interpolation at (t + 0.5) * source / target - 0.5."""
    at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    return np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(source)[None, :]))


def resized(plane: np.ndarray, width: int, height: int) -> np.ndarray:
    return tent(plane.shape[0], height) @ plane.astype(np.float64) @ tent(plane.shape[1], width).T


def rgb(kind: str, planes: Sequence[np.ndarray], matrix: str, full: bool, width: int, height: int) -> List[np.ndarray]:
    """Red, green and blue, 0..255 and not rounded."""
    if kind in _ORDER:
        return [resized(planes[0][:, :, place], width, height) for place in _ORDER[kind]]
    luma = resized(planes[0], width, height)
    luma = luma / 255 if full else (luma - 16) / 219
    if kind == "gray8":
        return [np.clip(luma * 255, 0, 255)] * 3
    u, v = (planes[1][:, :, 0], planes[1][:, :, 1]) if kind == "nv12" else (planes[1], planes[2])
    blue_difference, red_difference = (
        (resized(chroma, width, height) - 128) / (255 if full else 224) for chroma in (u, v)
    )
    kr, kb = _WEIGHTS[matrix]
    red = luma + 2 * (1 - kr) * red_difference
    blue = luma + 2 * (1 - kb) * blue_difference
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return [np.clip(channel * 255, 0, 255) for channel in (red, green, blue)]


def pixels(
    kind: str, planes: Sequence[np.ndarray], matrix: str, full: bool, input: Mapping[str, Any], size: Tuple[int, int]
) -> np.ndarray:
    """(channels, h, w) of 0..255, before it is normalised."""
    source_height, source_width = planes[0].shape[:2]
    width, height = size
    left = top = 0
    if input.get("fit", "stretch") == "letterbox":
        ratio = min(width / source_width, height / source_height)
        inner_width = min(width, max(1, round(source_width * ratio)))
        inner_height = min(height, max(1, round(source_height * ratio)))
        if input.get("letterbox_align", "center") == "center":
            left, top = (width - inner_width) // 2, (height - inner_height) // 2
    else:
        inner_width, inner_height = width, height
    red, green, blue = rgb(kind, planes, matrix, full, inner_width, inner_height)
    color = input.get("color", "bgr")
    if color == "gray":
        if kind in _ORDER:
            kr, kb = _WEIGHTS["bt601"]
            channels = [kr * red + (1 - kr - kb) * green + kb * blue]
        else:
            channels = rgb("gray8", planes[:1], matrix, full, inner_width, inner_height)[:1]
    else:
        channels = [red, green, blue] if color == "rgb" else [blue, green, red]
    out = np.full((len(channels), height, width), float(input.get("pad", 114)))
    for target, channel in zip(out, channels):
        target[top : top + inner_height, left : left + inner_width] = channel
    return out


def unnormalised(tensor: np.ndarray, input: Mapping[str, Any]) -> np.ndarray:
    """What the kernel wrote, (channels, h, w) or (h, w, channels), back to (channels, h, w) of 0..255."""
    values = tensor.astype(np.float64)
    if input.get("layout", "nchw") == "nhwc":
        values = values.transpose(2, 0, 1)
    scale, mean, std = (
        np.broadcast_to(np.asarray(input.get(key, default), float), (len(values),))[:, None, None]
        for key, default in (("scale", 1.0), ("mean", 0.0), ("std", 1.0))
    )
    return (values * std + mean) / scale


class Case:
    """A random picture and a random input section: ``draw`` makes one."""

    kinds = ("nv12", "i420", "gray8", "rgba", "bgrx", "rgb", "bgr")

    def __init__(self, rng: np.random.Generator, kind: str, width: int, height: int) -> None:
        self.kind, self.width, self.height = kind, width, height
        self.matrix = str(rng.choice(["bt601", "bt709"]))
        self.full = bool(rng.integers(2))
        half = ((height + 1) // 2, (width + 1) // 2)
        shapes: Dict[str, List[Tuple[int, ...]]] = {
            "nv12": [(height, width), (*half, 2)],
            "i420": [(height, width), half, half],
            "gray8": [(height, width)],
            "rgb": [(height, width, 3)],
            "bgr": [(height, width, 3)],
        }
        self.planes = [_noise(rng, shape) for shape in shapes.get(kind, [(height, width, 4)])]

    @classmethod
    def draw(cls, rng: np.random.Generator, longest: int = 640) -> Case:
        side = lambda: int(rng.integers(1, longest + 1))  # noqa: E731
        return cls(rng, str(rng.choice(cls.kinds)), side(), side())

    def expected(self, input: Mapping[str, Any], size: Tuple[int, int]) -> np.ndarray:
        return pixels(self.kind, self.planes, self.matrix, self.full, input, size)


def draw_input(rng: np.random.Generator, dtype: str) -> Dict[str, Any]:
    """A model.yaml's input section."""
    input: Dict[str, Any] = {
        "color": str(rng.choice(["bgr", "rgb", "gray"])),
        "layout": str(rng.choice(["nchw", "nhwc"])),
        "fit": str(rng.choice(["stretch", "letterbox"])),
        "letterbox_align": str(rng.choice(["center", "top-left"])),
        "pad": int(rng.integers(0, 256)),
    }
    if dtype != "uint8":
        channels = 1 if input["color"] == "gray" else 3
        input["scale"] = float(rng.choice([1.0, 1 / 255]))
        top = 255 * input["scale"]
        input["mean"] = [float(x) for x in rng.uniform(0, top / 2, channels)]
        input["std"] = [float(x) for x in rng.uniform(0.2, 1, channels)]
    return input


def _noise(rng: np.random.Generator, shape: Tuple[int, ...]) -> np.ndarray:
    """Rows that are padded as a decoder's are: the array is a view."""
    padded = (shape[0], shape[1] + int(rng.integers(0, 9)), *shape[2:])
    return rng.integers(0, 256, padded, dtype=np.uint8)[:, : shape[1]]
