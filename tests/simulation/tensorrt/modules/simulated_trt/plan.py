"""A plan: what a build makes, as bytes that say which TensorRT and which device may read them."""

import ctypes
import hashlib
import json
import struct
import zlib
from typing import Any, Dict, Tuple

from .base import NATIVE, enter, leave
from .enums import DataType

_MAGIC = b"ftrt"
_HEAD = struct.Struct("<4sIQ32s")


class IHostMemory(ctypes.Structure):
    """Memory that Python sees by the buffer protocol, which no class of Python's own has before 3.12: read it with
    ``bytes(plan)``, ``file.write(plan)`` or ``memoryview(plan)``. It has no ``len()``."""

    __module__ = NATIVE

    @property
    def nbytes(self) -> int:
        return ctypes.sizeof(self)

    @property
    def dtype(self) -> Any:
        return DataType.INT8

    def __del__(self) -> None:
        pass

    __enter__ = enter
    __exit__ = leave


def host_memory(data: bytes) -> IHostMemory:
    kind: Any = type("IHostMemory", (IHostMemory,), {"_fields_": [("_data", ctypes.c_ubyte * len(data))]})
    made: IHostMemory = kind.from_buffer_copy(data)
    return made


class Damaged(Exception):
    """Bytes that are no plan, or not whole."""


def pack(header: Dict[str, Any], network: bytes) -> bytes:
    body = json.dumps(header, sort_keys=True).encode()
    packed = zlib.compress(network, 1)
    digest = hashlib.sha256(body + packed).digest()
    return _HEAD.pack(_MAGIC, len(body), len(packed), digest) + body + packed


def unpack(data: bytes) -> Tuple[Dict[str, Any], bytes]:
    """The header and the network. Raises Damaged."""
    if len(data) < _HEAD.size:
        raise Damaged("too short")
    magic, head, size, digest = _HEAD.unpack_from(data)
    body = data[_HEAD.size : _HEAD.size + head]
    packed = data[_HEAD.size + head :]
    if magic != _MAGIC:
        raise Damaged("magic")
    if len(packed) != size or hashlib.sha256(body + packed).digest() != digest:
        raise Damaged("checksum")
    header: Dict[str, Any] = json.loads(body.decode())
    return header, zlib.decompress(packed)


__all__ = ["Damaged", "IHostMemory", "host_memory", "pack", "unpack"]
