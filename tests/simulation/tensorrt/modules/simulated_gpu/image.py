"""GPU code as a driver looks at it before it loads it: PTX text, a cubin (ELF) or a fat binary, and for which GPU."""

import re
import struct
from typing import Optional, Tuple

from .errors import INVALID_IMAGE, NO_BINARY, PTX_FAILED, CudaFault

_FAT_BINARY = b"\x50\xed\x55\xba"
_CUDA_MACHINE = 190


def check_image(image: bytes, compute: Tuple[int, int]) -> None:
    """Raises CudaFault for what is no GPU code, or not for this GPU: PTX runs on its own and every later compute
    capability, a cubin within its major version only."""
    if image[:4] == b"\x7fELF":
        found = _cubin_target(image)
        if found is None:
            raise CudaFault(INVALID_IMAGE)
        if found[0] != compute[0] or found[1] > compute[1]:
            raise CudaFault(NO_BINARY, "built for sm_{}{}".format(*found))
    elif image[:4] != _FAT_BINARY:
        target = re.search(rb"^\s*\.target\s+sm_(\d+)(\d)", image, re.MULTILINE)
        if b".version" not in image or target is None:
            raise CudaFault(INVALID_IMAGE)
        if (int(target.group(1)), int(target.group(2))) > compute:
            raise CudaFault(PTX_FAILED, "built for sm_{}{}".format(*(part.decode() for part in target.groups())))


def _cubin_target(image: bytes) -> Optional[Tuple[int, int]]:
    """The compute capability in a cubin's ELF flags."""
    if len(image) < 64 or struct.unpack_from("<H", image, 18)[0] != _CUDA_MACHINE:
        return None
    flags = struct.unpack_from("<I", image, 48)[0]
    # Since CUDA 13 it stands in the second byte, before in the first.
    number = (flags >> 8) & 0xFF if image[8] >= 8 else flags & 0xFF
    return number // 10, number % 10
