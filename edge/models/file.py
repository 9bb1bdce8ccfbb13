"""What a model.yaml may say."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Type, Union, cast

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    create_model,
    model_validator,
)
from typing_extensions import Annotated, Literal

from edge.config.document import Document
from edge.config.fault import Fault
from edge.config.section import Section
from edge.config.values import Between, Share, Size, Text
from edge.models.outputs import OUTPUTS, OutputSpec

_CHANNELS = {"bgr": 3, "rgb": 3, "gray": 1}


def _sha256(value: object) -> object:
    value = getattr(value, "text", value)
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ValueError("64 hexadecimal digits, as sha256sum prints them")
    return value.lower()


def _url(value: object) -> object:
    if not isinstance(value, str) or not re.match(r"https?://[^/@\s]+/\S*\Z", value):
        raise ValueError("a URL, https://host/path, without user and password")
    return value


def _size(value: object) -> Size:
    match = re.fullmatch(r"\s*([1-9][0-9]{0,3})\s*[xX]\s*([1-9][0-9]{0,3})\s*", str(value))
    if not match:
        raise ValueError("WIDTHxHEIGHT of the network's input, such as 640x640")
    return Size(*(int(n) for n in match.groups()))


def _one_or_list(value: object) -> str:
    return "list" if isinstance(value, list) else "one"


def _path_or_download(value: object) -> str:
    return "download" if isinstance(value, dict) else "path"


Number = Annotated[float, Between(-1e6, 1e6)]
PerChannel = Annotated[
    Union[Annotated[Number, Tag("one")], Annotated[List[Number], Tag("list")]], Discriminator(_one_or_list)
]
Sha256 = Annotated[str, BeforeValidator(_sha256)]


class InputSpec(Section):
    """How a picture becomes the network's input: value = (pixel * scale - mean) / std.

    ``scale``, ``mean`` and ``std`` are a number, or one for each channel in the order of ``color``; mean and std are in
    units of the scaled value.
    """

    color: Literal["bgr", "rgb", "gray"] = Field("bgr", description="order of the channels")
    scale: PerChannel = Field(1.0, description="pixels (0..255) are multiplied with it")
    mean: PerChannel = Field(0.0, description="taken from the scaled pixel")
    std: PerChannel = Field(1.0, description="divides what is left")
    layout: Literal["nchw", "nhwc"] = Field("nchw", description="order of the axes")
    fit: Literal["stretch", "letterbox"] = Field("stretch", description="over all of the input, or with its shape kept")
    letterbox_align: Literal["center", "top-left"] = Field("center", description="where a letterboxed picture lies")
    pad: Annotated[float, Between(0, 255)] = Field(114.0, description="pixel value around a letterboxed picture")
    size: Annotated[Optional[Size], PlainValidator(_size)] = Field(
        None, description="WIDTHxHEIGHT, for a network that takes any"
    )

    @model_validator(mode="after")
    def _check(self) -> InputSpec:
        channels = _CHANNELS[self.color]
        for key in ("scale", "mean", "std"):
            value = getattr(self, key)
            if isinstance(value, list) and len(value) != channels:
                raise Fault(f"found {len(value)} numbers; allowed: one, or {channels} for color {self.color}", key)
        if 0 in (self.std if isinstance(self.std, list) else [self.std]):
            raise Fault("found 0; allowed: any other number, since it divides", "std")
        return self

    @property
    def channels(self) -> int:
        return _CHANNELS[self.color]

    def plain(self) -> Dict[str, Any]:
        """As plain values, ``size`` as [width, height] or None."""
        return {**self.model_dump(exclude={"size"}), "size": list(self.size) if self.size else None}


class OnnxDownload(Section):
    """A pinned file."""

    url: Annotated[str, BeforeValidator(_url)] = Field(description="where the file is")
    sha256: Sha256 = Field(description="what the file is: its SHA-256")
    bytes: Optional[int] = Field(None, ge=1, description="its size")


Onnx = Annotated[
    Union[Annotated[Text, Tag("path")], Annotated[OnnxDownload, Tag("download")]], Discriminator(_path_or_download)
]
Labels = Annotated[
    Union[Annotated[Text, Tag("one")], Annotated[List[Text], Field(min_length=1), Tag("list")]],
    Discriminator(_one_or_list),
]


class ModelFile(Section):
    """A model.yaml. ``output`` is narrowed to its decoder's own options by ``model_file_for``."""

    onnx: Onnx = Field(description="path relative to this file, or url and sha256")
    sha256: Optional[Sha256] = Field(None, description="what the file at the path must be")
    licence: Optional[Text] = Field(None, description="of the weights, as an SPDX name")
    description: Optional[Text] = Field(None, description="what it sees, in a line")
    input: InputSpec = Field(default_factory=cast(Any, InputSpec), description="how a picture becomes the input")
    output: OutputSpec = Field(description="decoder and its options")
    labels: Labels = Field(description="coco80, a list, or a text file with one a line")
    min_score: Share = Field(0.4, description="least score of a detection")

    @model_validator(mode="after")
    def _check(self) -> ModelFile:
        if self.sha256 is not None and not isinstance(self.onnx, str):
            raise Fault("belongs under onnx, beside its url", "sha256")
        return self


class LaterFile(Section):
    """An entry of the catalogue that can be fetched, and that nothing here can run yet."""

    onnx: OnnxDownload
    licence: Text
    description: Text
    not_yet: Text


class _AnyOutput(Section):
    decoder: Literal[tuple(sorted(OUTPUTS))] = Field(description="family that the network's output belongs to")  # type: ignore[valid-type]

    model_config = ConfigDict(extra="allow")


_FILES = {name: create_model("ModelFile", __base__=ModelFile, output=(family, ...)) for name, family in OUTPUTS.items()}
_UNDECIDED = create_model("ModelFile", __base__=ModelFile, output=(_AnyOutput, ...))


def model_file_for(document: Document) -> Type[ModelFile]:
    """The schema that fits the decoder which ``document`` names, so that errors speak of that decoder's options."""
    output: Any = document.data.get("output")
    name = output.get("decoder") if isinstance(output, dict) else None
    return _FILES.get(str(name), _UNDECIDED)
