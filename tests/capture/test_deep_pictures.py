"""Pictures of ten bits a sample that lie in a GPU's memory: their upper bytes are sent, as NV12."""

from __future__ import annotations

from typing import Any, List

import numpy as np
import pytest

from edge.boards import Board, Decoder
from edge.boards.pc import PC_WITH_GPU
from edge.capture.pipeline import Parts, tail
from edge.capture.source import Source

FILE = Source("file", "/clip.mp4")


def sample_of(form: str) -> Any:
    from edge.capture import native
    from edge.capture.gst import Gst

    Gst.init(None)
    pipeline = Gst.parse_launch(
        f"videotestsrc num-buffers=1 ! video/x-raw,format=I420,width=642,height=362,colorimetry=bt709 ! videoconvert ! "
        f"video/x-raw,format={form} ! appsink name=sink sync=false"
    )
    pipeline.set_state(Gst.State.PLAYING)
    try:
        found = native.pull(native.address(pipeline.get_by_name("sink")), 10**10)
        assert found is not None
        return found
    finally:
        pipeline.set_state(Gst.State.NULL)


def planes_of(sample: Any) -> List[np.ndarray]:
    """The planes of a sample's picture as they are sent."""
    from edge.capture.picture import LayoutReader, copy

    layout = LayoutReader().read(sample)
    place = np.zeros(layout.size, np.uint8)
    copy(sample, layout, place.ctypes.data, place.size)
    return [
        np.lib.stride_tricks.as_strided(place[offset:], (rows, layout.width), (stride, 1)).copy()
        for rows, offset, stride in zip((362, 181), layout.offsets, layout.strides)
    ]


@pytest.mark.filterwarnings("ignore:DynamicImporter:ImportWarning")  # gi's, on Python 3.11
def test_ten_bits_become_eight() -> None:
    eight, ten = planes_of(sample_of("NV12")), planes_of(sample_of("P010_10LE"))
    for plane, deep in zip(eight, ten):
        assert np.abs(plane.astype(int) - deep).max() <= 1  # the converter's own rounding
        assert plane.std() > 20


def line(source: Source, board: Board = PC_WITH_GPU, lacks: str = "") -> str:
    decoder = Decoder("nvh264dec", memory="CUDA")
    elements = tail(source, "h264", False, decoder, Parts(board, "videoscale", lambda name: name != lacks))
    return " ! ".join(str(dict(e.properties).get("caps", e.factory)) for e in elements)


def test_pictures_stay_in_the_gpu_until_one_is_asked_for() -> None:
    assert line(FILE) == "h264parse ! nvh264dec ! video/x-raw(memory:CUDAMemory),format={NV12,P010_10LE} ! appsink"


def test_the_gpu_scales_where_it_can() -> None:
    small = FILE._replace(size=(640, 360))
    assert "! cudaconvertscale ! video/x-raw(memory:CUDAMemory),format=NV12,width=640" in line(small)
    assert "cudadownload" not in line(small)
    assert "! cudadownload ! videorate" in line(small, lacks="cudaconvertscale")
