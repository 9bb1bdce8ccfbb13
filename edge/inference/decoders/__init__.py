"""What the networks' outputs mean: from tensors to boxes.

    decode = make_decoder({"decoder": "fastestdet", "nms_iou": 0.45}, labels=80, input_size=(352, 352))
    for rows in decode(outputs, 0.4): ...      # one (N, 6) float32 a picture: x1 y1 x2 y2 score class

One file a family; a family is found by its name in the registry. Adding one: a subclass of ``Decoder`` in a file of
its own, marked with ``@register``, imported here, and its options in ``edge/models/outputs.py``.
"""

from edge.inference.decoders import boxes_scores, classify, fastestdet, rfb, ssd, yolov5, yolov8, yolox
from edge.inference.decoders.base import Decoder, Floors
from edge.inference.decoders.registry import families, make_decoder

__all__ = [
    "Decoder",
    "Floors",
    "boxes_scores",
    "classify",
    "families",
    "fastestdet",
    "make_decoder",
    "rfb",
    "ssd",
    "yolov5",
    "yolov8",
    "yolox",
]
