"""What each picture is looked at for before anybody else gets it, where it lies: whether it matters, and whether it is
the same as all before.
"""

from typing import TYPE_CHECKING, NamedTuple, Optional

from ..frozen import Change, FrozenWatch, sample
from ..sink import Picture
from .gate import Gate, Wish
from .luma import Luma, luma

if TYPE_CHECKING:
    from .measure import Measure

#: Motion was not measured.
UNKNOWN = -1.0


class Look(NamedTuple):
    """``motion``: the share that moved, or UNKNOWN; ``frozen``: what has changed of that, if anything."""

    matters: bool
    motion: float
    frozen: Optional[Change]


class Looks:
    """``frozen``: None where the same picture over and over is meant."""

    def __init__(self, gate: Gate, frozen: Optional[FrozenWatch]) -> None:
        self._gate, self._frozen = gate, frozen
        self._measure: Optional["Measure"] = None

    def look(self, picture: Picture, now: int) -> Look:
        """``now``: in nanoseconds that never step. Where there is nothing to look for, the picture is left alone."""
        wished = self._gate.wish
        frozen = self._frozen if self._frozen is not None and self._frozen.due(now) else None
        share, change = None, None
        if wished is not None or frozen is not None:
            with luma(picture.sample, picture.layout) as plane:
                if plane is not None and wished is not None:
                    share = self._share(plane, wished, picture.captured)
                if plane is not None and frozen is not None:
                    change = frozen.look(sample(*plane), now)
        return Look(self._gate.look(share, now), UNKNOWN if share is None else share, change)

    def _share(self, plane: Luma, wished: Wish, captured: int) -> Optional[float]:
        if self._measure is None:
            # What it needs (numpy) takes memory that most processes can do without.
            from .measure import Measure

            self._measure = Measure()
        return self._measure.share(plane, wished, captured)
