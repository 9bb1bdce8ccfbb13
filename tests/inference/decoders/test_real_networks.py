"""The decoders of the two real networks, on what they say of real pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from edge.inference.decoders import make_decoder
from edge.inference.decoders.priors import make_priors
from tests.inference.decoders import reference

cv2 = pytest.importorskip("cv2")
ort = pytest.importorskip("onnxruntime")


def session(path: Path) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # the RFB file's initialisers are all inputs, and each is warned of
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(network: Any, tensor: np.ndarray) -> Dict[str, np.ndarray]:
    names = [o.name for o in network.get_outputs()]
    return dict(zip(names, network.run(None, {network.get_inputs()[0].name: tensor})))


@pytest.fixture(scope="module")
def fastestdet_outputs(shared: Path) -> List[Dict[str, np.ndarray]]:
    """The head's output for every 80th frame of the clip."""
    network = session(shared / "models" / "FastestDet.onnx")
    clip = cv2.VideoCapture(str(shared / "media" / "vtest-h264.mp4"))
    outputs = []
    for number in range(795):
        assert clip.grab()
        if number % 80 == 0:
            frame = cv2.resize(clip.retrieve()[1], (352, 352))
            outputs.append(run(network, np.ascontiguousarray(frame.transpose(2, 0, 1)[None], dtype=np.float32) / 255))
    clip.release()
    return outputs


@pytest.mark.parametrize("threshold", [0.25, 0.4, 0.6])
def test_fastestdet_as_its_formulas_say(fastestdet_outputs: List[Dict[str, np.ndarray]], threshold: float) -> None:
    decode = make_decoder({"decoder": "fastestdet", "nms_iou": 0.45}, labels=80, input_size=(352, 352))
    for outputs in fastestdet_outputs:
        (found,) = decode(outputs, threshold)
        raw = reference.fastestdet(outputs["758"][0], threshold)
        reference.same(found, reference.greedy_nms(raw, 0.45))


def test_fastestdet_sees_the_people(fastestdet_outputs: List[Dict[str, np.ndarray]]) -> None:
    decode = make_decoder({"decoder": "fastestdet", "nms_iou": 0.45}, labels=80, input_size=(352, 352))
    people = sum(int((decode(outputs, 0.4)[0][:, 5] == 0).sum()) for outputs in fastestdet_outputs)
    assert 110 <= people <= 160  # seen elsewhere on this clip: about 1,060 in 80 frames; these are 10 of them


def face_input(shared: Path, picture: str, size: Tuple[int, int]) -> np.ndarray:
    pixels = cv2.cvtColor(cv2.imread(str(shared / "media" / "faces" / picture)), cv2.COLOR_BGR2RGB)
    tensor = (cv2.resize(pixels, size).astype(np.float32) - 127.0) / 128.0
    return np.ascontiguousarray(tensor.transpose(2, 0, 1)[None])


@pytest.mark.parametrize(("name", "size"), [("version-RFB-320.onnx", (320, 240)), ("version-RFB-640.onnx", (640, 480))])
@pytest.mark.parametrize("picture", ["1.jpg", "2.jpg", "5.jpg", "12.jpg"])
def test_rfb_faces(shared: Path, name: str, size: Tuple[int, int], picture: str) -> None:
    outputs = run(session(shared / "models" / name), face_input(shared, picture, size))
    decode = make_decoder({"decoder": "rfb", "nms_iou": 0.3}, labels=1, input_size=size)
    (found,) = decode(outputs, 0.7)
    raw = reference.boxes_scores(outputs["boxes"][0], outputs["scores"][0][:, 1:], "xyxy", 0.7)
    reference.same(found, reference.greedy_nms(raw, 0.3))
    assert len(found) >= 1  # each of these pictures shows a face or more
    assert np.array_equal(found, decode([outputs["scores"], outputs["boxes"]], 0.7)[0])  # graph order, without names


#: The RFB detector's published priors (its vision/ssd/config/fd_config.py).
RFB_LEVELS = [
    {"map": cells, "min_sizes": sizes, "clip": True}
    for cells, sizes in zip([[40, 30], [20, 15], [10, 8], [5, 4]], [[10, 16, 24], [32, 48], [64, 96], [128, 192, 256]])
]


def test_ssd_decodes_what_the_rfb_network_decodes_itself(shared: Path) -> None:
    """That network holds its priors as constants and decodes in its last layers: take its offsets from before them."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(shared / "models" / "version-RFB-320.onnx"))
    constants = [onnx.numpy_helper.to_array(a.t) for n in model.graph.node for a in n.attribute if a.HasField("t")]
    centres, sizes = [c[0] for c in constants if c.shape == (1, 4420, 2)][1:]
    priors = make_priors(RFB_LEVELS, (320, 240))
    np.testing.assert_allclose(priors, np.concatenate([centres, sizes], axis=1), atol=1e-6)

    (first_slice,) = [n for n in model.graph.node if n.op_type == "Slice" and "464" in _readers(model, n.output[0])]
    model.graph.output.append(onnx.helper.make_tensor_value_info(first_slice.input[0], 1, [1, 4420, 4]))
    options = ort.SessionOptions()
    options.log_severity_level = 3
    network = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    outputs = run(network, face_input(shared, "12.jpg", (320, 240)))
    offsets = {"scores": outputs["scores"], "offsets": outputs[first_slice.input[0]]}
    ssd = make_decoder({"decoder": "ssd", "priors": RFB_LEVELS}, labels=1, input_size=(320, 240))
    rfb = make_decoder({"decoder": "rfb"}, labels=1, input_size=(320, 240))
    boxes = {"scores": outputs["scores"], "boxes": outputs["boxes"]}
    for threshold in (0.05, 0.7):
        np.testing.assert_allclose(ssd(offsets, threshold)[0], rfb(boxes, threshold)[0], atol=1e-5)
    assert len(rfb(boxes, 0.7)[0]) >= 3


def _readers(model: Any, name: str) -> List[str]:
    """The outputs of the nodes that read the tensor ``name``."""
    return [n.output[0] for n in model.graph.node if name in n.input]
