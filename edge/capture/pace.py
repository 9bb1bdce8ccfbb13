"""How many pictures a second are scaled, at most."""

from typing import Any

from . import pads
from .gst import Gst
from .pipeline import pace


def hold_pace(pipeline: Any, fps: float) -> None:
    """From now on no more than that, where something in ``pipeline`` scales.

    Without a lock: who links may hold it for as long as a decoder takes to open. It is called after that too.
    """
    held = pipeline.get_by_name("pace")
    if held is not None:  # the memory there may be another than the decoder's
        now = held.get_property("caps")
        then = Gst.Caps.from_string(pace(fps, pads.memory(now)))
        # The same ones told again make all in front of it negotiate anew, down to the decoder.
        if not then.is_equal(now):
            held.set_property("caps", then)
