"""What a YAML file says, as a tree in which every key and value knows its place.

Built from PyYAML's parse events, never from its constructors: a file can make no object but text, numbers, truth
values, lists and mappings. Size, depth and the growth by aliases are bounded, so a hostile file costs little.

Plain scalars are read as YAML 1.2's core schema does. YAML 1.1 has surprises (``on`` is true, ``010`` is eight,
``1:30`` is ninety, ``2024-01-01`` is a date): here all of these are text, and a field that wants a number or a truth
value says so by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

from edge.errors import Problem

MAX_NODES = 50_000  # keys, values and entries of one file, aliases counted as often as they are used
MAX_DEPTH = 32

Key = Union[str, int]
Keys = Tuple[Key, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|(0|[1-9][0-9]{0,17})(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")
_ODD_KEY = re.compile(r"[^\w-]")


class Place(NamedTuple):
    """Where something stands. ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int


class WrittenInt(int):
    """A whole number that remembers how it was written: a password of digits is text in the end."""

    text: str


class WrittenFloat(float):
    """A number that remembers how it was written."""

    text: str


@dataclass
class Scalar:
    """One value. ``plain``: not in quotes. ``secret``: holds what a reference fetched, to be shown nowhere."""

    place: Place
    text: str
    plain: bool
    secret: bool = False
    size: int = 1

    @property
    def value(self) -> Union[bool, int, float, str, None]:
        return plain_value(self.text) if self.plain else self.text


@dataclass
class Mapping:
    """``keys`` holds the place of each key; same order and same entries as ``values``."""

    place: Place
    keys: Dict[str, Place] = field(default_factory=dict)
    values: Dict[str, Node] = field(default_factory=dict)
    size: int = 1

    def add(self, key: str, place: Place, value: Node) -> None:
        self.keys[key] = place
        self.values[key] = value
        self.size += 1 + value.size


@dataclass
class Sequence:
    place: Place
    items: List[Node] = field(default_factory=list)
    size: int = 1

    def add(self, value: Node) -> None:
        self.items.append(value)
        self.size += value.size


Node = Union[Scalar, Mapping, Sequence]


def plain_value(text: str) -> Union[bool, int, float, str, None]:
    """The value of a scalar without quotes, by YAML 1.2's core schema less .inf, .nan, octal and hexadecimal."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INTEGER.fullmatch(text):
        whole = WrittenInt(text)
        whole.text = text
        return whole
    if _FLOAT.fullmatch(text):
        number = WrittenFloat(text)
        number.text = text
        return number
    return text


def to_data(node: Node) -> object:
    """Plain dicts, lists and scalars."""
    if isinstance(node, Mapping):
        return {key: to_data(value) for key, value in node.values.items()}
    if isinstance(node, Sequence):
        return [to_data(item) for item in node.items]
    return node.value


def child(node: Node, key: Key) -> Optional[Node]:
    """The node below ``node`` at ``key``, if there is one."""
    if isinstance(node, Mapping) and isinstance(key, str):
        return node.values.get(key)
    if isinstance(node, Sequence) and isinstance(key, int) and 0 <= key < len(node.items):
        return node.items[key]
    return None


def holds_secret(node: Node) -> bool:
    """Whether a reference's value is in ``node`` or below it."""
    if isinstance(node, Scalar):
        return node.secret
    return any(map(holds_secret, node.values.values() if isinstance(node, Mapping) else node.items))


def shown_name(name: str) -> str:
    """A name for a message: in quotes where it is none of the names that this project allows."""
    name = name if len(name) <= 64 else name[:61] + "..."
    return name if name and name.isprintable() and not _ODD_KEY.search(name) else repr(name)


def one_line(text: str) -> str:
    """``text`` with what cannot be printed escaped: a file's name may hold line ends, or bytes that are no UTF-8."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def dotted(keys: Keys) -> str:
    """``('cameras', 'square', 'models', 0)`` as ``cameras.square.models[0]``."""
    out = ""
    for key in keys:
        if isinstance(key, int):
            out += f"[{key}]"
        else:
            out += ("." if out else "") + shown_name(key)
    return out


def problem_at(place: Place, keys: Keys, message: str) -> Problem:
    return Problem(place.file, place.line, place.column, dotted(keys), message)
