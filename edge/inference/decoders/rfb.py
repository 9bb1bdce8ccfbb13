"""The RFB face detector: decoded corner boxes and softmax scores, background first.

Source: github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, run_video_face_detect_onnx.py.
"""

from typing import Any, ClassVar, Dict

from edge.inference.decoders.boxes_scores import BoxesScores
from edge.inference.decoders.registry import register


@register("rfb")
class Rfb(BoxesScores):
    """Scores (batch, A, 1 + C) and boxes (batch, A, 4), x1 y1 x2 y2 in fractions of the input."""

    defaults: ClassVar[Dict[str, Any]] = dict(BoxesScores.defaults, background="first")
