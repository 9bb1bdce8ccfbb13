"""The order of showing, read from the stream itself: as encoders made it, and of bytes that are no stream."""

from __future__ import annotations

import random
from typing import List, NamedTuple

import pytest

from edge.capture.clip.order import in_order, order
from tests.capture.clip_streams import H264, H265, generated, stream

STREAMS = {
    "plain": f"x264enc bframes=0 key-int-max=20 ! {H264}",
    "pyramid": f"x264enc bframes=5 b-pyramid=true b-adapt=false key-int-max=20 ! {H264}",
    "open groups": f"x264enc bframes=3 option-string=open-gop=1 key-int-max=10 ! {H264}",
    "long": f"x264enc bframes=2 key-int-max=1000 ! {H264}",
    "matrices": f"x264enc bframes=3 option-string=cqm=jvt ! {H264}",
    "woven": f"x264enc bframes=3 interlaced=true ! {H264}",
    "openh264": f"openh264enc ! {H264}",
    "h265": f"x265enc key-int-max=20 option-string=bframes=4:b-adapt=0 ! {H265}",
    "h265 in layers": f"x265enc key-int-max=20 option-string=temporal-layers=1:bframes=4:b-adapt=0 ! {H265}",
    "h265 open groups": f"x265enc key-int-max=10 option-string=open-gop=1:bframes=3 ! {H265}",
    "h265 long": f"x265enc key-int-max=1000 speed-preset=ultrafast option-string=bframes=2 ! {H265}",
}


@pytest.mark.parametrize("name", STREAMS)
def test_it_is_that_of_the_encoder(name: str) -> None:
    count = 600 if "long" in name else 60  # the number begins anew in its low bits
    packets = stream(generated(count, STREAMS[name], "width=96,height=64"))
    places = order(packets, "h265" if "265" in name and "open" not in name[:5] else "h264")
    assert places is not None
    shown = [packet.pts for packet in packets]
    assert in_order(sorted(shown), places) == shown
    assert name in ("plain", "openh264") or shown != sorted(shown), "there is something to find out"


class _Bytes(NamedTuple):
    data: bytes

    def bytes(self) -> bytes:
        return self.data


class _Packet(NamedTuple):
    buffer: _Bytes


@pytest.mark.parametrize("kind", ["h264", "h265"])
def test_any_bytes(kind: str) -> None:
    chance = random.Random(kind)
    heads = {"h264": [b"\x67", b"\x68", b"\x65", b"\x41"], "h265": [b"\x42\x01", b"\x44\x01", b"\x26\x01", b"\x02\x01"]}
    for _ in range(3000):
        packets: List[_Packet] = []
        for _ in range(3):
            units = [chance.choice(heads[kind]) + chance.randbytes(chance.randint(0, 60)) for _ in range(3)]
            packets.append(_Packet(_Bytes(b"".join(b"\0\0\1" + unit for unit in units))))
        places = order(packets, kind)
        assert places is None or len(places) == 3


def test_other_codecs_have_none() -> None:
    assert order([_Packet(_Bytes(b"\xff\xd8"))], "jpeg") is None
