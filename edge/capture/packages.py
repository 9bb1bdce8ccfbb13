"""Which package brings an element, for those that one may have to install."""

_L4T = "nvidia-l4t-gstreamer"
_CAMERA = "nvidia-l4t-gstreamer and nvidia-l4t-camera"
_DRIVER = "gstreamer1.0-plugins-bad, and works with NVIDIA's driver"

PACKAGES = {
    "nvv4l2decoder": _L4T,
    "nvjpegdec": _L4T,
    "nvvidconv": _L4T,
    "nvarguscamerasrc": _CAMERA,
    "nvh264dec": _DRIVER,
    "nvh265dec": _DRIVER,
    "cudadownload": _DRIVER,
    "cudaconvertscale": _DRIVER,
    "errorignore": "gstreamer1.0-plugins-bad",
    "hlsdemux": "gstreamer1.0-plugins-bad",
    "souphttpsrc": "gstreamer1.0-plugins-good",
    "multipartdemux": "gstreamer1.0-plugins-good",
    "v4l2src": "gstreamer1.0-plugins-good",
    "deinterlace": "gstreamer1.0-plugins-good",
}
