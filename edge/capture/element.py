"""An element of a pipeline as plain data."""

from typing import NamedTuple, Optional, Tuple


class Element(NamedTuple):
    """``properties`` are set only where the element has them; a capsfilter is an element too."""

    factory: str
    properties: Tuple[Tuple[str, object], ...] = ()
    name: Optional[str] = None


def caps(text: str, name: Optional[str] = None) -> Element:
    return Element("capsfilter", (("caps", text),), name)


def fraction(rate: float) -> str:
    """A rate in pictures/s as GStreamer writes it, to a thousandth: 12.5 is ``25/2``."""
    number, divisor = round(rate * 1000), 1000
    a, b = number, divisor
    while b:
        a, b = b, a % b
    return "{}/{}".format(number // a, divisor // a)
