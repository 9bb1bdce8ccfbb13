"""``python3 -m edge.inference.cuda FOLDER [--arch 7.2]``: compile the kernel into the cache, for the GPU that is here.

For the installer, and for machines that have no compiler: the folder's files may be carried there.
"""

import argparse
import sys
from typing import Tuple

from ...errors import EngineError
from .compiler import code_for
from .device import open_device


def _arch(text: str) -> Tuple[int, int]:
    major, _point, minor = text.partition(".")
    return int(major), int(minor or 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m edge.inference.cuda", description="Compile the GPU kernel.")
    parser.add_argument("folder", help="where compiled kernels are kept")
    parser.add_argument("--arch", type=_arch, help="compute capability, as 7.2; of the GPU that is here by default")
    given = parser.parse_args()
    try:
        capability = given.arch
        if capability is None:
            device = open_device()
            capability = device.compute_capability
            device.close()
        size = len(code_for(capability, given.folder))
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    print("{}: kernel for compute capability {}.{}, {} bytes".format(given.folder, capability[0], capability[1], size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
