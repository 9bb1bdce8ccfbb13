"""The service on a real systemd: its start, its reload, what it tells, and how it ends."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any, Dict

from scripts.servers import PATIENCE, wait_until
from tests.support.collector import Collector
from tests.systemd.conftest import Site
from tests.systemd.machine import Machine

STOP_S = 5.0


def status_text(machine: Machine) -> str:
    return machine.show("StatusText")["StatusText"]


def test_it_is_active_when_it_is_ready(site: Site) -> None:
    machine = site.machine
    machine.run("systemctl", "restart", "edge")
    assert machine.show("ActiveState", "NotifyAccess") == {"ActiveState": "active", "NotifyAccess": "main"}
    entries = machine.journal("_SYSTEMD_INVOCATION_ID=" + machine.show("InvocationID")["InvocationID"])
    entries += machine.journal("-b", "UNIT=edge.service", "_PID=1")
    at = {str(entry.get("MESSAGE")): int(entry["__MONOTONIC_TIMESTAMP"]) for entry in entries}
    online = next(stamp for text, stamp in at.items() if text.startswith("camera online"))
    started = next(stamp for text, stamp in at.items() if text.startswith("Started edge.service"))
    assert online <= started, "the first camera makes it ready"
    assert "1" in status_text(machine) and "online" in status_text(machine)


def test_a_camera_is_added_by_writing_a_file(site: Site, heard: Collector) -> None:
    machine, before = site.machine, len(heard.messages)
    pid, square = machine.show("MainPID"), machine.camera("square")["pid"]
    machine.write("/etc/edge/cameras.d/lawn.yaml", site.source("lawn"))
    machine.until_online("lawn")
    heard.wait_topic(f"edge/{site.device}/cameras/lawn/events/camera.online", after=before)
    found = heard.wait_for(lambda m: m.topic == f"edge/{site.device}/cameras/lawn/events/object.start", after=before)
    assert found.json["object"]["label"] == "person"
    assert machine.show("MainPID") == pid and machine.camera("square")["pid"] == square
    (machine.root / "etc/edge/cameras.d/lawn.yaml").unlink()
    wait_until(lambda: not machine.camera("lawn"), PATIENCE, "lawn gone")


def test_a_reload_by_systemctl_changes_what_the_edit_says(site: Site) -> None:
    machine = site.machine
    pid, square = machine.show("MainPID"), machine.camera("square")["pid"]
    machine.write("/etc/edge/cameras.d/lawn.yaml", site.source("lawn"))
    machine.run("systemctl", "reload", "edge")
    assert machine.show("ActiveState", "SubState") == {"ActiveState": "active", "SubState": "running"}
    assert machine.show("MainPID") == pid and machine.camera("square")["pid"] == square
    machine.until_online("lawn")


def test_a_broken_edit_is_shown_and_changes_nothing(site: Site, heard: Collector) -> None:
    machine = site.machine
    pid, square = machine.show("MainPID"), machine.camera("square")["pid"]
    machine.write("/etc/edge/edge.yaml", site.config + "camera: 1\n")
    wait_until(lambda: "edge.yaml:5" in status_text(machine), PATIENCE, "the error in the status")
    assert "edge.yaml:5" in machine.run("systemctl", "status", "edge", check=False)
    assert machine.said("edge.yaml:5")
    machine.run("systemctl", "reload", "edge", check=False)
    assert machine.show("MainPID", "ActiveState") == {**pid, "ActiveState": "active"}
    assert machine.camera("square")["pid"] == square and machine.camera("square")["state"] == "online"
    # A restart comes up with what last worked, and says so.
    machine.run("systemctl", "restart", "edge")
    machine.until_online("square")
    assert "edge.yaml:5" in status_text(machine)
    machine.write("/etc/edge/edge.yaml", site.config)
    wait_until(lambda: "edge.yaml:5" not in status_text(machine), PATIENCE, "no error in the status")


def test_a_first_configuration_that_is_wrong_is_tried_again(site: Site) -> None:
    """Nothing has ever worked here: there is nothing to fall back to."""
    machine = site.machine
    machine.run("systemctl", "stop", "edge")
    machine.run("sh", "-c", "rm -rf /var/lib/edge/*")
    machine.write("/etc/edge/edge.yaml", "cameras: 1\n")
    assert machine.start("systemctl", "start", "edge").returncode != 0
    wait_until(lambda: int(machine.show("NRestarts")["NRestarts"]) > 0, PATIENCE, "another try")
    assert machine.said("status=78", "-b", "UNIT=edge.service", "_PID=1")
    machine.write("/etc/edge/edge.yaml", site.config)
    machine.until_online("square")


def test_journal_entries_have_fields(site: Site) -> None:
    machine = site.machine
    machine.run("systemctl", "restart", "edge")
    invocation = machine.show("InvocationID")["InvocationID"]
    entries = machine.journal(f"_SYSTEMD_INVOCATION_ID={invocation}", "EDGE_CAMERA=square")
    online = next(entry for entry in entries if entry["MESSAGE"].startswith("camera online"))
    assert online["EDGE_CODEC"] == "h264" and online["PRIORITY"] == "6"
    assert (online["SYSLOG_IDENTIFIER"], online["_SYSTEMD_UNIT"]) == ("edge", "edge.service")
    assert online["CODE_FILE"].endswith("edge/daemon/camera.py") and online["LOGGER"] == "edge.camera"
    assert online["_UID"] == machine.run("id", "-u", "edge").strip()


def test_what_a_worker_said_last_is_in_the_journal(site: Site) -> None:
    """Where each of its threads stood, for one that crashed."""
    machine = site.machine
    machine.kill(machine.camera("square")["pid"], 11)
    wait_until(
        lambda: any(
            "Segmentation fault" in entry["MESSAGE"] for entry in machine.journal("-u", "edge", "EDGE_WORKER=square")
        ),
        PATIENCE,
        "the stacks of the worker in the journal",
    )
    machine.until_online("square")


def test_it_may_do_what_it_needs_and_no_more(site: Site) -> None:
    machine = site.machine
    dropin = machine.root / "etc/systemd/system/edge.service.d/probe.conf"
    dropin.parent.mkdir(exist_ok=True)
    (machine.root / "opt/probe.py").write_text((Path(__file__).parent / "probe.py").read_text())
    dropin.write_text("[Service]\nExecStartPre=/usr/bin/python3 /opt/probe.py\n")
    # As nvargus-daemon has it: a socket of root's in /tmp, open to all.
    server = machine.command(
        "python3", "-c",
        "import os, socket; s = socket.socket(socket.AF_UNIX); s.bind('/tmp/argus_socket');"
        "os.chmod('/tmp/argus_socket', 0o777); s.listen(5); print('ready', flush=True); input()",
    )  # fmt: skip
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as listener:
        try:
            assert listener.stdout is not None and listener.stdout.readline() == b"ready\n"
            machine.run("systemctl", "daemon-reload")
            machine.run("systemctl", "restart", "edge")
        finally:
            listener.kill()
            dropin.unlink()
            machine.run("systemctl", "daemon-reload")
            machine.run("rm", "-f", "/tmp/argus_socket")
    invocation = machine.show("InvocationID")["InvocationID"]
    entries = machine.journal(f"_SYSTEMD_INVOCATION_ID={invocation}")
    found: Dict[str, Any] = next(json.loads(e["MESSAGE"]) for e in entries if str(e["MESSAGE"]).startswith('{"argus"'))
    needed = ("argus", "configuration", "memfd", "death signal", "name", "affinity", "nice", "netlink", "null")
    assert {name: found[name] for name in needed} == dict.fromkeys(needed, True)
    assert set(found["write"].values()) == {True}, found["write"]
    assert True not in found["locked"].values(), found["locked"]
    assert True not in (found["home"], found["packets"], found["tun"]), found
    assert not any(found["capabilities"].values())
    groups = machine.run("getent", "group", "video", "render").split()
    assert set(found["groups"]) >= {int(line.split(":")[2]) for line in groups}


def test_it_stops_in_time_and_leaves_nothing(site: Site, heard: Collector) -> None:
    machine, before = site.machine, len(heard.messages)
    group = machine.show("ControlGroup")["ControlGroup"]
    assert len(machine.processes()) == 4, "the daemon, one camera, inference, telemetry"
    began = time.monotonic()
    machine.run("systemctl", "stop", "edge")
    assert time.monotonic() - began < STOP_S
    assert machine.show("Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "0"}
    heard.wait_topic(f"edge/{site.device}/availability", "offline", after=before)
    assert machine.start("test", "-e", f"/sys/fs/cgroup{group}").returncode == 1, "no process, so no control group"
    assert machine.run("find", "/dev/shm", "/tmp", "-user", "edge") == ""
