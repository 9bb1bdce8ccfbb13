"""What networks see in every picture of a clip, kept in the bench's cache: the trackers' input, and the truth's."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Tuple

import cv2
import numpy as np
import onnxruntime
import yaml
from numpy.typing import NDArray

from edge.inference.decoders import make_decoder
from scripts.person_data import Teacher, label, moving, tidy

from ..setting import CACHE, ROOT, fastestdet

Rows = NDArray[np.float32]  # (N, 5): x1 y1 x2 y2 as fractions of the picture, score
#: What trackers are given: all of them look at weaker boxes than those that begin an object.
FLOOR = 0.1
#: What the truth is made of: FastestDet's vote over ten views of a picture.
TRUTH_SCORE = 0.4
#: To be another when what is kept would be made otherwise.
_RECIPE = b"1"


def pictures(clip: Path) -> Iterator[NDArray[np.uint8]]:
    """All of them, BGR."""
    capture = cv2.VideoCapture(str(clip))
    while True:
        good, picture = capture.read()
        if not good:
            return
        yield picture


def people(clip: Path, model: str) -> List[Rows]:
    """What ``fastestdet`` or ``person`` sees, each on the whole picture, as the inference process runs them.

    FastestDet takes posts and cones of this square for people, more often than it sees people. What lies on the still
    background is left out: no tracker can know better, and here it would drown what they are judged by.
    """
    spec = fastestdet() if model == "fastestdet" else _person()
    return _kept(f"{clip.stem}-{model}", (clip, Path(spec["onnx"])), lambda: _seen(clip, spec))


def voted(clip: Path) -> List[Rows]:
    """The people by FastestDet's vote over the picture and four tiles of it, each also mirrored, who are not part of
    the still background: a teacher that is much better than either network alone.
    """
    network = Path(fastestdet()["onnx"])
    return _kept(f"{clip.stem}-voted", (clip, network), lambda: _voted(clip, network))


def _voted(clip: Path, network: Path) -> List[Rows]:
    teacher, still = Teacher(network, 1), _still(clip)
    found: List[Rows] = []
    last: Any = None
    for picture in pictures(clip):
        if last is None or not np.array_equal(picture, last):
            rows = tidy(label(teacher, picture))
            rows = rows[rows[:, 4] >= TRUTH_SCORE]
            rows = rows[moving(rows, picture, still)]
            rows[:, :4] /= _corner(picture)
        found.append(rows.copy())
        last = picture
    return found


def _seen(clip: Path, spec: Mapping[str, Any]) -> List[Rows]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(spec["onnx"], options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    height, width = given.shape[2:]
    labels = 80 if spec["labels"] == "coco80" else len(spec["labels"])
    decode = make_decoder(spec["output"], labels, (width, height))
    names = [output.name for output in session.get_outputs()]
    still, scale = _still(clip), spec["input"]["scale"]
    found: List[Rows] = []
    for picture in pictures(clip):
        tensor = cv2.resize(picture, (width, height)).transpose(2, 0, 1)[None].astype(np.float32) * scale
        (rows,) = decode(dict(zip(names, session.run(names, {given.name: tensor}))), FLOOR)
        rows = rows[rows[:, 5] == 0][:, :5]  # class 0 is the person, for both
        found.append(rows[moving(rows[:, :4].clip(0, 1) * _corner(picture), picture, still)])
    return found


def _still(clip: Path) -> NDArray[np.uint8]:
    """What the camera sees when nobody is there."""
    return np.median(list(itertools.islice(pictures(clip), 0, None, 32)), axis=0).astype(np.uint8)


def _corner(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)


def _person() -> Dict[str, Any]:
    folder = ROOT / "models" / "person"
    spec = dict(yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8")))
    return {**spec, "onnx": str(folder / spec["onnx"])}


def _kept(name: str, made_of: Tuple[Path, ...], make: Callable[[], List[Rows]]) -> List[Rows]:
    """From the cache, where clip, network and recipe are those it was made of."""
    mark = hashlib.sha256(_RECIPE)
    for path in made_of:
        mark.update(path.read_bytes())
    file = CACHE / "mot" / f"{name}-{mark.hexdigest()[:12]}.npz"
    if not file.exists():
        found = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, rows=np.concatenate(found), counts=[len(rows) for rows in found])
        part.replace(file)
    with np.load(file) as data:
        return np.split(data["rows"], np.cumsum(data["counts"])[:-1])
