"""``output`` in a model.yaml: for each decoder, what may be said of it.

What a decoder does with its options stands at its class in ``edge/inference/decoders``, which the daemon does not
import; a test holds the two against each other.
"""

from __future__ import annotations

from typing import Dict, List, Optional, Type, Union

from pydantic import Discriminator, Field, Tag, model_validator
from typing_extensions import Annotated, Literal

from edge.config.fault import Fault
from edge.config.section import Section
from edge.config.values import Between, Share, Text

Whole = Annotated[int, Field(ge=1, le=8192)]
Pixels = Annotated[float, Between(0.01, 65536, "pixels of the network's input,")]


class OutputSpec(Section):
    """What every decoder takes."""

    decoder: str = Field(description="family that the network's output belongs to")


class BoxesOutput(OutputSpec):
    """What every decoder of boxes takes."""

    nms_iou: Share = Field(0.45, description="overlap (IoU) above which the worse of two boxes of a class falls")
    top_k: int = Field(400, ge=1, le=5000, description="candidates that are compared, the best ones")
    max_detections: int = Field(100, ge=1, le=5000, description="detections of one picture at most")


class ClassifyOutput(OutputSpec):
    """No boxes: one label for a picture, or for what another model has found in it."""

    decoder: Literal["classify"]
    scores: Optional[Text] = Field(None, description="name of the output, where the network has several")
    activation: Literal["none", "sigmoid", "softmax"] = Field("softmax", description="what the scores still need")


class FastestDetOutput(BoxesOutput):
    decoder: Literal["fastestdet"]


class YoloOutput(BoxesOutput):
    """YOLOv5, v7 (with objectness) and v8, v11 (without), decoded by their exporters."""

    decoder: Literal["yolov5", "yolov7", "yolov8", "yolov11"]


class YoloXOutput(BoxesOutput):
    decoder: Literal["yolox"]
    strides: List[Whole] = Field([8, 16, 32], min_length=1, description="pixels from cell to cell, level by level")
    activation: Literal["none", "sigmoid"] = Field("none", description="what objectness and classes still need")


class BoxesScoresOutput(BoxesOutput):
    decoder: Literal["boxes_scores"]
    boxes: Optional[Text] = Field(None, description="name of the output with the boxes")
    scores: Optional[Text] = Field(None, description="name of the output with the scores")
    classes: Optional[Text] = Field(None, description="name of the output with the classes, where it has one")
    box_format: Literal["xyxy", "yxyx", "xywh", "cxcywh"] = Field("xyxy", description="what a box's numbers are")
    normalised: bool = Field(True, description="boxes are fractions of the input, not pixels")
    background: Literal["none", "first", "last"] = Field("none", description="where the class for nothing stands")
    activation: Literal["none", "sigmoid", "softmax"] = Field("none", description="what the scores still need")


class RfbOutput(BoxesScoresOutput):
    decoder: Literal["rfb"]  # type: ignore[assignment]
    background: Literal["none", "first", "last"] = Field("first", description="where the class for nothing stands")


class PriorLevel(Section):
    """The priors of one feature map, as Caffe's PriorBox describes them."""

    step: Optional[Pixels] = Field(None, description="pixels from cell to cell; left out: input size / map")
    map: Optional[List[Whole]] = Field(None, min_length=2, max_length=2, description="columns and rows of cells")
    min_sizes: List[Pixels] = Field(min_length=1, description="sides of the squares, in pixels of the input")
    max_sizes: List[Pixels] = Field([], description="as many; each adds a square of sqrt(min * max)")
    aspect_ratios: List[Annotated[float, Between(0.01, 100)]] = Field([], description="each adds a box and its inverse")
    clip: bool = Field(False, description="limit centre and size to the input")

    @model_validator(mode="after")
    def _check(self) -> PriorLevel:
        if self.step is None and self.map is None:
            raise Fault("a level needs step (pixels from cell to cell) or map ([columns, rows])")
        if self.max_sizes and len(self.max_sizes) != len(self.min_sizes):
            raise Fault(f"{len(self.max_sizes)} numbers for {len(self.min_sizes)} min_sizes", "max_sizes")
        return self


def _file_or_list(value: object) -> str:
    return "list" if isinstance(value, list) else "file"


class SsdOutput(BoxesOutput):
    decoder: Literal["ssd"]
    priors: Annotated[
        Union[Annotated[Text, Tag("file")], Annotated[List[PriorLevel], Field(min_length=1), Tag("list")]],
        Discriminator(_file_or_list),
    ] = Field(description="a .npy file of (P, 4) cx cy w h in fractions of the input, or a list of levels")
    variances: List[Annotated[float, Between(0.0001, 100)]] = Field(
        [0.1, 0.2], min_length=2, max_length=4, description="of centre and size"
    )
    background: Literal["none", "first", "last"] = Field("first", description="where the class for nothing stands")
    activation: Literal["none", "sigmoid", "softmax"] = Field("none", description="what the scores still need")
    boxes: Optional[Text] = Field(None, description="name of the output with the offsets")
    scores: Optional[Text] = Field(None, description="name of the output with the scores")

    @model_validator(mode="after")
    def _check(self) -> SsdOutput:
        if len(self.variances) == 3:
            raise Fault("found 3 numbers; allowed: 2 (centre, size) or 4", "variances")
        return self


OUTPUTS: Dict[str, Type[OutputSpec]] = {
    "boxes_scores": BoxesScoresOutput,
    "classify": ClassifyOutput,
    "fastestdet": FastestDetOutput,
    "rfb": RfbOutput,
    "ssd": SsdOutput,
    "yolov11": YoloOutput,
    "yolov5": YoloOutput,
    "yolov7": YoloOutput,
    "yolov8": YoloOutput,
    "yolox": YoloXOutput,
}
