"""The files beside an ONNX file that hold its weights, and a hash of it all."""

from __future__ import annotations

import hashlib
import mmap
from pathlib import Path
from typing import Iterator, List, Set

from edge.errors import ModelError
from edge.models.onnx_header import Broken, Reader, Span
from edge.models.verify import known_sha256

# Where TensorProto stands in the messages of onnx.proto, and what contains those, by field number.
_GRAPH = {"node": 1, "initializer": 5, "sparse": 15}
_ATTRIBUTE, _TENSOR, _TENSORS, _SUBGRAPH, _SUBGRAPHS = 5, 5, 10, 6, 11
_EXTERNAL_DATA, _KEY, _VALUE = 13, 1, 2


def external_files(path: Path) -> List[Path]:
    """The files in which the weights of the ONNX file at ``path`` lie, in order; empty where they lie in itself.

    Raises ModelError for what is no ONNX file, and for a place outside of its folder.
    """
    found: Set[str] = set()
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reader = Reader(data)
            for _, graph in reader.only((0, len(data)), 7):
                found.update(_of_graph(reader, graph))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from None
    except Broken as broken:
        raise ModelError(f"{path} is no ONNX file, or a part of one ({broken})") from None
    for place in found:
        if Path(place).is_absolute() or ".." in Path(place).parts:
            raise ModelError(f"{path} has weights at {place!r}, not in its folder: export it with its data beside it")
    return [path.parent / place for place in sorted(found)]


def network_sha256(path: Path) -> str:
    """A hash of the file and of the files that hold its weights. Raises ModelError where one cannot be read."""
    digest = hashlib.sha256()
    for file in [path, *external_files(path)]:
        try:
            digest.update(f"{file.name if file != path else ''}\0{known_sha256(file)}\n".encode())
        except OSError as error:
            raise ModelError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None
    return digest.hexdigest()


def _of_graph(reader: Reader, graph: Span) -> Iterator[str]:
    for number, value in reader.fields(graph):
        if not isinstance(value, tuple):
            continue
        if number == _GRAPH["initializer"]:
            yield from _of_tensor(reader, value)
        elif number == _GRAPH["sparse"]:
            for _, tensor in reader.spans(value, (1, 2)):
                yield from _of_tensor(reader, tensor)
        elif number == _GRAPH["node"]:
            for _, attribute in reader.only(value, _ATTRIBUTE):
                for _, tensor in reader.spans(attribute, (_TENSOR, _TENSORS)):
                    yield from _of_tensor(reader, tensor)
                for _, inner in reader.spans(attribute, (_SUBGRAPH, _SUBGRAPHS)):
                    yield from _of_graph(reader, inner)


def _of_tensor(reader: Reader, tensor: Span) -> Iterator[str]:
    for _, entry in reader.only(tensor, _EXTERNAL_DATA):
        said = {number: reader.text(value) for number, value in reader.fields(entry) if isinstance(value, tuple)}
        if said.get(_KEY) == "location":
            yield said.get(_VALUE, "")
