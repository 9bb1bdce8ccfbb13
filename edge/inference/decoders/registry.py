"""Decoders by name."""

from typing import Any, Callable, Dict, List, Mapping, Tuple, Type

from edge.errors import Incompatible
from edge.inference.decoders.base import Decoder

_FAMILIES: Dict[str, Type[Decoder]] = {}


def register(*names: str) -> Callable[[Type[Decoder]], Type[Decoder]]:
    """Make a decoder known under these names."""

    def add(family: Type[Decoder]) -> Type[Decoder]:
        for name in names:
            _FAMILIES[name] = family
        return family

    return add


def families() -> List[str]:
    """The names that ``make_decoder`` knows."""
    return sorted(_FAMILIES)


def make_decoder(output: Mapping[str, Any], labels: int, input_size: Tuple[int, int]) -> Decoder:
    """The decoder that ``output`` (decoder, nms_iou and what else the family takes) asks for.

    ``labels`` is the number of classes, ``input_size`` the network's (width, height).
    Raises Incompatible for a name that is not known or an option that the family does not have.
    """
    name = str(output.get("decoder"))
    if name not in _FAMILIES:
        raise Incompatible("output decoder {!r} is not one of {}".format(name, ", ".join(families())))
    return _FAMILIES[name](output, labels, input_size)
