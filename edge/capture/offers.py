"""Which of the forms that a USB camera offers is taken: pure, from its caps to one form."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..errors import Unsupported
from .element import fraction

#: Formats that the rest of the pipeline takes, the cheapest to convert first.
_RAW = ("NV12", "I420", "YUY2", "UYVY", "YV12", "GRAY8")
_WISH = (1280, 720)


class Offer(NamedTuple):
    """``media``: ``video/x-raw`` with a ``format``, or ``image/jpeg``. ``rate``: the most pictures/s at that size."""

    media: str
    format: str
    width: int
    height: int
    rate: float

    @property
    def caps(self) -> str:
        form = ",format={}".format(self.format) if self.format else ""
        return "{}{},width={},height={},framerate={}".format(
            self.media, form, self.width, self.height, fraction(self.rate)
        )


def choose(offers: List[Offer], options: Dict[str, Any], device: str) -> Offer:
    """The offer nearest to the wished size and rate. Raises Unsupported that names what there is.

    Without a wish: the largest up to 1280x720 at 15 pictures/s or more; raw where that is fast enough, since JPEG is
    decoded first, else JPEG.
    """
    wanted = options.get("format", "auto")
    media = {"mjpeg": ("image/jpeg",), "raw": ("video/x-raw",)}.get(wanted, ("video/x-raw", "image/jpeg"))
    usable = [o for o in offers if o.media in media and (o.media != "video/x-raw" or o.format in _RAW)]
    if not usable:
        there = ", ".join(sorted({o.format or "JPEG" for o in offers})) or "nothing"
        raise Unsupported("{} offers no {} pictures that can be used; it offers {}".format(
            device, {"mjpeg": "JPEG", "raw": "raw"}.get(wanted, "raw or JPEG"), there
        ))  # fmt: skip
    size = _size(options.get("size"))
    rate = float(options.get("rate", 15))
    if size is not None and not any((o.width, o.height) == size for o in usable):
        sizes = sorted({(o.width, o.height) for o in usable})
        raise Unsupported("{} has no pictures of {}x{}; it has {}".format(
            device, size[0], size[1], ", ".join("{}x{}".format(*s) for s in sizes)
        ))  # fmt: skip

    def merit(offer: Offer) -> Tuple[Any, ...]:
        fits = (offer.width, offer.height) == size if size else offer.width <= _WISH[0] and offer.height <= _WISH[1]
        raw = offer.media == "video/x-raw"
        return (fits, min(offer.rate, rate), offer.width * offer.height, raw, -_order(offer))

    return max(usable, key=merit)


def _order(offer: Offer) -> int:
    return _RAW.index(offer.format) if offer.format else len(_RAW)


def _size(text: Optional[str]) -> Optional[Tuple[int, int]]:
    if text is None:
        return None
    width, height = text.split("x")
    return int(width), int(height)
