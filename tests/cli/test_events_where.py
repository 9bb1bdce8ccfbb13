"""Which device's events are meant, and what is said where there are none or they may not be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List

import pytest

from edge.cli import events_where, local
from edge.cli.local import Daemon
from edge.errors import EdgeError
from tests.cli.kept_events import Site, keep, several

Running = Dict[str, Dict[str, Any]]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    """What the daemons say that run, by device."""
    daemons: Running = {}
    monkeypatch.setattr(local, "running", lambda: [Daemon(os.geteuid(), name) for name in sorted(daemons)])
    monkeypatch.setattr(local, "ask", lambda daemon, op: daemons[daemon.device])
    return daemons


def names(site: Site, *words: str) -> List[str]:
    return sorted({event["device"] for event in site.json(*words)})


def test_nothing_was_ever_kept(site: Site) -> None:
    nothing = "edge: no events have been kept yet"
    for words in (["list"], ["show", "018f"], ["export"], ["purge", "--all", "--yes"]):
        assert site(*words) == (1, "", f"{nothing}: no daemon of yours runs here, and none has (edge run -c FILE)\n")
    file = site.state / "events" / "gate-7" / "events.db"
    assert site("list", "--device", "gate-7")[2] == f"{nothing} of gate-7: there is no {file}\n"
    assert not site.state.exists()


def test_the_only_device_there_is(site: Site) -> None:
    keep(site.state, several(2))
    assert names(site) == ["gate-7"]


def test_of_several_one_is_chosen(site: Site) -> None:
    for device in ("gate-7", "gate-8"):
        keep(site.state, several(2, device=device), device=device)
    assert site("list")[2] == (
        "edge: events of several devices are kept here (gate-7, gate-8): choose one with --device NAME\n"
    )
    assert names(site, "--device", "gate-8") == ["gate-8"]
    config = site.folder / "edge.yaml"
    config.write_text("device: gate-7\n")
    assert names(site, "-c", str(config)) == ["gate-7"]
    assert site("list", "-c", str(config), "--device", "gate-8")[0] == 2


def test_a_wrong_configuration_is_told(site: Site) -> None:
    config = site.folder / "edge.yaml"
    config.write_text("device: gate-7\ncolour: red\n")
    status, out, err = site("list", "-c", str(config))
    assert (status, out) == (78, "") and err.startswith(f"{config}:2:1: colour: ")


def test_the_daemon_that_runs(site: Site, running: Running) -> None:
    for device in ("gate-7", "gate-8"):
        keep(site.state, several(2, device=device), device=device)
    running["gate-8"] = {"device": "gate-8"}
    assert names(site) == ["gate-8"]
    assert names(site, "--device", "gate-7") == ["gate-7"]
    running["gate-7"] = {"device": "gate-7"}
    assert "more than one daemon runs here (gate-7, gate-8)" in site("list")[2]
    assert names(site, "--device", "gate-8") == ["gate-8"]


def test_a_daemon_that_does_not_answer(site: Site, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> Any:
        raise EdgeError("the daemon of gate-8 did not answer in time")

    monkeypatch.setattr(local, "ask", silent)
    running["gate-8"] = {}
    for device in ("gate-7", "gate-8"):
        keep(site.state, several(2, device=device), device=device)
    assert names(site) == ["gate-8"]


def test_the_daemon_says_where_its_files_are(site: Site, running: Running) -> None:
    file = keep(site.folder / "elsewhere", several(2))
    running["gate-7"] = {
        "device": "gate-7", "spool": {"file": str(file)}, "evidence": {"folder": str(site.folder / "pictures")},
    }  # fmt: skip
    assert names(site) == ["gate-7"]
    found = events_where.find(type("Arguments", (), {"config": None, "device": None})())  # type: ignore[arg-type]
    assert found.evidence == site.folder / "pictures"


def test_the_system_s_events_are_found_by_a_user_who_has_none(site: Site) -> None:
    keep(site.folder / "system", several(2))
    assert names(site) == names(site, "--device", "gate-7") == ["gate-7"]


class Other:
    """The module ``os`` as another user has it, who may look at ``seen`` alone."""

    def __init__(self, seen: Path) -> None:
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def _refuse(self, path: Any, *_: object) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    open = scandir = _refuse

    def stat(self, path: Any) -> Any:
        if Path(path) != self._seen:
            self._refuse(path)
        return type("Stat", (), {"st_uid": 990})


@pytest.mark.parametrize("words", [[], ["--device", "gate-7"]])
def test_what_is_not_yours_says_whose_it_is(site: Site, words: List[str], monkeypatch: pytest.MonkeyPatch) -> None:
    file = keep(site.state, several(2))
    monkeypatch.setattr(events_where, "os", Other(site.state))
    monkeypatch.setattr(events_where, "sys", type("Sys", (), {"argv": ["edge", "events", "list", "--type", "zone.*"]}))
    monkeypatch.setattr(events_where.pwd, "getpwuid", lambda uid: type("User", (), {"pw_name": f"user{uid}"}))
    place = file if words else site.state / "events"
    assert site("list", *words) == (
        1, "", f"edge: {place} is not yours to read, it belongs to user990: "
        "try sudo -u user990 edge events list --type 'zone.*'\n",
    )  # fmt: skip
