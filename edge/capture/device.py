"""What a device offers, read from its caps, and the best of that."""

import re
from typing import Any, Callable, List

from ..errors import Unreachable
from .element import caps
from .gst import Gst, build
from .offers import Offer, choose
from .pipeline import memory_of
from .source import Source


def take_form(pipeline: Any, device: Any, source: Source, check: Callable[[], None]) -> Any:
    """Ask the device what it offers, and keep it to the best of that: the element that does so, linked behind it.

    ``check`` raises what the pipeline has said is wrong.
    """
    place = (source.options or {})["device"]
    if device.set_state(Gst.State.READY) == Gst.StateChangeReturn.FAILURE:
        check()
        raise Unreachable("{} cannot be opened".format(place))
    form = choose(offers(device.get_static_pad("src").query_caps(None)), source.options or {}, place)
    (chosen,) = build(pipeline, [caps(form.caps)])
    device.link(chosen)
    return chosen


def offers(told: Any) -> List[Offer]:
    """A device's caps as offers: one for each size and format, at its best rate."""
    found: List[Offer] = []
    for index in range(told.get_size()):
        structure = told.get_structure(index)
        fixed, width = structure.get_int("width")
        also, height = structure.get_int("height")
        if not (fixed and also) or memory_of(told.get_features(index).to_string()):
            continue
        rates = _rates(structure.to_string())
        found.append(Offer(structure.get_name(), structure.get_string("format") or "", width, height, max(rates)))
    return found


def _rates(text: str) -> List[float]:
    """The rates in a structure's text; a list or range of fractions cannot be read by every version's binding."""
    after = text.partition("framerate=")[2].partition(", ")[0] if "{" not in text else text.partition("framerate=")[2]
    found = [int(a) / int(b) for a, b in re.findall(r"(\d+)/(\d+)", after.partition("}")[0]) if int(b)]
    return found or [30.0]
