"""How much of each picture of a camera moved."""

from typing import Optional

from .cells import Sampler
from .detector import Detector
from .gate import Wish
from .luma import Luma


class Measure:
    """Begins anew with pictures of another size."""

    def __init__(self) -> None:
        self._sampler = Sampler()
        self._detector: Optional[Detector] = None
        self._wish: Optional[Wish] = None

    def share(self, plane: Luma, wished: Wish, captured: int) -> Optional[float]:
        """0 for what is not motion; None for a picture that is too small. ``captured``: when it was taken, in ns."""
        found = self._sampler.cells(plane)
        if found is None:
            return None
        rows, columns = found.shape
        if self._detector is None or self._detector.shape != (rows, columns):
            self._detector = Detector(rows, columns, wished.sensitivity, wished.masks)
        elif wished is not self._wish:
            self._detector.set(wished.sensitivity, wished.masks)
        self._wish = wished
        return self._detector.look(found, captured)
