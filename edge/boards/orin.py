"""Jetson Orin Nano, Jetson Orin NX and Jetson AGX Orin: JetPack 5, 6 and, from 7.2 (L4T 39.2) on, 7."""

from .jetson import Module, Variant
from .quirks import DLA_FP16_IS_SLOW

# All: compute capability 8.7 (developer.nvidia.com/cuda-gpus). Decoding is published for H.265 alone (NVIDIA's
# comparison of modules, and Seeed's wiki of the reComputer J30, J40 and J501, which copies it): no figure for H.264 was
# found.
_RELEASES = ("r35", "r36", "r38")

ORIN_NANO = Module(
    name="Jetson Orin Nano",
    soc="tegra234",
    compute_capability=(8, 7),
    # 8 GB, 4 GB, 8 GB of the developer kit: the kernel's binding (arm/tegra.yaml) and NVIDIA's jetson-gpio. A real kit
    # on r35.3.1 says model "NVIDIA Orin Nano Developer Kit" and names -0003 and -0005 (jetson_stats#400); with the
    # "Super" clocks of r36.4 a part reads p3767-0005-super. A maker's model may be wrong where the part is right.
    parts={"p3767-0003": (8192,), "p3767-0004": (4096,), "p3767-0005": (8192,)},
    models=("Orin Nano",),
    # No DLA ("DL Accelerator: -") and no NVENC (Jetson Linux Developer Guide, "Software Encode in Orin Nano").
    variants=(Variant(4096, {"h265": 11}), Variant(8192, {"h265": 11})),
    releases=_RELEASES,
    h264_encoder=None,
)

ORIN_NX = Module(
    name="Jetson Orin NX",
    soc="tegra234",
    compute_capability=(8, 7),
    # 16 GB, 8 GB, and 16 GB of the kernel's binding.
    parts={"p3767-0000": (16384,), "p3767-0001": (8192,), "p3767-0002": (16384,)},
    models=("Orin NX",),
    # One and two DLA cores, 18x 1080p30: Seeed's table, for both. (A second copy gives the smaller 12, which are its
    # encoder's figures.)
    variants=(Variant(8192, {"h265": 18}, 1), Variant(16384, {"h265": 18}, 2)),
    releases=_RELEASES,
    quirks=frozenset((DLA_FP16_IS_SLOW,)),
)

AGX_ORIN = Module(
    name="Jetson AGX Orin",
    soc="tegra234",
    compute_capability=(8, 7),
    # Developer kit 32 GB (an early board had -0001, jetson_stats#864), module 32 GB, 64 GB, Industrial 64 GB
    # (jetson_stats#598). A real 64 GB kit names nvidia,p3737-0000+p3701-0005 (jetson-gpio#125).
    parts={
        "p3701-0000": (32768,),
        "p3701-0001": (32768,),
        "p3701-0004": (32768,),
        "p3701-0005": (65536,),
        "p3701-0008": (65536,),
    },
    models=("AGX Orin",),
    variants=(Variant(32768, {"h265": 18}, 2), Variant(65536, {"h265": 22}, 2)),
    releases=_RELEASES,
    quirks=frozenset((DLA_FP16_IS_SLOW,)),
)
