"""What NVIDIA's elements have, release by release, for comparison: from its published sources and guide.

Of r36 and r38 only the decoder's was seen; the others are taken to be as r35's. Ranks of encoders, camera and
converter, and the names of enumerations' values, are as boards were reported to show them.
"""

from __future__ import annotations

from typing import Any, Dict, Tuple

BIG = 2**31 - 1
U32 = 2**32 - 1
U64 = 2**64 - 1
SIZE = f"width=(int)[ 1, {BIG} ], height=(int)[ 1, {BIG} ]"
RATE = f"framerate=(fraction)[ 0/1, {BIG}/1 ]"
NVMM = "video/x-raw(memory:NVMM)"

#: Of each property its type, value at first, and range or choices.
Table = Dict[str, Tuple[Any, ...]]
FLAG = ("gboolean", False)


def enum(default: int, *nicks: str, **more: str) -> Tuple[Any, ...]:
    """Values from 0 on; others by keywords like ``_4="High"``."""
    values = {str(n): nick for n, nick in enumerate(nicks)}
    values.update({key[1:]: nick for key, nick in more.items()})
    return "enum", default, values


DECODER: Table = {
    "skip-frames": enum(0, "decode_all", "decode_non_ref", "decode_key"),
    "drop-frame-interval": ("guint", 0, [0, 30]),
    "num-extra-surfaces": ("guint", 1, [0, 55]),
    "disable-dpb": FLAG,
    "enable-full-frame": FLAG,
    "enable-frame-type-reporting": FLAG,
    "enable-error-check": FLAG,
    "mjpeg": FLAG,
    "capture-buffer-dynamic-allocation": enum(
        0,
        "cap_buf_dyn_alloc_disabled",
        "fw_cap_buf_dyn_alloc_enabled",
        "rw_cap_buf_dyn_alloc_enabled",
        "fw_rw_cap_buf_dyn_alloc_enabled",
    ),
    "output-io-mode": enum(0, "auto", _2="mmap", _3="userptr"),
    "capture-io-mode": enum(0, "auto", _2="mmap"),
}
DECODER_ONLY: Dict[str, Table] = {
    "r32": {"enable-max-performance": FLAG, "bufapi-version": FLAG},
    "r35": {"enable-max-performance": FLAG},
    "r36": {"enable-max-performance": FLAG},
    "r38": {},
}
CONVERTER: Table = {
    "silent": FLAG,
    "flip-method": enum(
        0,
        "none",
        "counterclockwise",
        "rotate-180",
        "clockwise",
        "horizontal-flip",
        "upper-right-diagonal",
        "vertical-flip",
        "upper-left-diagonal",
    ),
    "interpolation-method": enum(0, "Nearest", "Bilinear", "5-Tap", "10-Tap", "Smart", "Nicest"),
    "output-buffers": ("guint", 4, [1, U32]),
    **{side: ("gint", 0, [0, BIG]) for side in ("left", "right", "top", "bottom")},
    "bl-output": ("gboolean", True),
}
CONVERTER_SINCE_R35: Table = {
    "compute-hw": enum(0, "Default", "GPU", "VIC"),
    "gpu-id": ("guint", 0, [0, U32]),
    "nvbuf-memory-type": enum(
        0, "nvbuf-mem-default", "nvbuf-mem-cuda-pinned", "nvbuf-mem-cuda-device", _4="nvbuf-mem-surface-array"
    ),
}
CAMERA: Table = {
    "sensor-id": ("gint", 0, [0, 255]),
    "sensor-mode": ("gint", -1, [-1, 255]),
    "total-sensor-modes": ("gint", 0, [0, 255]),
    "timeout": ("guint", 0, [0, BIG]),
    "silent": ("gboolean", True),
    "wbmode": enum(
        1,
        "off",
        "auto",
        "incandescent",
        "fluorescent",
        "warm-fluorescent",
        "daylight",
        "cloudy-daylight",
        "twilight",
        "shade",
        "manual",
    ),
    "saturation": ("gfloat", 1.0, [0.0, 2.0]),
    **dict.fromkeys(("exposuretimerange", "gainrange", "ispdigitalgainrange"), ("gchararray", None)),
    "tnr-strength": ("gfloat", -1.0, [-1.0, 1.0]),
    "ee-strength": ("gfloat", -1.0, [-1.0, 1.0]),
    "tnr-mode": enum(1, "NoiseReduction_Off", "NoiseReduction_Fast", "NoiseReduction_HighQuality"),
    "ee-mode": enum(1, "EdgeEnhancement_Off", "EdgeEnhancement_Fast", "EdgeEnhancement_HighQuality"),
    "aeantibanding": enum(
        1, "AeAntibandingMode_Off", "AeAntibandingMode_Auto", "AeAntibandingMode_50HZ", "AeAntibandingMode_60HZ"
    ),
    "exposurecompensation": ("gfloat", 0.0, [-2.0, 2.0]),
    "aelock": FLAG,
    "awblock": FLAG,
}
CAMERA_SINCE_R35: Table = {
    "aeregion": ("gchararray", None),
    "event-wait": ("guint64", 3000000000, [0, U64]),
    "acquire-wait": ("guint64", 5000000000, [0, U64]),
}
H264: Table = {
    "bitrate": ("guint", 4000000, [0, U32]),
    "control-rate": enum(1, "variable_bitrate", "constant_bitrate"),
    "iframeinterval": ("guint", 30, [0, U32]),
    "idrinterval": ("guint", 256, [0, U32]),
    "insert-sps-pps": FLAG,
    "preset-level": enum(1, "DisablePreset", "UltraFastPreset", "FastPreset", "MediumPreset", "SlowPreset"),
    "profile": enum(0, "Baseline", _2="Main", _4="High"),
    "maxperf-enable": FLAG,
}


#: Of nvjpegdec nothing was published; this is as boards were reported to show it.
JPEG_DECODER: Table = {
    "idct-method": enum(1, "islow", "ifast", "float"),
    "max-errors": ("gint", 0, [-1, BIG]),
}


def properties(element: str, release: str) -> Table:
    old = release == "r32"
    return {
        "nvv4l2decoder": {**DECODER, **DECODER_ONLY[release]},
        "nvvidconv": {**CONVERTER, **({} if old else CONVERTER_SINCE_R35)},
        "nvarguscamerasrc": {**CAMERA, **({"bufapi-version": FLAG} if old else CAMERA_SINCE_R35)},
        "nvjpegdec": JPEG_DECODER,
        "nvjpegenc": {"quality": ("gint", 85, [0, 100])},
        "nvv4l2h264enc": H264,
    }[element]


def strings(*names: str) -> str:
    return "format=(string){ " + ", ".join(names) + " }"


def templates(element: str, release: str) -> Dict[str, str]:
    old = release == "r32"
    y444 = [] if old else ["Y444"]
    both = ["UYVY", "YUY2", "YVYU", "NV12", "NV16", "NV24"]
    last = ["GRAY8", "BGRx", "RGBA", "Y42B", *y444]
    form = "stream-format=(string)byte-stream, alignment=(string)au"
    jpeg = "I420 YV12 YUY2 UYVY Y41B Y42B YVYU Y444 RGB BGR RGBx xRGB BGRx xBGR GRAY8" if old else "I420 YV12 GRAY8"

    def converter(nvmm: str, system: str) -> str:
        ten = ["I420", "I420_10LE", "P010_10LE", *nvmm.split()]
        return (
            f"{NVMM}, {SIZE}, {RATE}, {strings(*ten, *both, *last)}; "
            f"video/x-raw, {SIZE}, {RATE}, {strings('I420', *both, *system.split(), *last)}"
        )

    return {
        "nvv4l2decoder": {
            "sink": f"image/jpeg; video/x-h264, {form}; video/x-h265, {form}; "
            "video/mpeg, mpegversion=(int){ 1, 2, 4 }, systemstream=(boolean)false; "
            "video/x-divx; video/x-vp8; video/x-vp9" + ("" if old else "; video/x-av1"),
            "src": f"{NVMM}, {SIZE}, {RATE}",
        },
        "nvvidconv": {"sink": converter("I420_12LE", "P010_10LE"), "src": converter("", "")},
        "nvarguscamerasrc": {
            "src": f"{NVMM}, {SIZE}, {strings('NV12', 'P010_10LE') if old else 'format=(string)NV12'}, {RATE}"
        },
        "nvjpegdec": {
            "sink": f"image/jpeg, {SIZE}, {RATE}",
            "src": f"{NVMM}, format=(string)I420; video/x-raw, format=(string)I420",
        },
        "nvjpegenc": {
            "sink": f"{NVMM}, {strings('I420', 'NV12')}; video/x-raw, {strings(*jpeg.split())}",
            "src": "image/jpeg",
        },
        "nvv4l2h264enc": {
            "sink": f"{NVMM}, {strings('I420', 'NV12', 'P010_10LE', 'NV24')}",
            "src": f"video/x-h264, {form}",
        },
    }[element]


RANKS = {
    "nvv4l2decoder": 256 + 11,
    "nvvidconv": 256,
    "nvarguscamerasrc": 256,
    "nvjpegdec": 256,
    "nvjpegenc": 256 + 10,
    "nvv4l2h264enc": 256 + 10,
}
KLASSES = {
    "nvv4l2decoder": "Codec/Decoder/Video",
    "nvvidconv": "Filter/Converter/Video/Scaler",
    "nvarguscamerasrc": "Video/Capture",
    "nvjpegdec": "Codec/Decoder/Image",
    "nvjpegenc": "Codec/Encoder/Image",
    "nvv4l2h264enc": "Codec/Encoder/Video",
}
