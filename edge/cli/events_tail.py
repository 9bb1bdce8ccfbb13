"""``edge events tail``: prints events as they come from the broker."""

from __future__ import annotations

import argparse
import fnmatch
import queue
import sys
from pathlib import Path
from typing import Any, List, Optional

from edge.cli.events_filters import positive
from edge.errors import EdgeError, PublishError


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge events``'s parser."""
    tail: argparse.ArgumentParser = subparsers.add_parser(
        "tail",
        help="print events as they come from the broker, until Ctrl-C",
        description="Print events as they come from the broker, until Ctrl-C. Without -c and --url: those of the "
        "daemon that runs on this machine.",
    )
    where = tail.add_mutually_exclusive_group()
    where.add_argument("-c", "--config", metavar="FILE", help="device and broker of this configuration")
    where.add_argument("--url", metavar="mqtt://…", help="all devices of this broker")
    tail.add_argument("--camera", metavar="NAME", action="append", help="of this camera alone (may be repeated)")
    tail.add_argument("--type", metavar="TYPE", action="append", help="of this type alone, as in zone.* (repeatable)")
    tail.add_argument("--json", action="store_true", help="print each event as it was sent, one a line")
    tail.add_argument("--count", metavar="N", type=positive, help="end after that many")
    tail.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what comes; 0 after Ctrl-C or ``--count``. PublishError where the broker refuses."""
    from edge.cli.event_line import event_line
    from edge.cli.subscription import Subscription
    from edge.cli.terminal import Paint
    from edge.config import MqttConfig, load
    from edge.events.event import topic_level

    if args.url is not None:
        mqtt, base = MqttConfig(url=args.url), "+/+"
    else:
        config = load(args.config or _running_config())
        mqtt, base = config.mqtt, f"{config.mqtt.prefix}/{topic_level(config.device)}"
    topics = [f"{base}/cameras/+/events/+", f"{base}/events/+"]
    paint = Paint(sys.stdout)
    shown = 0
    try:
        with Subscription(mqtt, topics, _tell) as messages:
            while args.count is None or shown < args.count:
                try:
                    topic, payload = messages.get(timeout=0.5)
                except queue.Empty:
                    continue
                if not _wanted(topic, args.camera, args.type):
                    continue
                line = payload.decode(errors="replace").strip() if args.json else event_line(payload, paint)
                print(line, flush=True)
                shown += 1
    except KeyboardInterrupt:
        pass
    return 0


def _running_config() -> Path:
    """The file that this machine's daemon was started with."""
    from edge.cli import local

    try:
        status = local.ask(local.choose(), "status")
    except EdgeError as error:
        raise PublishError(f"{error}; or say which broker: -c FILE or --url mqtt://…") from None
    return Path(status["config"]["file"])


def _wanted(topic: str, cameras: Optional[List[str]], types: Optional[List[str]]) -> bool:
    levels = topic.split("/")
    camera = levels[-3] if levels[-4:-3] == ["cameras"] else None
    if cameras and camera not in cameras:
        return False
    return not types or any(fnmatch.fnmatchcase(levels[-1], pattern) for pattern in types)


def _tell(words: str) -> None:
    print(f"edge: {words}", file=sys.stderr, flush=True)
