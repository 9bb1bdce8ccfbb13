"""Events in a spool's file, as a daemon leaves them there."""

from __future__ import annotations

import dataclasses
import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import pytest

from edge.cli.main import main
from edge.config import Config
from edge.events.event import Event
from edge.events.spool import Bounds, Spool, folders
from edge.events.spool.reader import History
from scripts.servers import wait_until
from tests.events.event_samples import samples


def several(count: int, camera: str = "square", device: str = "gate-7") -> List[Event]:
    """So many, one a minute from 2024-05-04T00:00Z on."""
    event = dataclasses.replace(samples()["zone.enter"], camera=camera, device=device)
    return [
        dataclasses.replace(
            event, id=f"018f435f-{n:04x}-7000-8000-{n:012x}", seq=n + 1,
            time=f"2024-05-04T{n // 60:02}:{n % 60:02}:00.000Z",
        )
        for n in range(count)
    ]  # fmt: skip


@contextmanager
def daemon_with(
    state: Path, events: Sequence[Event], delivered: Optional[int] = None, device: str = "gate-7"
) -> Iterator[Path]:
    """The device's spool is in use, with these; the first ``delivered`` of them (left out: all) are delivered."""
    file, _ = folders(state, device)
    spool = Spool(file, state / "intake", Bounds.of(Config(device=device).spool), lambda trouble: None)
    spool.start()
    try:
        first, done = spool.last, len(events) if delivered is None else delivered
        for event in events:
            spool.put("event", event.camera or "", event.type, event.to_json())
        wait_until(lambda: spool.committed == first + len(events), what="all committed")
        spool.delivered(range(first + 1, first + 1 + done))
        wait_until(lambda: sum(s.delivered for s in History(file).events()) >= done, what="it is written what is done")
        yield file
    finally:
        spool.stop(10.0)


def keep(state: Path, events: Sequence[Event], delivered: Optional[int] = None, device: str = "gate-7") -> Path:
    """As a daemon leaves them there when it ends."""
    with daemon_with(state, events, delivered, device) as file:
        return file


class Site:
    """A user with a state folder, and nothing that runs."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.state, self._capsys = folder, folder / "edge", capsys

    def __call__(self, *words: str) -> Tuple[int, str, str]:
        """Exit status, output, errors."""
        self._capsys.readouterr()
        try:
            status = main(["events", *words])
        except SystemExit as end:
            status = int(str(end.code))
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def json(self, *words: str) -> List[Dict[str, Any]]:
        status, out, err = self("list", "--json", *words)
        assert status == 0, err
        return [json.loads(line) for line in out.splitlines()]

    def ids(self, *words: str) -> List[int]:
        return [event["seq"] for event in self.json(*words)]
