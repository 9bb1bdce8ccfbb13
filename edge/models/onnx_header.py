"""What an ONNX file says of its inputs and outputs, read without any runtime.

An ONNX file is one protobuf message (github.com/onnx/onnx, onnx.proto). Only its frame is walked: the weights are
skipped by their length, so a large file costs no more than a small one.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

from edge.errors import ModelError

#: TensorProto.DataType, those that an input or output may have here.
_TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64"}

Dimension = Union[int, str, None]
Span = Tuple[int, int]


class Tensor(NamedTuple):
    """``shape``: a number where an axis is fixed, else its name or None; None as a whole where it is not said."""

    name: str
    type: str
    shape: Optional[Tuple[Dimension, ...]]

    def __str__(self) -> str:
        shape = "?" if self.shape is None else "x".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.name} {self.type} {shape}"


class OnnxHeader(NamedTuple):
    inputs: List[Tensor]
    outputs: List[Tensor]
    opset: Optional[int]
    producer: str


def read_header(path: Path) -> OnnxHeader:
    """Inputs (less those that only have a weight's default) and outputs. Raises ModelError for what is no ONNX file."""
    try:
        with open(path, "rb") as file:
            start = file.read(64)
            if start.startswith(b"version https://git-lfs"):
                raise ModelError(f"{path} is a Git LFS pointer, not the file itself: fetch it with git lfs pull")
            if not start:
                raise ModelError(f"{path} is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return Reader(data).header()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except Broken as broken:
        raise ModelError(f"{path} is no ONNX file, or a part of one ({broken})") from None


class Broken(Exception):
    """What is not as a protobuf message has it, in words."""


class Reader:
    """Walks the messages in ``data``. Its methods raise Broken."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data

    def header(self) -> OnnxHeader:
        graph: Optional[Span] = None
        opset: Optional[int] = None
        producer = ""
        for number, value in self.fields((0, len(self._data))):
            if number == 7 and isinstance(value, tuple):
                graph = value
            elif number == 2 and isinstance(value, tuple):
                producer = self.text(value)
            elif number == 8 and isinstance(value, tuple):
                entry = dict(self.fields(value))
                domain, version = entry.get(1), entry.get(2)
                if isinstance(version, int) and (
                    not isinstance(domain, tuple) or self.text(domain) in ("", "ai.onnx")
                ):
                    opset = version
        if graph is None:
            raise Broken("it has no graph")
        inputs: Dict[str, Tensor] = {}
        outputs: List[Tensor] = []
        weights: Set[str] = set()
        for number, value in self.fields(graph):
            if not isinstance(value, tuple):
                continue
            if number == 11:
                tensor = self._tensor(value)
                inputs[tensor.name] = tensor
            elif number == 12:
                outputs.append(self._tensor(value))
            elif number == 5:
                weights.update(self.text(v) for n, v in self.fields(value) if n == 8 and isinstance(v, tuple))
        if not inputs or not outputs:
            raise Broken("its graph has no inputs or no outputs")
        return OnnxHeader([t for n, t in inputs.items() if n not in weights], outputs, opset, producer)

    def _tensor(self, span: Span) -> Tensor:
        """A ValueInfoProto."""
        name, kind = "", "?"
        shape: Optional[Tuple[Dimension, ...]] = None
        for number, value in self.fields(span):
            if number == 1 and isinstance(value, tuple):
                name = self.text(value)
            elif number == 2 and isinstance(value, tuple):
                for _, tensor_type in self.only(value, 1):
                    for part, content in self.fields(tensor_type):
                        if part == 1 and isinstance(content, int):
                            kind = _TYPES.get(content, f"type {content}")
                        elif part == 2 and isinstance(content, tuple):
                            shape = tuple(self._dimension(axis) for _, axis in self.only(content, 1))
        return Tensor(name, kind, shape)

    def _dimension(self, span: Span) -> Dimension:
        for number, value in self.fields(span):
            if number == 1 and isinstance(value, int):
                return value if 0 < value < 1 << 62 else None
            if number == 2 and isinstance(value, tuple):
                return self.text(value) or None
        return None

    def only(self, span: Span, wanted: int) -> Iterator[Tuple[int, Span]]:
        """The fields of that number that hold bytes."""
        return self.spans(span, (wanted,))

    def spans(self, span: Span, wanted: Tuple[int, ...]) -> Iterator[Tuple[int, Span]]:
        """The fields of those numbers that hold bytes."""
        return ((n, v) for n, v in self.fields(span) if n in wanted and isinstance(v, tuple))

    def text(self, span: Span) -> str:
        """The bytes there as text."""
        return self._data[span[0] : span[1]].decode("utf-8", "replace")

    def fields(self, span: Span) -> Iterator[Tuple[int, Union[int, Span]]]:
        """Each field's number, and its value: an integer, or where its bytes stand."""
        at, end = span
        while at < end:
            key, at = self._varint(at, end)
            number, wire = key >> 3, key & 7
            if number == 0:
                raise Broken(f"a field without a number at byte {at}")
            if wire == 0:
                value, at = self._varint(at, end)
                yield number, value
                continue
            if wire == 2:
                length, at = self._varint(at, end)
            elif wire in (1, 5):
                length = 8 if wire == 1 else 4
            else:
                raise Broken(f"wire type {wire} at byte {at}")
            if at + length > end:
                raise Broken(f"it ends at byte {end}, in the middle of a field of {length} bytes")
            if wire == 2:
                yield number, (at, at + length)
            at += length

    def _varint(self, at: int, end: int) -> Tuple[int, int]:
        value = shift = 0
        while at < end and shift < 70:
            byte = self._data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
        raise Broken(f"it ends at byte {end}, in the middle of a number")
