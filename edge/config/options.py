"""The options of a source: what stands behind the ``?``, by a table of names and kinds of value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Tuple, Union
from urllib.parse import parse_qsl

from edge.config.fault import Fault
from edge.config.nearest import hint
from edge.config.values import Between, parse_duration, parse_size

Value = Union[int, float, str, bool, List[float]]
#: From text to a value; raises ValueError with what is allowed.
Kind = Callable[[str], Value]


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``."""

    low: float
    high: float
    whole: bool = False

    def __call__(self, text: str) -> Value:
        number = Between(self.low, self.high).check(text)
        if not self.whole:
            return number
        if not number.is_integer():
            raise ValueError(f"a whole number from {self.low:g} to {self.high:g}")
        return int(number)


@dataclass(frozen=True)
class Word:
    """One of some words."""

    words: Tuple[str, ...]

    def __call__(self, text: str) -> Value:
        if text not in self.words:
            raise ValueError(f"one of {', '.join(self.words)}{hint(text, self.words)}")
        return text


@dataclass(frozen=True)
class Range:
    """``low..high``, both in the bounds; of durations (``1ms..20ms``, in seconds once read) or of numbers."""

    low: float
    high: float
    durations: bool = False

    def __call__(self, text: str) -> Value:
        ends = [parse_duration(end) if self.durations else _number(end) for end in text.split("..")]
        found = [end for end in ends if end is not None and self.low <= end <= self.high]
        if len(ends) != 2 or len(found) != 2 or found[0] > found[1]:
            unit = "s" if self.durations else ""
            raise ValueError(f"a range low..high within {self.low:g}{unit}..{self.high:g}{unit}")
        return found


def flag(text: str) -> Value:
    """``true`` or ``false``."""
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def size(text: str) -> Value:
    """``1280x720``, kept as it is written."""
    return str(parse_size(text))


def parse_options(query: str, table: Mapping[str, Kind]) -> Dict[str, Value]:
    """``name=value&…`` by ``table``. Raises Fault that names everything which is wrong."""
    wrong: List[str] = []
    found: Dict[str, Value] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in table:
            wrong.append(f"unknown option {name[:60]}{hint(name, tuple(table))}; allowed: {', '.join(table)}")
            continue
        try:
            found[name] = table[name](text)
        except ValueError as error:
            wrong.append(f"{name}={text[:60]}: allowed is {error}")
    if wrong:
        raise Fault("; ".join(wrong))
    return found


def _number(text: str) -> Union[float, None]:
    try:
        return Between(-1e12, 1e12).check(text)
    except ValueError:
        return None
