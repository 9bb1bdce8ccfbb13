"""What a device offers, read from its caps."""

import re
from typing import Any, List

from .offers import Offer
from .pipeline import memory_of


def offers(caps: Any) -> List[Offer]:
    """A device's caps as offers: one for each size and format, at its best rate."""
    found: List[Offer] = []
    for index in range(caps.get_size()):
        structure = caps.get_structure(index)
        fixed, width = structure.get_int("width")
        also, height = structure.get_int("height")
        if not (fixed and also) or memory_of(caps.get_features(index).to_string()):
            continue
        rates = _rates(structure.to_string())
        found.append(Offer(structure.get_name(), structure.get_string("format") or "", width, height, max(rates)))
    return found


def _rates(text: str) -> List[float]:
    """The rates in a structure's text; a list or range of fractions cannot be read by every version's binding."""
    after = text.partition("framerate=")[2].partition(", ")[0] if "{" not in text else text.partition("framerate=")[2]
    found = [int(a) / int(b) for a, b in re.findall(r"(\d+)/(\d+)", after.partition("}")[0]) if int(b)]
    return found or [30.0]
