"""One snapshot, from the order to the JPEG."""

from typing import Any, Dict, List, NamedTuple, Optional

from ...boards import Board
from ..gst import exists
from ..mask import Masks
from ..ring.ring import Ring
from . import jpeg
from .draw import area, cropped, draw_box, draw_label, letter_height
from .recall import Recall, Still
from .text import letters

FORMS = ("boxed", "clean", "crop")


class Order(NamedTuple):
    """``captured``: the picture's key; None for the newest. ``box``: x1 y1 x2 y2 as fractions of the picture."""

    request: int
    captured: Optional[int]
    form: str
    box: Optional[List[float]]
    label: str
    quality: int
    masks: List[Any]


def read(order: Dict[str, Any]) -> Order:
    """Raises ValueError, KeyError or TypeError for what is no order."""
    captured, box, form = order["captured"], order["box"], order["form"]
    if form not in FORMS:
        raise ValueError("no form {!r}".format(form))
    if box is not None:
        box = [float(v) for v in box]
        if len(box) != 4 or not all(abs(v) < 1e6 for v in box):  # not a number neither
            raise ValueError("no box {!r}".format(box))
    masks = [[(float(x), float(y)) for x, y in polygon] for polygon in order["masks"]]
    quality = min(100, max(1, int(order["quality"])))
    captured = None if captured is None else int(captured)
    return Order(int(order["request"]), captured, form, box, str(order["label"]), quality, masks)


class Snapshot(NamedTuple):
    """``captured``: of the very picture that is shown."""

    jpeg: bytes
    width: int
    height: int
    captured: int


class Camera:
    """What snapshots are made of. Raises EvidenceError in words."""

    def __init__(self, ring: Ring, board: Board) -> None:
        self._ring, self._board, self._recall = ring, board, Recall(board)

    def snapshot(self, order: Order) -> Snapshot:
        found = self._ring.find(order.captured)
        still = drawn(self._recall.picture(found), order)
        data = jpeg.encode(still, order.quality, self._board, exists)
        return Snapshot(data, still.width, still.height, found.captured)


def drawn(still: Still, order: Order) -> Still:
    """The picture as it leaves the device. First its masks: whatever is drawn is drawn over them."""
    Masks(order.masks).fill(still.planes, "i420", full_range=True)
    if order.box is None or order.form == "clean":
        return still
    if order.form == "crop":
        return cropped(still, order.box)
    box = area(still, order.box)
    draw_box(still, box)
    draw_label(still, box, letters(order.label, letter_height(still)) if order.label else None)
    return still
