"""Masked clips: nothing of what is behind a mask is in any picture of them, and the rest is as it was."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest

from edge.boards import ANY_MACHINE, Board, Decoder, Encoder
from edge.capture.clip import encode
from edge.capture.clip import write as clip_write
from edge.capture.clip.gather import Gathering
from edge.capture.clip.write import Written
from edge.capture.evidence_fault import EvidenceError
from edge.capture.gst import exists
from edge.capture.mask import covered
from edge.capture.ring.packet import Packet
from tests.capture.clip_files import decoded, probed
from tests.capture.clip_streams import BASE, H264, H265, bare, ring, stream, times

MASK = [(0.3, 0.2), (0.9, 0.35), (0.6, 0.9)]
#: After coding, black may be so far from black at the mask's edge, which rings, and so far away from it.
EDGE, BLACK = 16 + 26, 16 + 4
NOISE = "videotestsrc num-buffers={} pattern=snow ! video/x-raw,format=I420,width={},height={},framerate=15/1"
CODERS = {
    "h264": f"x264enc bframes=2 key-int-max=15 bitrate=4000 ! {H264}",
    "h265": f"x265enc key-int-max=15 bitrate=4000 ! {H265}",
    "jpeg": "jpegenc quality=90",
}


def people(shared: Path, coder: str, seconds: float = 3) -> List[Packet]:
    clip = shared / "media" / "vtest-h264.mp4"
    line = f"filesrc location={clip} ! qtdemux ! h264parse ! avdec_h264 ! videoconvert ! {coder}"
    packets = stream(line.replace("avdec_h264", f"avdec_h264 ! identity eos-after={int(10 * seconds)}"))
    assert packets
    return packets


def save(packets: List[Packet], path: Path, masks: Any, board: Board = ANY_MACHINE) -> Written:
    clip = Gathering(BASE, BASE + 10**12)
    clip.look(ring(packets), 10**9, 0)
    fd = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        return clip_write.write(clip, fd, masks, board)
    finally:
        os.close(fd)


def far_inside(width: int, height: int, pixels: int = 1) -> np.ndarray:
    """What is covered and not within so many pixels of anything that is not."""
    cover = covered(width, height, [MASK])
    for _ in range(pixels):
        grown = cover.copy()
        grown[1:] &= cover[:-1]
        grown[:-1] &= cover[1:]
        grown[:, 1:] &= cover[:, :-1]
        grown[:, :-1] &= cover[:, 1:]
        cover = grown
    return cover


def psnr(ours: np.ndarray, theirs: np.ndarray) -> float:
    error = np.mean((ours.astype(float) - theirs.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@pytest.fixture(params=[encoder.element for encoder in ANY_MACHINE.encoders])
def board(request: pytest.FixtureRequest) -> Board:
    """A machine with one of the encoders."""
    if not exists(request.param):
        pytest.skip(f"no {request.param} here")
    return ANY_MACHINE._replace(encoders=tuple(e for e in ANY_MACHINE.encoders if e.element == request.param))


@pytest.mark.parametrize("codec", CODERS)
def test_black_inside_and_the_picture_outside(codec: str, board: Board, shared: Path, tmp_path: Path) -> None:
    packets = people(shared, CODERS[codec])
    path = tmp_path / "clip.mp4"
    found = save(packets, path, [MASK])
    assert (found.codec, found.encoder) == ("h264", ANY_MACHINE.encoders[0].element)
    found = save(packets, path, [MASK], board)
    assert (found.codec, found.encoder) == ("h264", board.encoders[0].element)
    told = probed(path)
    assert told["codec_tag_string"] == "avc1" and float(told["start_time"]) == 0
    assert np.allclose(told["pts"], times(packets), atol=0.001)
    width, height = int(told["width"]), int(told["height"])
    ours = decoded(path, width, height)
    name = {"jpeg": "all.mjpeg"}.get(codec, f"all.{codec}")
    theirs = decoded(bare(packets, tmp_path / name), width, height)
    assert ours.shape == theirs.shape
    hidden, deep = far_inside(width, height), far_inside(width, height, 20)
    seen = ~covered(width, height, [MASK])
    for mine, before in zip(ours, theirs):
        if codec == "jpeg":  # of full range
            before = 16 + before * (219 / 255)
        assert mine[:height][hidden].max() <= EDGE and mine[:height][deep].max() <= BLACK
        assert psnr(mine[:height][seen], before[:height][seen]) >= 30
    colours = hidden[::2, ::2] & hidden[1::2, ::2]
    chroma = ours[:, height:].reshape(len(ours), 2, height // 2, width // 2)
    assert np.abs(chroma[:, :, colours].astype(int) - 128).max() <= 12


def test_what_is_behind_the_mask_makes_no_difference(shared: Path, tmp_path: Path) -> None:
    """Two streams that differ behind the mask alone make, picture by picture, the very same masked clip."""
    size = (320, 240)
    found: List[Tuple[bytes, bytes]] = []
    for pattern in ("snow", "smpte"):
        base = f"videotestsrc num-buffers=10 pattern={pattern} ! video/x-raw,format=I420,width=320,height=240"
        # The box that hides the pattern is drawn over all but the mask: outside, both are alike.
        path = tmp_path / f"{pattern}.mp4"
        packets = stream(f"{base},framerate=10/1 ! jpegenc quality=100")
        save(packets, path, [[(0, 0), (1, 0), (1, 1), (0, 1)]])
        pictures = decoded(path, *size)
        assert pictures.shape[0] == 10 and pictures[:, :240].max() <= 18 and pictures[:, :240].min() >= 14
        found.append((pictures.tobytes(), path.read_bytes()))
    assert found[0][0] == found[1][0]


def test_a_start_that_was_sent_twice(shared: Path, tmp_path: Path) -> None:
    """As of a file that is looped: its first pictures come before it is told to go to its start, and again after."""
    packets = people(shared, CODERS["h264"])
    again = [copy.copy(packet) for packet in packets]
    for serial, packet in enumerate(again, packets[0].serial + 1):
        packet.serial = serial
    path = tmp_path / "clip.mp4"
    save(packets[:1] + again, path, [MASK])
    assert len(decoded(path, 768, 576)) >= len(packets)


def test_noise_behind_a_mask_is_gone(tmp_path: Path) -> None:
    packets = stream(f"{NOISE.format(15, 322, 182)} ! {CODERS['h264']}")
    path = tmp_path / "clip.mp4"
    save(packets, path, [MASK])
    pictures = decoded(path, 322, 182)[:, :182]
    assert len(pictures) == 15
    deep = far_inside(322, 182, 20)
    assert pictures[:, far_inside(322, 182)].max() <= EDGE + 24, "noise rings most"
    assert pictures[:, deep].max() <= BLACK and deep.sum() > 3000


def test_without_an_encoder_it_is_refused_in_words(tmp_path: Path) -> None:
    packets = stream(f"{NOISE.format(3, 64, 64)} ! {CODERS['h264']}")
    board = ANY_MACHINE._replace(encoders=tuple(Encoder("no" + e.element) for e in ANY_MACHINE.encoders))
    with pytest.raises(EvidenceError, match=r"clips\.masked: it needs an encoder for H\.264, and none is installed"):
        save(packets, tmp_path / "clip.mp4", [MASK], board)
    with pytest.raises(EvidenceError, match=r"gstreamer1\.0-plugins-ugly"):
        encode.encoders(ANY_MACHINE, lambda element: False)
    assert (tmp_path / "clip.mp4").stat().st_size == 0


@pytest.mark.parametrize("fault", ["the masks", "the decoder", "the encoder", "no time"])
def test_whatever_fails_nothing_unmasked_is_left(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = stream(f"{NOISE.format(8, 64, 64)} ! {CODERS['h264']}")
    board, masks = ANY_MACHINE, [MASK]
    expected: Any = EvidenceError
    if fault == "the masks":
        masks, expected = [["not a corner"]], Exception
    elif fault == "the decoder":
        board = board._replace(decoders={**board.decoders, "h264": (Decoder("identity"),)})
    elif fault == "the encoder":
        board = board._replace(encoders=(Encoder("jpegenc"),))
    else:
        monkeypatch.setattr(clip_write, "_ENCODE_NS", -(10**12))
    path = tmp_path / "clip.mp4"
    with pytest.raises(expected):
        save(packets, path, masks, board)
    assert path.stat().st_size == 0


def test_an_encoder_that_fails_is_followed_by_the_next(tmp_path: Path) -> None:
    """As a hardware's encoder does when all its sessions are taken."""
    packets = stream(f"{NOISE.format(8, 64, 64)} ! {CODERS['h264']}")
    board = ANY_MACHINE._replace(encoders=(Encoder("jpegenc", hardware=True), *ANY_MACHINE.encoders))
    found = save(packets, tmp_path / "clip.mp4", [MASK], board)
    assert found.encoder == ANY_MACHINE.encoders[0].element
    assert len(probed(tmp_path / "clip.mp4")["pts"]) == 8
