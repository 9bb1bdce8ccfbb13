"""The kinds of value a file may hold: how people write them, what they are once loaded, what is allowed.

Each kind's error says what is allowed; ``words`` adds what was found.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, WithJsonSchema
from pydantic_core import CoreSchema, core_schema
from typing_extensions import Annotated

from edge.config.tree import plain_value

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_PREFIX_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(/[A-Za-z0-9][A-Za-z0-9_-]{0,63}){0,7}$"
_SIZE_PATTERN = r"^\s*([0-9]{1,5})\s*[xX]\s*([0-9]{1,5})\s*$"
MAX_TEXT = 2048
_BYTES_PATTERN = r"^\s*([0-9]{1,9}(\.[0-9]{1,9})?)\s*([kKMGT]i?B|B)\s*$"
_BYTES = {"b": 1, **{f"{unit}b": 1000**n for n, unit in enumerate("kmgt", 1)}}
_BYTES.update({f"{unit}ib": 1024**n for n, unit in enumerate("kmgt", 1)})
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?)\s*{unit}\s*)?" for unit in _UNITS))
_DURATION_SCHEMA = r"^\s*([0-9]+(\.[0-9]+)?\s*(d|h|m|s|ms)\s*)+$"

# In the JSON schema, for an editor: a number or a flag may also come out of a reference.
REFERENCE_SCHEMA = {"type": "string", "pattern": r"\$\{(env|file):"}


class Size(NamedTuple):
    """Width and height of a picture in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


def as_written(value: object) -> object:
    """A number where text is wanted, as it was written: a password of digits needs no quotes."""
    return getattr(value, "text", value)


def _line(value: object) -> object:
    value = as_written(value)
    if isinstance(value, str) and ("\n" in value or len(value) > MAX_TEXT):
        raise ValueError(f"one line of text, at most {MAX_TEXT} characters")
    return value


def as_number(value: object) -> Optional[float]:
    """``value`` as a finite number, also where it is text (in quotes, or out of a reference); else None."""
    if isinstance(value, str):
        value = plain_value(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def parse_duration(value: object) -> Optional[float]:
    """``10s``, ``500ms``, ``1h30m`` or a bare number in seconds; None for anything else."""
    number = as_number(value)
    if number is not None or not isinstance(value, str) or not value.strip():
        return number
    match = _DURATION.fullmatch(value.strip())
    if not match:
        return None
    return sum(float(amount) * _UNITS[unit] for unit, amount in match.groupdict().items() if amount)


def show_duration(seconds: float) -> str:
    """``seconds`` in the largest unit that leaves a whole number: 300.0 is ``5m``."""
    for unit, factor in _UNITS.items():
        if seconds >= factor and math.isclose(seconds / factor, round(seconds / factor)):
            return f"{round(seconds / factor)}{unit}"
    return f"{seconds:g}s"


def parse_bytes(value: object) -> Optional[int]:
    """``500MB``, ``1.5GB``, ``64MiB`` or a bare number of bytes; None for anything else."""
    number = as_number(value)
    if number is not None:
        return int(number) if number.is_integer() else None
    match = re.match(_BYTES_PATTERN, value) if isinstance(value, str) else None
    return None if match is None else round(float(match[1]) * _BYTES[match[3].lower()])


def show_bytes(size: int) -> str:
    """``size`` in the largest decimal unit that leaves a number of at most two decimals: 2000000000 is ``2GB``."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor and size * 100 % factor == 0:
            return f"{size / factor:g}{unit}"
    return f"{size}"


def parse_size(value: object) -> Size:
    """``1280x720`` or ``[1280, 720]``; even numbers, as pictures with halved colour planes (NV12, I420) need.

    Raises ValueError for anything else.
    """
    pair: List[object] = []
    if isinstance(value, (list, tuple)):
        pair = list(value)
    elif isinstance(value, str):
        match = re.match(_SIZE_PATTERN, value)
        pair = [int(number) for number in match.groups()] if match else []
    numbers = [int(n) for n in map(as_number, pair) if n is not None and n.is_integer()]
    if len(numbers) != 2 or len(pair) != 2 or any(n < 16 or n > 8192 or n % 2 for n in numbers):
        raise ValueError("WIDTHxHEIGHT such as 1280x720, each even and from 16 to 8192")
    return Size(*numbers)


@dataclass(frozen=True)
class Between:
    """Annotation of a number from ``low`` to ``high``, both included."""

    low: float
    high: float
    what: str = "a number"

    def check(self, value: object) -> float:
        number = as_number(value)
        if number is None or not self.low <= number <= self.high:
            raise ValueError(f"{self.what} from {self.low:g} to {self.high:g}")
        return number

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: object) -> Dict[str, Any]:
        return {"anyOf": [{"type": "number", "minimum": self.low, "maximum": self.high}, REFERENCE_SCHEMA]}


@dataclass(frozen=True)
class Seconds:
    """Annotation of a duration from ``low`` to ``high`` seconds, both included; a float in seconds once loaded."""

    low: float
    high: float

    def check(self, value: object) -> float:
        seconds = parse_duration(value)
        if seconds is None or not self.low <= seconds <= self.high:
            raise ValueError(
                "a duration such as 500ms, 10s or 1m30s (a bare number: seconds), "
                f"from {show_duration(self.low)} to {show_duration(self.high)}"
            )
        return seconds

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: object) -> Dict[str, Any]:
        return {
            "anyOf": [
                {"type": "number", "minimum": self.low, "maximum": self.high},
                {"type": "string", "pattern": _DURATION_SCHEMA},
                REFERENCE_SCHEMA,
            ]
        }


@dataclass(frozen=True)
class Bytes:
    """Annotation of an amount of data from ``low`` to ``high`` bytes, both included; an int in bytes once loaded."""

    low: int
    high: int

    def check(self, value: object) -> int:
        size = parse_bytes(value)
        if size is None or not self.low <= size <= self.high:
            low, high = show_bytes(self.low), show_bytes(self.high)
            raise ValueError(f"an amount of data such as 500MB or 2GB (a bare number: bytes), from {low} to {high}")
        return size

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: object) -> Dict[str, Any]:
        return {
            "anyOf": [
                {"type": "integer", "minimum": self.low, "maximum": self.high},
                {"type": "string", "pattern": _BYTES_PATTERN},
                REFERENCE_SCHEMA,
            ]
        }


def _name(value: object) -> object:
    value = as_written(value)
    if not isinstance(value, str) or not re.match(NAME_PATTERN + r"\Z", value):
        raise ValueError(
            "up to 64 letters (A-Z, a-z), digits, - and _, a letter or digit first: it becomes a part of MQTT topics"
        )
    return value


def _prefix(value: object) -> object:
    value = as_written(value)
    if not isinstance(value, str) or not re.match(_PREFIX_PATTERN + r"\Z", value):
        raise ValueError("letters, digits, - and _, with / between levels (site/edge): every MQTT topic begins with it")
    return value


def _threads(value: object) -> Union[int, str]:
    if value == "auto":
        return "auto"
    number = as_number(value)
    if number is None or not number.is_integer() or not 1 <= number <= 256:
        raise ValueError("auto, or a whole number from 1 to 256")
    return int(number)


def _point(value: object) -> object:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError("a point [x, y], each a fraction of the picture from 0 (left, top) to 1 (right, bottom)")
    return value


Text = Annotated[str, BeforeValidator(_line), Field(min_length=1)]
Secret = Annotated[SecretStr, BeforeValidator(_line)]
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
Prefix = Annotated[str, BeforeValidator(_prefix), WithJsonSchema({"type": "string", "pattern": _PREFIX_PATTERN})]
Threads = Annotated[
    Union[int, str],
    PlainValidator(_threads),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1, "maximum": 256}]}),
]
PictureSize = Annotated[
    Size,
    PlainValidator(parse_size),
    WithJsonSchema({"type": "string", "pattern": _SIZE_PATTERN, "examples": ["1280x720"]}),
]
Share = Annotated[float, Between(0, 1)]
Coordinate = Annotated[float, Between(0, 1, "a fraction of the picture's width or height,")]
Point = Annotated[Tuple[Coordinate, Coordinate], BeforeValidator(_point)]
