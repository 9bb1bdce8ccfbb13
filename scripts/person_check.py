"""What the shipped person.onnx is worth: the rules it must keep, and how it compares with its teacher.

Needs numpy, onnx, onnxruntime and OpenCV, but no torch.
"""
import math
import pathlib
import time
from typing import Dict, List, Sequence, Tuple

import cv2
import numpy as np
import onnx
import onnxruntime
from person_data import Teacher, iou, moving, nms

LIMIT_BYTES = 2 * 1024 * 1024
ALLOWED = ("Conv", "Relu", "LeakyRelu", "Sigmoid", "MaxPool", "AveragePool", "Add", "Concat", "Resize")


def check(path: pathlib.Path) -> List[str]:
    """What is wrong with the file, one line each: size, versions, and layers that a Xavier's DLA would refuse."""
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    wrong = []
    if path.stat().st_size > LIMIT_BYTES:
        wrong.append(f"{path.stat().st_size} bytes are more than {LIMIT_BYTES}")
    if any(entry.domain not in ("", "ai.onnx") or entry.version > 13 for entry in model.opset_import):
        wrong.append("an opset above 13, or one that is not ONNX's own")
    if model.ir_version > 8:
        wrong.append(f"IR version {model.ir_version}: onnxruntime 1.10 reads up to 8")
    graph = onnx.shape_inference.infer_shapes(model).graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    shapes = {value.name: [entry.dim_param or entry.dim_value for entry in value.type.tensor_type.shape.dim]
              for value in list(graph.value_info) + list(graph.input) + list(graph.output)}
    for name, shape in shapes.items():
        if name not in constants and (len(shape) != 4 or shape[0] != "batch" or
                                      not all(isinstance(size, int) and size > 0 for size in shape[1:])):
            wrong.append(f"{name} is {shape}, not batch x C x H x W")
    for node in graph.node:
        for reason in _node(node, shapes, constants):
            wrong.append(f"{node.op_type} {node.name}: {reason}")
    return wrong or _run(path)


def _run(path: pathlib.Path) -> List[str]:
    """What is wrong with the outputs for two pictures of noise, which no training picture is like."""
    student = Student(path, 1)
    noise = np.random.default_rng(1).random((2, 3, student.height, student.width), dtype=np.float32)
    wrong = []
    for level in student.session.run(None, {"images": noise}):
        if level.shape[:2] != (2, 6) or not np.isfinite(level).all():
            wrong.append(f"an output of {level.shape} where 2 x 6 x h x w numbers are due")
        elif abs(level[:, 2:4]).max() > 6 or level[:, 4:].min() < 0 or level[:, 4:].max() > 1:
            wrong.append("sizes beyond exp(6), or scores outside 0..1")
    return wrong


def _node(node, shapes: Dict[str, list], constants: Dict[str, np.ndarray]) -> List[str]:
    """Why the DLA would refuse this node; empty if it would not."""
    if node.op_type not in ALLOWED:
        return ["not a layer for the DLA"]
    values = {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}
    if node.op_type == "Conv":
        weight = constants[node.input[1]].shape
        return _conv(weight, shapes[node.input[0]], values)
    if node.op_type == "Concat" and values["axis"] != 1:
        return ["not on the channel axis"]
    if node.op_type == "Add" and shapes[node.input[0]] != shapes[node.input[1]]:
        return ["the two shapes differ"]
    if node.op_type == "Resize":
        scales = constants.get(node.input[2]) if len(node.input) == 3 else None
        if scales is None or len(scales) != 4 or tuple(scales[:2]) != (1, 1) or any(s % 1 for s in scales):
            return ["wants four constant scales: 1, 1, and two whole numbers"]
        kind = [values.get(key, b"").decode() for key in ("mode", "coordinate_transformation_mode", "nearest_mode")]
        if kind != ["nearest", "asymmetric", "floor"]:
            return [f"{kind} instead of nearest, asymmetric, floor"]
    return []


def _conv(weight: Sequence[int], shape: Sequence[int], values: Dict) -> List[str]:
    """Limits and the convolution buffer check; `weight` is outputs x inputs a group x kh x kw, `shape` NCHW."""
    wrong, (outputs, _, kh, kw) = [], weight
    channels, width = shape[1], shape[3]
    strides, pads = values.get("strides", [1, 1]), values.get("pads", [0] * 4)
    dilation, groups = values.get("dilations", [1, 1]), values.get("group", 1)
    if max(kh, kw) > 32 or max(strides) > 8 or max(pads) >= min(kh, kw) or max(dilation) > 32:
        wrong.append("kernel, stride, padding or dilation outside the limits")
    if max(outputs, groups) > 8192:
        wrong.append("more than 8192 maps or groups")
    for size, name in ((1, "int8"), (2, "fp16")):
        weights = math.ceil(math.ceil(channels * kh * kw * size / 128) * 128 / 32768)
        entries = math.ceil(math.ceil(channels * size / 32) * width / 4)
        data = math.ceil(entries * ((kh - 1) * dilation[0] + 1) / 256)
        if weights + data > 16:
            wrong.append(f"{weights} + {data} banks at {name}, and there are 16")
    return wrong


class Student:
    """Runs person.onnx on a BGR picture, stretched to the network's input."""

    def __init__(self, path: pathlib.Path, threads: int):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.height, self.width = self.session.get_inputs()[0].shape[2:]

    def tensor(self, image: np.ndarray) -> np.ndarray:
        """1 x 3 x H x W float32, 0..1."""
        small = cv2.resize(image, (self.width, self.height))
        return small.transpose(2, 0, 1)[None].astype(np.float32) / 255

    def __call__(self, image: np.ndarray, least: float) -> np.ndarray:
        """People (N x 5, the picture's pixels and score) with at least this score, after NMS at 0.45."""
        found = []
        for level in self.session.run(None, {"images": self.tensor(image)}):
            stride = self.height / level.shape[2]
            score = level[0, 4] * level[0, 5]
            row, column = np.nonzero(score >= least)
            tx, ty, tw, th = level[0, :4, row, column].T
            centre = np.stack([column + tx, row + ty], 1) * stride
            half = np.exp(np.stack([tw, th], 1)) * stride / 2
            found.append(np.c_[centre - half, centre + half, score[row, column]])
        boxes = np.concatenate(found) * (np.array([image.shape[1] / self.width, image.shape[0] / self.height] * 2
                                                  + [1]))
        boxes[:, [0, 2]] = boxes[:, [0, 2]].clip(0, image.shape[1])
        boxes[:, [1, 3]] = boxes[:, [1, 3]].clip(0, image.shape[0])
        return nms(boxes.astype(np.float32), 0.45)


def matches(found: np.ndarray, wanted: np.ndarray) -> int:
    """How many boxes pair up at IoU >= 0.5, each used once, the best score choosing first."""
    free, paired = iou(found, wanted), 0
    for i in range(len(found)):
        if len(wanted) and free[i].max() >= 0.5:
            free[:, free[i].argmax()] = 0
            paired += 1
    return paired


def compare(student: Student, teacher: Teacher, frames: Sequence[np.ndarray], still: np.ndarray,
            thresholds: Sequence[float]) -> List[Tuple[float, ...]]:
    """Rows of figures, one a threshold, over all frames.

    A row: threshold; recall and precision against what the teacher gives 0.5 and more and that differs from the
    still background; precision if the teacher's 0.3 is enough; recall and precision against all that the teacher
    gives 0.5 and more; our boxes a frame on something that never moves.
    """
    pairs = [(frame, teacher(frame, 0.5), teacher(frame, 0.3), student(frame, min(thresholds))) for frame in frames]
    rows = []
    for threshold in thresholds:
        count = dict.fromkeys(("found", "people", "all", "hit_people", "hit_low", "hit_all", "still"), 0)
        for frame, wanted, low, found in pairs:
            found = found[found[:, 4] >= threshold]
            people = wanted[moving(wanted, frame, still)]
            for name, value in (("found", len(found)), ("people", len(people)), ("all", len(wanted)),
                                ("hit_people", matches(found, people)), ("hit_all", matches(found, wanted)),
                                ("hit_low", matches(found, low[moving(low, frame, still)])),
                                ("still", int((~moving(found, frame, still)).sum()))):
                count[name] += value
        total = max(count["found"], 1)
        rows.append((threshold, count["hit_people"] / max(count["people"], 1), count["hit_people"] / total,
                     count["hit_low"] / total, count["hit_all"] / max(count["all"], 1), count["hit_all"] / total,
                     count["still"] / len(frames)))
    return rows


def milliseconds(student: Student, teacher: Teacher, image: np.ndarray) -> Tuple[float, float]:
    """Median time of one run of each network, taken in turns; without preprocessing and decoding."""
    small = cv2.resize(image, (352, 352)).transpose(2, 0, 1)[None].astype(np.float32) / 255
    jobs = ((student.session, {"images": student.tensor(image)}), (teacher.session, {"input.1": small}))
    spent = ([], [])
    for _ in range(200):
        for (session, feed), times in zip(jobs, spent):
            start = time.perf_counter()
            session.run(None, feed)
            times.append(1000 * (time.perf_counter() - start))
    return float(np.median(spent[0])), float(np.median(spent[1]))
