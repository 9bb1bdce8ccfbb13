"""How a module's table and a release's table become a board."""

from typing import Dict, FrozenSet, NamedTuple, Optional, Tuple

from .board import Board, Converter, Decoder, Encoder, Properties
from .pc import SOFTWARE, SOFTWARE_ENCODERS
from .releases import Release

# As NVIDIA's guide to accelerated GStreamer has it: the decoder's clock stays up instead of following its load.
_DECODER: Properties = (("enable-max-performance", True),)
_V4L2 = Decoder("nvv4l2decoder", _DECODER, "NVMM")

#: What decodes on every Jetson but where a module says otherwise. JPEG needs ``mjpeg`` for NVDEC to take it.
HARDWARE: Dict[str, Tuple[Decoder, ...]] = {
    "h264": (_V4L2,),
    "h265": (_V4L2,),
    "jpeg": (Decoder("nvv4l2decoder", (("mjpeg", True),) + _DECODER, "NVMM"),),
}

# Every key picture is one to begin at, and says itself how it is to be decoded.
_ENCODER: Properties = (
    ("iframeinterval", 60),
    ("idrinterval", 60),
    ("insert-sps-pps", True),
    ("maxperf-enable", True),
    ("profile", "High"),
)

# Without a word it takes the nearest pixel. 1: bilinear.
_CONVERTER = Converter("nvvidconv", (("interpolation-method", 1),))


class Variant(NamedTuple):
    """A module by its memory in MiB, and what comes and goes with it."""

    memory_mib: int
    decode_1080p30: Dict[str, int]
    dla_cores: int = 0


class Module(NamedTuple):
    """What NVIDIA sells under one name.

    ``parts``: part numbers, as they stand in the device tree's ``compatible``, each with the memory (MiB) it is sold
    with. ``names``: other words of ``compatible`` that name it. ``models``: what the device tree's ``model`` holds.
    ``variants``: smallest first. ``releases``: of L4T, that NVIDIA made for it, oldest first.
    """

    name: str
    soc: str
    compute_capability: Tuple[int, int]
    parts: Dict[str, Tuple[int, ...]]
    variants: Tuple[Variant, ...]
    releases: Tuple[str, ...]
    models: Tuple[str, ...] = ()
    names: Tuple[str, ...] = ()
    hardware: Dict[str, Tuple[Decoder, ...]] = HARDWARE
    h264_encoder: Optional[str] = "nvv4l2h264enc"
    quirks: FrozenSet[str] = frozenset()

    @property
    def numbers(self) -> FrozenSet[str]:
        """The part numbers' first halves, which are the same for all of a kind: ``p3701``."""
        return frozenset(part.split("-")[0] for part in self.parts)


def board(module: Module, variant: Variant, release: Release, memory_known: bool = True) -> Board:
    """``variant`` of ``module`` under ``release``."""
    return Board(
        name=module.name,
        decoders={codec: module.hardware[codec] + software for codec, software in SOFTWARE.items()},
        converter=_CONVERTER,
        jpeg_encoder="nvjpegenc",
        encoders=_encoders(module.h264_encoder),
        camera="nvarguscamerasrc",
        dla_cores=variant.dla_cores,
        compute_capability=module.compute_capability,
        memory_mib=variant.memory_mib if memory_known else 0,
        decode_1080p30=variant.decode_1080p30,
        release=release.name,
        quirks=module.quirks | release.quirks,
    )


def _encoders(hardware: Optional[str]) -> Tuple[Encoder, ...]:
    if hardware is None:
        return SOFTWARE_ENCODERS
    first = Encoder(hardware, _ENCODER, bitrate="bitrate", memory="NVMM", hardware=True)
    return (first,) + SOFTWARE_ENCODERS
