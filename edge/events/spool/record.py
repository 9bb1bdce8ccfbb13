"""Entries as bytes, one after the other.

An event whose JSON tells its camera and type itself is a line; whatever else has a head with both of them.
"""

from __future__ import annotations

import struct
from typing import Iterator, List, Sequence, Tuple

from edge.events.spool.entry import Entry

_HEAD = struct.Struct("<BBHBI")  # mark, kind, lengths of camera, type and payload
_MARK = 1  # no JSON begins so
_KINDS = ("event", "picture")
_LONGEST = 0xFF  # bytes of a type; a camera's name may have 65,535


class Damaged(Exception):
    """These bytes are not what was written. No user's error: whoever reads decides what it means."""


def pack(kind: str, camera: str, type: str, payload: bytes) -> bytes:
    place, what = camera.encode("utf-8", "replace")[:0xFFFF], type.encode("utf-8", "replace")[:_LONGEST]
    return _HEAD.pack(_MARK, _KINDS.index(kind), len(place), len(what), len(payload)) + place + what + payload


def pack_all(entries: Sequence[Entry]) -> bytes:
    return b"".join(
        e.payload + b"\n" if _plain(e) else pack(e.kind, e.camera, e.type, e.payload) for e in entries
    )  # fmt: skip


def unpack(packed: bytes, first: int, old: bool = False) -> Iterator[Entry]:
    """The entries, numbered from ``first``. Raises Damaged."""
    at, end = 0, len(packed)
    while at < end:
        try:
            if packed[at] != _MARK:
                stop = packed.index(b"\n", at)
                payload = packed[at:stop]
                place, what = _told(payload)
                yield Entry(first, "event", place.decode("utf-8"), what.decode("utf-8"), payload, old)
                at, first = stop + 1, first + 1
                continue
            _, kind, camera, type, length = _HEAD.unpack_from(packed, at)
            at += _HEAD.size
            stop = at + camera + type + length
            if stop > end:
                raise Damaged("an entry is cut off")
            place, what = packed[at : at + camera], packed[at + camera : stop - length]
            texts = place.decode("utf-8"), what.decode("utf-8", "ignore")
            yield Entry(first, _KINDS[kind], *texts, packed[stop - length : stop], old)
        except (struct.error, IndexError, ValueError) as e:
            raise Damaged(str(e)) from e
        at, first = stop, first + 1


def spans(entries: Sequence[Entry], most: int, most_bytes: int) -> Iterator[Sequence[Entry]]:
    """Parts without a gap in their numbers, none of them larger than told (but with one entry at least)."""
    part: List[Entry] = []
    size = 0
    for entry in entries:
        apart = part and (entry.n != part[-1].n + 1 or len(part) >= most or size + len(entry.payload) > most_bytes)
        if apart:
            yield part
            part, size = [], 0
        part.append(entry)
        size += len(entry.payload)
    if part:
        yield part


def _plain(entry: Entry) -> bool:
    payload = entry.payload
    if entry.kind != "event" or payload[:1] != b"{" or b"\n" in payload:
        return False
    return _told(payload) == (entry.camera.encode("utf-8", "replace"), entry.type.encode("utf-8", "replace"))


def _told(payload: bytes) -> Tuple[bytes, bytes]:
    """The camera and the type that an event's JSON tells, at first sight."""
    return _text(payload, b',"camera":"'), _text(payload, b',"type":"')


def _text(payload: bytes, key: bytes) -> bytes:
    at = payload.find(key)
    if at < 0:
        return b""
    at += len(key)
    return payload[at : payload.index(b'"', at)]
