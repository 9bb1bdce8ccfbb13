"""ONNX Runtime under a network."""

import os
from typing import Any, Dict, List

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime


class Network:
    """A network that is ready to run, from any thread."""

    def __init__(self, data: bytes) -> None:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
        self.inputs = [i.name for i in self._session.get_inputs()]
        self.outputs: List[str] = [o.name for o in self._session.get_outputs()]
        self._kinds = {i.name: _KINDS.get(i.type) for i in self._session.get_inputs()}

    def run(self, feed: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
        cast: Dict[str, Any] = {}
        for name, array in feed.items():
            kind = self._kinds[name]
            cast[name] = array if kind is None or array.dtype == kind else array.astype(kind)
        return dict(zip(self.outputs, self._session.run(self.outputs, cast)))


_KINDS = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}
