"""Which of a USB camera's forms is taken."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest

from edge.capture.offers import Offer, choose
from edge.errors import Unsupported

# As a common webcam has them: raw is slow where it is large.
WEBCAM = [
    Offer("video/x-raw", "YUY2", 640, 480, 30.0),
    Offer("video/x-raw", "YUY2", 1280, 720, 10.0),
    Offer("video/x-raw", "YUY2", 1920, 1080, 5.0),
    Offer("image/jpeg", "", 640, 480, 30.0),
    Offer("image/jpeg", "", 1280, 720, 30.0),
    Offer("image/jpeg", "", 1920, 1080, 30.0),
]


@pytest.mark.parametrize(
    ("options", "media", "size"),
    [
        ({}, "image/jpeg", (1280, 720)),
        ({"rate": 10}, "video/x-raw", (1280, 720)),
        ({"format": "raw"}, "video/x-raw", (640, 480)),
        ({"size": "1920x1080"}, "image/jpeg", (1920, 1080)),
        ({"size": "640x480"}, "video/x-raw", (640, 480)),
        ({"size": "1920x1080", "format": "raw"}, "video/x-raw", (1920, 1080)),
    ],
)
def test_the_choice(options: Dict[str, Any], media: str, size: Any) -> None:
    offer = choose(WEBCAM, options, "/dev/video0")
    assert (offer.media, (offer.width, offer.height)) == (media, size)


def test_its_caps() -> None:
    assert WEBCAM[0].caps == "video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"
    assert WEBCAM[4].caps == "image/jpeg,width=1280,height=720,framerate=30/1"


@pytest.mark.parametrize(
    ("offers", "options", "words"),
    [
        (WEBCAM, {"size": "800x600"}, "/dev/video0 has no pictures of 800x600; it has 640x480, 1280x720, 1920x1080"),
        (WEBCAM[:3], {"format": "mjpeg"}, "offers no JPEG pictures that can be used; it offers YUY2"),
        ([Offer("video/x-raw", "RG10", 640, 480, 30.0)], {}, "it offers RG10"),
        ([], {}, "it offers nothing"),
    ],
)
def test_what_cannot_be(offers: List[Offer], options: Dict[str, Any], words: str) -> None:
    with pytest.raises(Unsupported) as caught:
        choose(offers, options, "/dev/video0")
    assert words in str(caught.value)
