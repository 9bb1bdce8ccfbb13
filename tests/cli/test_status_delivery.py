"""Of ``edge status``: the broker's line, and what is told of events that wait and of snapshots."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from edge.cli.status_delivery import delivery
from edge.cli.terminal import Paint, amount

MQTT = {"state": "online", "url": "mqtt://127.0.0.1:1883", "waiting": 2, "published": 5123}


class Plain:
    def isatty(self) -> bool:
        return False


def lines(**status: Any) -> Any:
    return delivery({"mqtt": MQTT, **status}, Paint(Plain()))  # type: ignore[arg-type]


def test_all_is_well() -> None:
    quiet: Dict[str, Any] = {"spool": {"state": "ok"}, "evidence": {"state": "ok", "files": 0}}
    assert lines(**quiet) == ["broker     online  mqtt://127.0.0.1:1883  5123 published, 2 waiting"]
    assert lines() == lines(**quiet), "an older daemon tells less"


def test_a_backlog_and_what_a_broker_says() -> None:
    (line,) = lines(mqtt={**MQTT, "state": "refused", "replaying": 36000, "reason": "wrong user\x1b[2J or password"})
    assert line.endswith("2 waiting  replaying 36000  wrong user?[2J or password")


def test_where_events_wait_is_in_trouble() -> None:
    _, line = lines(spool={"state": "memory", "reason": "no space left on the disk"})
    assert line == "spool      memory  no space left on the disk"


def test_snapshots_and_clips() -> None:
    kept = {"state": "ok", "files": 12, "bytes": 34_567_890, "oldest": "2026-11-20", "failed": 1}
    assert lines(evidence=kept)[1] == "evidence   12 files, 34.6 MB  since 2026-11-20  1 failed"
    full = {"state": "full", "reason": "no space left on the disk", "files": 0, "bytes": 0}
    assert lines(evidence=full)[1] == "evidence   full  no space left on the disk  0 files, 0 B"


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_949, "99.9 kB"), (99_951, "100 kB"), (999_500, "1.0 MB"),
     (123e9, "123 GB"), (5e13, "50.0 TB")],
)  # fmt: skip
def test_amounts(size: float, words: str) -> None:
    assert amount(size) == words
