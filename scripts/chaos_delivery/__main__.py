"""``python -m scripts.chaos_delivery [--kills N] [--broker-kills N] [--cuts N] [--both N] [--backlog N] [--json]``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict

from scripts.chaos_delivery import backlog, show
from scripts.chaos_delivery.faults import BOTH, BROKER, CUT, DAEMON, turns
from scripts.chaos_delivery.run import chaos
from scripts.chaos_delivery.site import Site


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos-delivery", description="Kill all that delivers; no event may be lost.")
    parser.add_argument("--kills", type=int, default=100, help="of the daemon, under load (default 100)")
    parser.add_argument("--broker-kills", type=int, default=50, help="default 50")
    parser.add_argument("--cuts", type=int, default=20, help="of the network (default 20)")
    parser.add_argument("--both", type=int, default=20, help="daemon and broker or network at once (default 20)")
    parser.add_argument("--backlog", type=int, default=36000, help="events that wait for the broker (default 36000)")
    parser.add_argument("--seed", type=int, default=1, help="what happens follows from it (default 1)")
    parser.add_argument("--cameras", type=int, default=3, help="default 3")
    parser.add_argument("--mqtt", choices=("3.1.1", "5"), default="3.1.1", help="its version (default 3.1.1)")
    parser.add_argument("--minutes", type=float, default=22.0, help="begin no fault after so long (default 22)")
    parser.add_argument("--strict", action="store_true", help="figures that hang on the machine count too")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs and records there")
    args = parser.parse_args()
    todo = turns(args.seed, {DAEMON: args.kills, BROKER: args.broker_kills, CUT: args.cuts, BOTH: args.both})
    result: Dict[str, Any] = {"kept": True}
    tell = show.Progress()

    def done(part: str, title: str, table: str) -> None:
        result["kept"] = result["kept"] and result[part]["kept"]
        tell.end()
        if not args.json:
            print(f"{title}\n{table}\n", flush=True)

    with tempfile.TemporaryDirectory(prefix="edge-delivery-") as folder:
        try:
            if todo:
                with Site(Path(folder) / "faults", args.cameras, args.seed, args.mqtt) as site:
                    result["delivery"] = {"seed": args.seed, **chaos(site, todo, args.minutes * 60, tell)}
                done("delivery", "Faults", show.faults_table(result["delivery"]))
            if args.backlog:
                result["backlog"] = backlog.measure(Path(folder) / "backlog", args.backlog, args.strict, tell)
                table = show.figures_table(result["backlog"]["figures"], args.strict)
                done("backlog", result["backlog"]["title"], table)
        finally:
            tell.end()
            if args.keep is not None:
                args.keep.mkdir(parents=True, exist_ok=True)
                for file in [*Path(folder).rglob("*.log"), *Path(folder).rglob("log")]:
                    shutil.copy(str(file), str(args.keep / f"{file.parent.name}-{file.name}"))
    print(json.dumps(result, indent=1) if args.json else "everything held" if result["kept"] else "NOT everything held")
    return 0 if result["kept"] else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
