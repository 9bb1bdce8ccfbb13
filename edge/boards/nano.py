"""Jetson Nano and Jetson TX2: the last of JetPack 4."""

from .jetson import Module, Variant

# Compute capability of both: developer.nvidia.com/cuda-legacy-gpus.

# Decoding, 500 MP/s: 8x 1080p at 30 with H.264 and with H.265 (NVIDIA's table as in Seeed's wiki of the reComputer J10,
# and in Fastvideo's page on the Nano).
_NANO_DECODES = {"h264": 8, "h265": 8}

NANO = Module(
    name="Jetson Nano",
    soc="tegra210",
    compute_capability=(5, 3),
    # Developer kit (microSD), module (eMMC), developer kit with 2 GB: jetson_stats' table of modules. In full, of real
    # boards: nvidia,p3449-0000-b00+p3448-0000-b00 and ...+p3448-0002-b00; nvidia,p3542-0000+p3448-0003.
    parts={"p3448-0000": (4096,), "p3448-0002": (4096,), "p3448-0003": (2048,)},
    names=("nvidia,p3450-0000", "nvidia,p3450-0002", "nvidia,jetson-nano"),  # Jetson.GPIO's list
    models=("Jetson Nano",),
    variants=(Variant(2048, _NANO_DECODES), Variant(4096, _NANO_DECODES)),
    releases=("r32",),
)

# 2x 4K60, 4x 4K30, 7x 1080p60, 14x 1080p30, H.264 and H.265 (NVIDIA's comparison of modules, the TX2 NX; not looked up
# in the data sheet of the TX2 itself, which has the same decoder).
_TX2_DECODES = {"h264": 14, "h265": 14}

TX2 = Module(
    name="Jetson TX2",
    soc="tegra186",
    compute_capability=(6, 2),
    # TX2, TX2i, TX2 4GB, TX2 NX: jetson_stats' table of modules. A real TX2 on r32.7.6 says model "quill", compatible
    # nvidia,p2597-0000+p3310-1000; a real TX2 NX on r32.6.1 model "lanai-3636" (jetson_stats#357).
    parts={"p3310-1000": (8192,), "p3489-0000": (8192,), "p3489-0888": (4096,), "p3636-0001": (4096,)},
    names=("nvidia,p2771-0000", "nvidia,p2771-0888", "nvidia,quill", "nvidia,lightning", "nvidia,storm"),  # Jetson.GPIO
    models=("quill", "lightning", "storm", "lanai-3636", "Jetson TX2"),
    variants=(Variant(4096, _TX2_DECODES), Variant(8192, _TX2_DECODES)),
    releases=("r32",),
)
