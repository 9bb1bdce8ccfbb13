"""What can be calibrated for INT8, and by how many pictures."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, Dict

from edge.errors import EngineError, ModelError
from edge.models.engines.platform import Platform
from edge.models.onnx_header import Broken, Reader

# Where they stand in the messages of onnx.proto.
_GRAPH, _NODE, _OP_TYPE = 7, 1, 4
_QUANTIZE = "QuantizeLinear"
_CHANNELS = {"bgr": 3, "rgb": 3, "gray": 1}
#: What the pictures of one network may take on the disk.
MOST_BYTES = 1 << 30


def quantized(onnx: Path) -> bool:
    """Whether the network brings its ranges along, as Q/DQ nodes. Raises ModelError where it cannot be read."""
    try:
        with open(onnx, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reader = Reader(data)
            return any(
                reader.text(kind) == _QUANTIZE
                for _, graph in reader.only((0, len(data)), _GRAPH)
                for _, node in reader.only(graph, _NODE)
                for _, kind in reader.only(node, _OP_TYPE)
            )
    except (OSError, ValueError) as error:
        raise ModelError(f"{onnx} cannot be read: {error}") from None
    except Broken as broken:
        raise ModelError(f"{onnx} is no ONNX file, or a part of one ({broken})") from None


def check(name: str, platform: Platform) -> None:
    """Raises EngineError where this machine could do nothing with a calibration of a network without Q/DQ."""
    if platform.strongly_typed:
        raise EngineError(
            f"{name}: TensorRT {platform.tensorrt} calibrates nothing: it takes the types that stand in the ONNX file; "
            "for INT8 export the network with Q/DQ, which is then taken as it is"
        )
    if platform.fast_int8 is False:
        raise EngineError(
            f"{name}: {platform.gpu or 'this GPU'} has no fast INT8 (so says TensorRT {platform.tensorrt}): an INT8 "
            "engine would be slower than an FP16 one; leave precision at auto"
        )


def item_bytes(input: Dict[str, Any]) -> int:
    """What a collected picture takes. ``input``: the model's input section with its size."""
    width, height = input["size"]
    return int(width * height * _CHANNELS[input.get("color", "bgr")])


def bounded(pictures: int, input: Dict[str, Any]) -> int:
    """So many of ``pictures`` as may be stored."""
    return max(1, min(pictures, MOST_BYTES // item_bytes(input)))
