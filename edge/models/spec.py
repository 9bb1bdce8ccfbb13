"""A model, ready to be given to the inference worker."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, NoReturn, Optional, Tuple

from edge.config.document import Document, validate
from edge.config.values import Size
from edge.errors import ConfigError, ModelError
from edge.models.fetch import Progress, fetch
from edge.models.file import InputSpec, ModelFile, OnnxDownload, model_file_for
from edge.models.folders import stored
from edge.models.labels import read_labels
from edge.models.locate import Located, locate
from edge.models.onnx_header import Dimension, OnnxHeader, Tensor, read_header
from edge.models.outputs import OutputSpec, SsdOutput
from edge.models.verify import known_sha256

_INPUT_TYPES = ("float32", "float16", "uint8")


@dataclass(frozen=True)
class ModelSpec:
    """What a model.yaml says, with its paths and labels resolved.

    ``reference`` is what ``edge models`` finds it by, ``file`` the YAML file itself, ``onnx`` the network, which is
    there once ``load_spec`` or ``ensure`` has returned.
    """

    name: str
    reference: str
    file: Path
    folder: Path
    onnx: Path
    download: Optional[OnnxDownload]
    sha256: Optional[str]
    licence: Optional[str]
    description: Optional[str]
    input: InputSpec
    output: OutputSpec
    labels: List[str]
    min_score: float
    document: Document

    def worker_dict(self) -> Dict[str, Any]:
        """What the inference worker is told, as plain values."""
        output = self.output.model_dump(mode="json")
        if isinstance(self.output, SsdOutput) and isinstance(self.output.priors, str):
            output["priors"] = str((self.folder / self.output.priors).resolve())
        return {
            "name": self.name,
            "onnx": str(self.onnx),
            "input": self.input.plain(),
            "output": output,
            "labels": list(self.labels),
            "min_score": self.min_score,
        }

    def refuse(self, key: str, message: str) -> NoReturn:
        """Raise ModelError about what stands at ``key``."""
        file, line, _ = self.document.position(tuple(key.split(".")))
        raise ModelError(f"{file}:{line}: {key}: {message}")


def load_spec(ref: str, base: Path) -> ModelSpec:
    """The model that ``ref`` names for a configuration in the folder ``base``, its file verified.

    Nothing is downloaded: a file that is not here yet is a ModelError that says how to fetch it. Raises ConfigError for
    what model.yaml says wrongly; ModelError for no such model, and a file that is missing, broken, not what its hash
    says, or does not fit its description.
    """
    return checked(read_spec(ref, base))


def read_spec(ref: str, base: Path) -> ModelSpec:
    """As ``load_spec``, without a look at the ONNX file."""
    located = locate(ref, base)
    document = located.document
    if "not_yet" in document.data:
        raise ModelError(f"{ref}: cannot be run yet: {document.data['not_yet']}")
    return _spec(located, validate(document, model_file_for(document)))


def _spec(located: Located, model: ModelFile) -> ModelSpec:
    document, folder = located.document, located.folder
    try:
        labels = read_labels(model.labels, folder)
    except ValueError as error:
        raise ConfigError([document.problem(("labels",), str(error))]) from None
    download = model.onnx if isinstance(model.onnx, OnnxDownload) else None
    return ModelSpec(
        name=located.name,
        reference=located.reference,
        file=document.path,
        folder=folder,
        onnx=stored(download.sha256) if download else folder / os.path.expanduser(str(model.onnx)),
        download=download,
        sha256=download.sha256 if download else model.sha256,
        licence=model.licence,
        description=model.description,
        input=model.input,
        output=model.output,
        labels=labels,
        min_score=model.min_score,
        document=document,
    )


def ensure(spec: ModelSpec, progress: Optional[Progress] = None) -> ModelSpec:
    """Fetch the model's file where it is a download that is not here yet; the checked spec. Raises ModelError."""
    if spec.download is not None:
        fetch(spec.download.url, spec.download.sha256, spec.onnx, spec.download.bytes, progress)
    return checked(spec)


def checked(spec: ModelSpec) -> ModelSpec:
    """``spec`` once its ONNX file is found to be there, to be the one meant, and to fit; its input size filled in."""
    if not os.path.isfile(spec.onnx):
        if spec.download is not None:
            spec.refuse("onnx", f"not fetched yet; fetch it: edge models pull {spec.reference}")
        spec.refuse("onnx", f"no file {spec.onnx}")
    try:
        found = known_sha256(spec.onnx) if spec.sha256 else None
    except OSError as error:
        spec.refuse("onnx", f"{spec.onnx} cannot be read: {(error.strerror or str(error)).lower()}")
    if found != spec.sha256:
        spec.refuse("onnx", f"{spec.onnx} is not the file meant: its SHA-256 is {found}, expected {spec.sha256}")
    header = network(spec)
    return replace(spec, input=spec.input.model_copy(update={"size": _input_size(spec, header)}))


def network(spec: ModelSpec) -> OnnxHeader:
    """What the ONNX file says of itself. Raises ModelError."""
    try:
        return read_header(spec.onnx)
    except ModelError as error:
        spec.refuse("onnx", str(error))


def _input_size(spec: ModelSpec, header: OnnxHeader) -> Size:
    """The network's input size; ModelError where the one input does not fit what ``input`` says."""
    if len(header.inputs) != 1:
        names = ", ".join(str(tensor) for tensor in header.inputs) or "none"
        spec.refuse("onnx", f"one input is needed, the network has {names}")
    tensor = header.inputs[0]
    if tensor.type not in _INPUT_TYPES:
        spec.refuse("onnx", f"the input {tensor} is none of {', '.join(_INPUT_TYPES)}")
    channels, fixed = _axes(spec, tensor)
    if isinstance(channels, int) and channels != spec.input.channels:
        spec.refuse("input.color", f"{spec.input.color} has {spec.input.channels} channels, the input is {tensor}")
    size: List[int] = []
    for index, (word, length) in enumerate(zip(("width", "height"), fixed)):
        given = spec.input.size[index] if spec.input.size else None
        if isinstance(length, int) and given not in (None, length):
            spec.refuse("input.size", f"{spec.input.size} does not fit the input {tensor}")
        chosen = length if isinstance(length, int) else given
        if chosen is None:
            spec.refuse("input", f"size is missing: the network takes any {word} (its input is {tensor})")
        size.append(chosen)
    return Size(*size)


def _axes(spec: ModelSpec, tensor: Tensor) -> Tuple[Dimension, Tuple[Dimension, Dimension]]:
    """Channels, and (width, height), of an input; ModelError where it has not four axes."""
    if tensor.shape is None:
        return None, (None, None)
    if len(tensor.shape) != 4:
        spec.refuse("onnx", f"the input {tensor} has {len(tensor.shape)} axes: pictures need four")
    if spec.input.layout == "nchw":
        return tensor.shape[1], (tensor.shape[3], tensor.shape[2])
    return tensor.shape[3], (tensor.shape[2], tensor.shape[1])
