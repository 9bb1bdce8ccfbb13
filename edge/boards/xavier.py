"""Jetson Xavier NX and Jetson AGX Xavier: JetPack 4 and 5."""

from .jetson import Module, Variant

# Both: compute capability 7.2 (developer.nvidia.com/cuda-legacy-gpus), two DLA cores ("2x NVDLA" in NVIDIA's comparison
# of modules).

# NVIDIA's table as in Seeed's wiki of the reComputer J20: 44x 1080p30 with H.265, 22x with H.264. The preliminary data
# sheet (DA-09366, 2020) still said 32 and 16: the 20 W mode came later, with JetPack 4.6.
_NX_DECODES = {"h264": 22, "h265": 44}

XAVIER_NX = Module(
    name="Jetson Xavier NX",
    soc="tegra194",
    compute_capability=(7, 2),
    # Developer kit (microSD), module, module with 16 GB: jetson_stats' table of modules. In full:
    # nvidia,p3449-0000+p3668-0001, nvidia,p3509-0000+p3668-0001 (r35's device tree names several, so memory decides).
    parts={"p3668-0000": (8192,), "p3668-0001": (8192,), "p3668-0003": (16384,)},
    models=("Xavier NX",),
    variants=(Variant(8192, _NX_DECODES, 2), Variant(16384, _NX_DECODES, 2)),
    releases=("r32", "r35"),
)

# 26x 1080p60, 52x 1080p30 with H.265 (NVIDIA's comparison of modules). H.264: 32 [from memory, not looked up].
_AGX_DECODES = {"h264": 32, "h265": 52}

AGX_XAVIER = Module(
    name="Jetson AGX Xavier",
    soc="tegra194",
    compute_capability=(7, 2),
    # jetson_stats' table of modules; p2888-0001 also stands for the one with 32 GB (jetson_stats#87), -0008 is the
    # Industrial. 8 GB was sold as -0006.
    parts={
        "p2888-0001": (16384, 32768),
        "p2888-0003": (32768,),
        "p2888-0004": (32768,),
        "p2888-0005": (65536,),
        "p2888-0006": (8192,),
        "p2888-0008": (32768,),
    },
    names=(  # Jetson.GPIO's list, and what UEFI looks for
        "nvidia,p2972-0000",
        "nvidia,p2972-0006",
        "nvidia,jetson-xavier",
        "nvidia,galen",
        "nvidia,galen-industrial",
        "nvidia,jetson-xavier-industrial",
    ),
    models=("Jetson-AGX", "jetson-xavier", "AGX Xavier"),  # r32.2 and later, r32.1 (Adafruit_Python_PlatformDetect#37)
    variants=tuple(Variant(memory, _AGX_DECODES, 2) for memory in (8192, 16384, 32768, 65536)),
    releases=("r32", "r35"),
)
