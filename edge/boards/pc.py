"""Machines that are no Jetson: one with an NVIDIA GPU, and any other."""

from typing import Dict, Tuple

from .board import Board, Converter, Decoder, Encoder

# One decoding thread: libav's frame threads cost a quarter more CPU for the same pictures and add a picture of delay
# each, and a single one carries several 1080p30 streams' worth on any board this runs on.
SOFTWARE: Dict[str, Tuple[Decoder, ...]] = {
    "h264": (Decoder("avdec_h264", (("max-threads", 1),)), Decoder("openh264dec")),
    "h265": (Decoder("avdec_h265", (("max-threads", 1),)), Decoder("libde265dec")),
    "jpeg": (Decoder("avdec_mjpeg", (("max-threads", 1),)), Decoder("jpegdec")),
}

# Each picture is out before the next goes in: no picture refers to a later one, and none waits. x264 holds the quality
# (its scale: 18 to 28 look alike to most eyes); openh264's rate control leaves pictures out, so it holds a quantizer.
SOFTWARE_ENCODERS: Tuple[Encoder, ...] = (
    Encoder(
        "x264enc",
        (
            ("speed-preset", "veryfast"),
            ("tune", "zerolatency"),
            ("pass", "qual"),
            ("quantizer", 21),
            ("key-int-max", 60),
            ("threads", 2),
        ),
    ),
    Encoder("openh264enc", (("rate-control", "off"), ("qp-min", 22), ("qp-max", 26), ("gop-size", 60))),
)

ANY_MACHINE = Board(name="any machine", decoders=SOFTWARE, encoders=SOFTWARE_ENCODERS)

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
    encoders=(
        Encoder("nvh264enc", (("gop-size", 60), ("zerolatency", True)), bitrate="bitrate", unit=1000, hardware=True),
        *SOFTWARE_ENCODERS,
    ),
)
