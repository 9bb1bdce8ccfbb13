"""Machines that are no Jetson: one with an NVIDIA GPU, and any other."""

from typing import Dict, Tuple

from .board import Board, Converter, Decoder

# One decoding thread: libav's frame threads cost a quarter more CPU for the same pictures and add a picture of delay
# each, and a single one carries several 1080p30 streams' worth on any board this runs on.
SOFTWARE: Dict[str, Tuple[Decoder, ...]] = {
    "h264": (Decoder("avdec_h264", (("max-threads", 1),)), Decoder("openh264dec")),
    "h265": (Decoder("avdec_h265", (("max-threads", 1),)), Decoder("libde265dec")),
    "jpeg": (Decoder("avdec_mjpeg", (("max-threads", 1),)), Decoder("jpegdec")),
}

ANY_MACHINE = Board(name="any machine", decoders=SOFTWARE)

# GStreamer's own plugin (nvcodec), not NVIDIA's. How many streams, how much memory and which compute capability differ
# with the card and are for CUDA to say. cudaconvertscale is there from GStreamer 1.22 on.
PC_WITH_GPU = Board(
    name="PC with NVIDIA GPU",
    decoders={
        "h264": (Decoder("nvh264dec", memory="CUDA"),) + SOFTWARE["h264"],
        "h265": (Decoder("nvh265dec", memory="CUDA"),) + SOFTWARE["h265"],
        "jpeg": SOFTWARE["jpeg"],
    },
    converter=Converter("cudaconvertscale", memory="CUDA"),
    h264_encoder="nvh264enc",
)
