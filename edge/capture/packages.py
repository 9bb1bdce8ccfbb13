"""Which packages bring an element: Debian's and Ubuntu's names, and NVIDIA's of Jetson Linux."""

from typing import Dict, Tuple

_CORE = ("libgstreamer1.0-0",)
_BASE = ("gstreamer1.0-plugins-base",)
_GOOD = ("gstreamer1.0-plugins-good",)
_BAD = ("gstreamer1.0-plugins-bad",)
_UGLY = ("gstreamer1.0-plugins-ugly",)
_LIBAV = ("gstreamer1.0-libav",)
_L4T = ("nvidia-l4t-gstreamer",)

#: By the element's name, or by its beginning where a plugin's elements have that in common: the longest that fits.
_BY_START: Dict[str, Tuple[str, ...]] = {
    "nvv4l2": _L4T,
    "nvvidconv": _L4T,
    "nvjpeg": _L4T,
    "nvarguscamerasrc": ("nvidia-l4t-gstreamer", "nvidia-l4t-camera"),
    "nvh26": _BAD,
    "cuda": _BAD,
    "va": _BAD,
    "errorignore": _BAD,
    "h264parse": _BAD,
    "h265parse": _BAD,
    "hlsdemux": _BAD,
    "jpegparse": _BAD,
    "libde265": _BAD,
    "openh264": _BAD,
    "tsdemux": _BAD,
    "capssetter": _GOOD,
    "deinterlace": _GOOD,
    "jpegdec": _GOOD,
    "jpegenc": _GOOD,
    "matroskademux": _GOOD,
    "mp4mux": _GOOD,
    "multipartdemux": _GOOD,
    "qtdemux": _GOOD,
    "rtp": _GOOD,
    "rtsp": _GOOD,
    "souphttpsrc": _GOOD,
    "v4l2": _GOOD,
    "videocrop": _GOOD,
    "videoflip": _GOOD,
    "textoverlay": ("gstreamer1.0-x",),
    "x264enc": _UGLY,
    "appsink": _BASE,
    "appsrc": _BASE,
    "parsebin": _BASE,
    "video": _BASE,
    "avdec_": _LIBAV,
    "capsfilter": _CORE,
    "fdsink": _CORE,
    "fakesink": _CORE,
    "filesrc": _CORE,
    "identity": _CORE,
    "queue": _CORE,
    "tee": _CORE,
}
#: GStreamer's own plugin for NVIDIA's cards has these only where the card's driver is there.
_WITH_DRIVER = ("nvh26", "cuda")


def packages(element: str) -> Tuple[str, ...]:
    """What to install for it; empty where that is not known."""
    fitting = [start for start in _BY_START if element.startswith(start)]
    return _BY_START[max(fitting, key=len)] if fitting else ()


def words(element: str) -> str:
    """The same in words: ``nvidia-l4t-gstreamer and nvidia-l4t-camera``."""
    named = " and ".join(packages(element))
    return named + (", and works with NVIDIA's driver" if element.startswith(_WITH_DRIVER) else "")
