"""Jetson Thor (T4000 and T5000, AGX Thor developer kit): JetPack 7."""

from .board import Decoder
from .jetson import HARDWARE, Module, Variant
from .quirks import NO_MAX_PERFORMANCE

# nvv4l2decoder takes no JPEG here (Jetson Linux API Reference r38.2, "00_video_decode"; DeepStream's page on
# Gst-nvvideo4linux2). nvjpegdec does and can leave NVMM (DeepStream 9.2's page on it; needs libnvjpeg.so.13): not
# verified with the nvjpegdec that Jetson Linux itself brings.
_HARDWARE = dict(HARDWARE, jpeg=(Decoder("nvjpegdec", memory="NVMM"),))

THOR = Module(
    name="Jetson Thor",
    soc="tegra264",
    # developer.nvidia.com/cuda-gpus: 11.0 for T5000 and T4000.
    compute_capability=(11, 0),
    # T4000 (OE4T/meta-tegra#2110: board 3834, SKU 0000) and T5000. A real kit on r38.2 says model "NVIDIA Jetson AGX
    # Thor Developer Kit" and nvidia,p4071-0000+p3834-0008 (jetson_stats#711).
    parts={"p3834-0000": (65536,), "p3834-0008": (131072,)},
    models=("Jetson AGX Thor", "Jetson Thor", "T5000", "T4000"),
    # No DLA: "Not Applicable" (RidgeRun's overview of the T5000). 4x 8K30 or 10x 4K60 are published for the T5000's
    # H.265; its figures at 1080p30 are from memory, not looked up. For the T4000 none was found.
    variants=(Variant(65536, {}), Variant(131072, {"h264": 82, "h265": 92})),
    releases=("r38",),
    hardware=_HARDWARE,
    quirks=frozenset((NO_MAX_PERFORMANCE,)),
)
