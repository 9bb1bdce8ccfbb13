"""The systemd unit, as ``systemctl show`` tells of it, and the daemons that run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List

import pytest

from edge.doctor.checks import service
from edge.doctor.context import Context, Daemon
from edge.doctor.finding import overall
from edge.doctor.system import Ran
from tests.doctor.machines import Tree, by_name


def show(tree: Tree, **changed: str) -> None:
    """systemd runs, and its unit has these properties."""
    tree.write("/run/systemd/system/x")
    values = {
        "LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "SubState": "running",
        "Result": "success", "NRestarts": "0", "User": "edge", "SupplementaryGroups": "video render",
        "StateDirectory": "edge", "FragmentPath": "/etc/systemd/system/edge.service",
        "Environment": "A=1 'B=two words'",
        "ExecStart": f"{{ path=/opt/edge ; argv[]=edge run -c {tree.root}/etc/edge/test.yaml ; }}", **changed,
    }  # fmt: skip
    tree.commands["systemctl"] = Ran(0, "".join(f"{key}={value}\n" for key, value in values.items()))


@pytest.fixture
def device(tree: Tree) -> Tree:
    tree.write("/etc/passwd", "edge:x:990:991::/:/bin/false\n")
    tree.write("/etc/group", "edge:x:991:\nvideo:x:44:\nrender:x:105:\n")
    return tree


CONFIG = "device: gate-7\n"


def test_no_systemd_is_no_fault(tree: Tree) -> None:
    found = by_name(service.unit(tree.context()))["unit"]
    assert found.status == "skipped" and not tree.asked


@pytest.mark.parametrize(
    ("changed", "status", "word"),
    [
        ({}, "ok", "active"),
        ({"NRestarts": "7"}, "ok", "started again 7 times"),
        ({"LoadState": "not-found"}, "warning", "not installed"),
        ({"LoadState": "bad-setting"}, "error", "bad-setting"),
        ({"UnitFileState": "disabled"}, "warning", "does not start with the machine"),
        ({"ActiveState": "failed", "Result": "watchdog"}, "error", "has failed (watchdog)"),
        ({"ActiveState": "activating"}, "warning", "is activating"),
        ({"ActiveState": "inactive"}, "warning", "is not running"),
        ({"User": "nobody-here"}, "error", "nobody-here does not exist"),
    ],
)
def test_what_systemd_says_of_the_unit(changed: Dict[str, str], status: str, word: str, device: Tree) -> None:
    show(device, **changed)
    found = list(service.unit(device.context(CONFIG)))
    assert overall(found) == {"ok": "ok", "warning": "warnings", "error": "errors"}[status]
    assert any(word in finding.message for finding in found)


def test_the_units_user_folder_and_environment_are_the_daemons(device: Tree) -> None:
    device.write("/etc/edge/environment", '# secrets\nPASSWORD="hidden word"\n')
    show(device, EnvironmentFiles="/etc/edge/environment (ignore_errors=yes)")
    config = "device: gate-7\nmqtt: {username: u, password: '${env:PASSWORD}'}\n"
    context = device.context(config)
    assert context.problems == []
    assert context.account.name == "edge" and context.account.gids == {991, 44, 105}
    assert context.state_folder == Path("/var/lib/edge")
    assert context.unit is not None and context.unit.environment == {
        "A": "1", "B": "two words", "PASSWORD": "hidden word",
    }  # fmt: skip


def test_another_configuration_runs_as_who_asks(device: Tree) -> None:
    show(device, ExecStart="{ argv[]=edge run -c /etc/edge/edge.yaml ; }")
    context = device.context(CONFIG)
    assert context.account.current and context.account.uid == os.geteuid()
    assert [f.status for f in service.unit(context)] == ["ok", "skipped"]


def daemon(**changed: Any) -> Daemon:
    config = {"file": "/etc/edge/edge.yaml", "state": "applied", **changed}
    return Daemon(os.geteuid(), "gate-7", {"version": "0.1.0", "pid": 12, "config": config})


def test_the_daemon_that_runs(tree: Tree) -> None:
    running = [daemon(), Daemon(os.geteuid(), "other", None, "did not answer in time")]
    context = tree.context(CONFIG, daemons=lambda: running)
    found = by_name(service.daemon(context))["daemon"]
    assert (found.status, found.message) == ("ok", "device gate-7, edge 0.1.0, process 12, /etc/edge/edge.yaml")


@pytest.mark.parametrize(
    ("running", "status", "word"),
    [
        ([], "skipped", "no daemon of device gate-7 runs"),
        ([Daemon(1, "yard", None)], "skipped", "others do: yard"),
        ([Daemon(os.geteuid(), "gate-7", None, "did not answer in time")], "error", "did not answer in time"),
        ([daemon(state="rejected", at="edge.yaml:3", error="no port")], "warning", "is rejected: edge.yaml:3: no port"),
    ],
)
def test_other_daemons(running: List[Daemon], status: str, word: str, tree: Tree) -> None:
    found = by_name(service.daemon(tree.context(CONFIG, daemons=lambda: running)))["daemon"]
    assert found.status == status and word in found.message


def test_another_users_daemon_need_not_answer(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    running = [Daemon(990, "gate-7", None, "it answers its own user and root alone")]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert by_name(service.daemon(tree.context(CONFIG, daemons=lambda: running)))["daemon"].status == "skipped"


def test_without_a_configuration_the_only_daemon_counts(tree: Tree) -> None:
    context: Context = tree.context(daemons=lambda: [daemon()])
    assert by_name(service.daemon(context))["daemon"].status == "ok"
    assert context.daemon == daemon()


def test_the_units_user_may_ask_jtop_where_it_is_in_its_group(device: Tree) -> None:
    show(device)
    assert not by_name(service.jtop(device.context(CONFIG)))  # no jetson-stats: nothing to say
    place = device.write("/run/jtop.sock", mode=0o660)
    # A test cannot give files away: the user is another one, and the group this process's own.
    gid = place.stat().st_gid
    device.write("/etc/passwd", "edge:x:99990:99991::/:/bin/false\n")
    device.write("/etc/group", f"edge:x:99991:\nvideo:x:99944:\njtop:x:{gid}:pi\n")
    found = by_name(service.jtop(device.context(CONFIG)))["jtop"]
    assert found.status == "warning" and found.message.startswith("edge is not in the group jtop, ")
    assert found.remedy == "usermod -aG jtop edge, then systemctl restart edge"
    show(device, SupplementaryGroups="video jtop")
    assert by_name(service.jtop(device.context(CONFIG)))["jtop"].status == "ok"
    show(device)
    device.write("/etc/group", f"root:x:{gid}:\n")
    assert "systemctl restart jtop" in by_name(service.jtop(device.context(CONFIG)))["jtop"].remedy
