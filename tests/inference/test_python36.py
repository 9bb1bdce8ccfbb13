"""Preprocessing and the decoders on JetPack 4.6's Python 3.6 and numpy 1.13: the same answers as here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from edge.inference.decoders import make_decoder
from edge.inference.picture import Picture
from edge.inference.preprocess import Preprocessor

ROOT = Path(__file__).resolve().parents[2]

#: Runs there: reads cases.npz and cases.json, writes answers.npz. Warnings are errors there too.
SCRIPT = """
import json, sys
import numpy as np
from edge.inference.decoders import make_decoder
from edge.inference.picture import Picture
from edge.inference.preprocess import Preprocessor

folder = sys.argv[1]
arrays, cases = np.load(folder + "/cases.npz"), json.load(open(folder + "/cases.json"))
answers = {}
for name, case in cases["decoders"].items():
    outputs = [arrays[key] for key in case["outputs"]]
    answers[name] = make_decoder(case["spec"], case["labels"], tuple(case["size"]))(outputs, 0.3)[0]
for name, case in cases["pictures"].items():
    planes = [arrays[key] for key in case["planes"]]
    preprocessor = Preprocessor(case["input"], tuple(case["size"]), use_cv2=False)
    out = np.empty(preprocessor.item_shape, dtype=np.float32)
    fit = preprocessor.write(Picture(case["format"], case["width"], case["height"], planes), out)
    answers[name] = out
    answers[name + "-boxes"] = fit.to_picture(np.array([[0.1, 0.2, 0.6, 0.7]]))
np.savez(folder + "/answers.npz", **answers)
"""

LEVELS = [{"map": [4, 4], "min_sizes": [20], "max_sizes": [30], "aspect_ratios": [2]}]


def test_the_same_answers(python36: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(36)
    shapes: Dict[str, Any] = {
        "fastestdet": ({}, [(1, 8, 6, 6)]),
        "yolox": ({}, [(1, 8, 8, 8), (1, 8, 4, 4)]),
        "yolov5": ({}, [(1, 50, 8)]),
        "yolov8": ({}, [(1, 7, 50)]),
        "rfb": ({}, [(1, 50, 4), (1, 50, 2)]),
        "boxes_scores": ({"box_format": "xywh"}, [(1, 50, 4), (1, 50, 3)]),
        "classify": ({}, [(1, 3)]),
        "ssd": ({"priors": LEVELS, "activation": "softmax", "boxes": "0"}, [(1, 64, 4), (1, 64, 4)]),
    }
    arrays: Dict[str, np.ndarray] = {}
    decoders: Dict[str, Any] = {}
    for name, (more, tensors) in shapes.items():
        keys = [f"{name}-{i}" for i in range(len(tensors))]
        arrays.update({key: rng.random(shape).astype(np.float32) for key, shape in zip(keys, tensors)})
        labels = 1 if name == "rfb" else 3
        decoders[name] = {"spec": {"decoder": name, **more}, "labels": labels, "size": [64, 64], "outputs": keys}
    pictures: Dict[str, Any] = {}
    for kind, planes in {"i420": [(45, 61), (23, 31), (23, 31)], "nv12": [(45, 61), (23, 31, 2)]}.items():
        keys = [f"{kind}-{i}" for i in range(len(planes))]
        arrays.update({key: rng.integers(0, 256, shape).astype(np.uint8) for key, shape in zip(keys, planes)})
        how = {"fit": "letterbox", "scale": 1 / 255.0, "mean": [0.4, 0.5, 0.6], "layout": "nhwc"}
        pictures[kind] = {
            "input": how, "size": [48, 64], "format": kind, "width": 61, "height": 45, "planes": keys,
        }  # fmt: skip
    np.savez(tmp_path / "cases.npz", **arrays)
    (tmp_path / "cases.json").write_text(json.dumps({"decoders": decoders, "pictures": pictures}))

    run = subprocess.run(
        [str(python36), "-W", "error", "-c", SCRIPT, str(tmp_path)],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout
    answers = np.load(tmp_path / "answers.npz")
    for name, case in decoders.items():
        outputs: List[np.ndarray] = [arrays[key] for key in case["outputs"]]
        (here,) = make_decoder(case["spec"], case["labels"], tuple(case["size"]))(outputs, 0.3)
        assert len(here) > 0, name
        np.testing.assert_allclose(answers[name], here, atol=1e-5, err_msg=name)
    for name, case in pictures.items():
        preprocessor = Preprocessor(case["input"], tuple(case["size"]), use_cv2=False)
        out = np.empty(preprocessor.item_shape, dtype=np.float32)
        fit = preprocessor.write(Picture(name, 61, 45, [arrays[key] for key in case["planes"]]), out)
        np.testing.assert_allclose(answers[name], out, atol=1.5 / 255, err_msg=name)
        np.testing.assert_allclose(answers[name + "-boxes"], fit.to_picture(np.array([[0.1, 0.2, 0.6, 0.7]])))
