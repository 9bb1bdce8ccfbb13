"""An element of a pipeline as plain data, which prints as ``gst-launch-1.0`` takes it."""

from typing import List, NamedTuple, Optional, Tuple


class Element(NamedTuple):
    """``properties`` are set only where the element has them; a capsfilter is an element too."""

    factory: str
    properties: Tuple[Tuple[str, object], ...] = ()
    name: Optional[str] = None

    def __str__(self) -> str:
        if self.factory == "capsfilter":
            return "'{}'".format(dict(self.properties)["caps"])
        words = [self.factory]
        if self.name:
            words.append("name=" + self.name)
        for key, value in self.properties:
            # A password is a property like any other here, but nothing that is printed may hold it.
            shown = "***" if key == "user-pw" else str(value).lower() if isinstance(value, bool) else str(value)
            words.append("{}={}".format(key, '"{}"'.format(shown) if " " in shown else shown))
        return " ".join(words)


def describe(elements: List[Element]) -> str:
    """The elements as a ``gst-launch-1.0`` line."""
    return " ! ".join(str(e) for e in elements)


def caps(text: str, name: Optional[str] = None) -> Element:
    return Element("capsfilter", (("caps", text),), name)


def fraction(rate: float) -> str:
    """A rate in pictures/s as GStreamer writes it, to a thousandth: 12.5 is ``25/2``."""
    number, divisor = round(rate * 1000), 1000
    a, b = number, divisor
    while b:
        a, b = b, a % b
    return "{}/{}".format(number // a, divisor // a)
