"""``python3 -m scripts.bench.gpu [--only check|speed|lanes] [--json FILE]``: status 1 when something is not reached."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from typing import Callable, Dict, List

from edge.inference.cuda import Device, open_device

from . import check, lanes, speed
from .row import Row, table

PARTS: Dict[str, Callable[[Device, str], List[Row]]] = {
    "check": check.measure,
    "speed": speed.measure,
    "lanes": lanes.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="gpu", description=__doc__)
    parser.add_argument("--only", choices=list(PARTS), action="append", help="this part alone")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    device = open_device()
    about = {
        "gpu": device.name,
        "compute_capability": "{}.{}".format(*device.compute_capability),
        "cuda_driver": "{}.{}".format(*device.driver_version),
    }
    print(", ".join(about.values()), flush=True)
    rows: List[Row] = []
    with tempfile.TemporaryDirectory(prefix="edge-gpu-") as folder:
        for name, part in PARTS.items():
            if given.only is None or name in given.only:
                made = part(device, folder)
                print(table(made), flush=True)
                rows += made
    device.close()
    if given.json:
        with open(given.json, "w") as file:
            json.dump({**about, "rows": [row._asdict() for row in rows]}, file, indent=1)
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
