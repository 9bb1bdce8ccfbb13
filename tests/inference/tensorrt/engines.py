"""Plans for the simulated TensorRT, built by our own builder process, and networks opened on them."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any, Dict, List, Union

import numpy as np

from edge.inference.cuda.compiler import SOURCE
from edge.inference.picture import Picture
from edge.models.spec import load_spec
from scripts.servers import ROOT
from tests.inference import networks
from tests.inference.tensorrt.builder import Builder, build_order
from tests.simulation.tensorrt.setting import TensorRT

#: As a Nano, an Orin NX and so on have it.
BOARDS = {"8.2": "nano", "8.5": "xavier-nx", "8.6": "orin-nx", "10.3": "orin-nano", "11.1": "pc"}
_COMPUTE = {"nano": "53", "xavier-nx": "72", "orin-nx": "87", "orin-nano": "87", "pc": "86"}


def compiled(folder: Path, board: str) -> str:
    """A folder with the kernel compiled for that board: for a double, whose GPU runs the kernel's double."""
    digest = hashlib.sha256(Path(SOURCE).read_bytes()).hexdigest()[:16]
    arch = _COMPUTE[board]
    folder.mkdir(exist_ok=True)
    for name in ("nvcc_0", "kept"):
        text = ".version 7.0\n.target sm_{}\n.entry picture_float32\n.entry picture_float16\n.entry picture_uint8\n"
        (folder / f"picture-{digest}-sm_{arch}-{name}.cubin").write_text(text.format(arch))
    return str(folder)


def model(name: str, shared: Path) -> Dict[str, Any]:
    """What a worker is told of one of the models."""
    if name == "person":
        return load_spec("person", ROOT).worker_dict()
    if name == "fastestdet":
        return networks.fastestdet(shared)
    faces = networks.faces(shared)
    return {**faces, "onnx": faces["onnx"].replace("320", name.rpartition("-")[2])}


def plan(
    double: TensorRT, spec: Dict[str, Any], folder: Path, python: Union[str, Path] = sys.executable, **changes: Any
) -> Dict[str, Any]:
    """The options of a lane on an engine that is built for it."""
    folder.mkdir(exist_ok=True)
    where = folder / "engine.plan"
    with Builder(python, double.environment()) as builder:
        order = build_order(Path(spec["onnx"]), folder, input=spec["input"], plan=str(where), **changes)
        answer = builder.order(**order)
    assert answer["op"] == "built", answer
    return {
        "backend": "tensorrt",
        "module": "tensorrt",
        "plan": str(where),
        "plan_sha256": hashlib.sha256(where.read_bytes()).hexdigest(),
        "device": "gpu",
        "batch": order["batch"]["max"],
        "plugins": [],
        "kernels": compiled(folder / "kernels", double.board),
    }


def frames(shared: Path, count: int) -> List[Picture]:
    """Pictures of the street clip and of faces, in I420 and NV12, BT.601 and 709."""
    import cv2

    found: List[Picture] = []
    clip = cv2.VideoCapture(str(shared / "media" / "vtest-h264.mp4"))
    faces = sorted((shared / "media" / "faces").glob("*.jpg"))
    for number in range(count):
        if number % 4 == 3:
            bgr = cv2.imread(str(faces[number // 4 % len(faces)]))
        else:
            for _ in range(12):
                clip.grab()
            bgr = clip.retrieve()[1]
        found.append(_picture(np.asarray(bgr), number))
    return found


def _picture(bgr: np.ndarray, number: int) -> Picture:
    from tests.inference.harness import i420

    height, width = (side // 2 * 2 for side in bgr.shape[:2])
    y, u, v = i420(np.ascontiguousarray(bgr[:height, :width]))
    matrix = "bt709" if number % 3 == 0 else "bt601"
    if number % 2:
        return Picture("nv12", width, height, [y, np.stack([u, v], axis=-1)], matrix, number % 5 == 0)
    return Picture("i420", width, height, [y, u, v], matrix, number % 5 == 0)


def live() -> Dict[str, int]:
    """What the double's GPU holds: bytes, page-locked arrays, streams."""
    memory: Any = sys.modules["simulated_gpu.memory"]
    stream: Any = sys.modules["simulated_gpu.stream"]
    streams = [one for one in stream.live().values() if one is not stream.DEFAULT]
    return {"bytes": memory._used, "pinned": len(memory._pinned), "streams": len(streams)}


