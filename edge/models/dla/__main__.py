"""``python -m edge.models.dla FILE BOARD TENSORRT PRECISION [WIDTH HEIGHT]``: a plan as JSON, or why there is none.

For a daemon: reading a network takes memory that it would keep, and onnx has ended its process on a hostile file.
"""

from __future__ import annotations

import json
import sys
from typing import List

from edge.errors import EdgeError
from edge.models.dla.plan import plan


def main(words: List[str]) -> int:
    path, board, tensorrt, precision, *size = words
    try:
        found = plan(path, board, tensorrt, precision, size=(int(size[0]), int(size[1])) if size else None)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(found.plain()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
