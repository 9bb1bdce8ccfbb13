"""scripts/install on a machine with a real systemd."""

from __future__ import annotations

import re
from typing import Dict, Tuple

from tests.systemd.conftest import Site
from tests.systemd.machine import CHECKOUT, Machine

INSTALL = f"{CHECKOUT}/scripts/install"
NEXT = "/root/next"  # another version of this checkout


def everything(machine: Machine) -> Dict[str, Tuple[object, ...]]:
    """Each file that an installation writes, with what a rewrite of it would change."""
    found: Dict[str, Tuple[object, ...]] = {}
    for place in ("etc", "opt", "usr/local", "var/lib/edge"):
        for path in sorted((machine.root / place).rglob("*")):
            own = machine.root / "var/lib/edge/events" in path.parents  # the running daemon's
            if not own and "__pycache__" not in path.parts:
                status = path.lstat()
                found[str(path)] = (status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode, status.st_uid)
    return found


def make_next(machine: Machine, path: str, text: str) -> str:
    """A checkout with ``text`` at the end of one of its files; its install script."""
    machine.run("rm", "-rf", NEXT)
    machine.run("mkdir", NEXT)
    for part in ("edge", "models", "configs", "systemd", "scripts", "pyproject.toml", "README.md"):
        machine.run("cp", "-r", f"{CHECKOUT}/{part}", NEXT)
    with (machine.root / NEXT.lstrip("/") / path).open("a") as file:
        file.write(text)
    return f"{NEXT}/scripts/install"


def release(machine: Machine) -> str:
    releases = sorted(path.name for path in (machine.root / "opt/edge/releases").iterdir())
    assert len(releases) == 1, releases
    assert machine.run("readlink", "/opt/edge/current").strip() == f"releases/{releases[0]}"
    return releases[0]


def test_a_new_device_runs_edge_and_is_told_how_to_add_a_camera(installed: Machine) -> None:
    machine = installed
    machine.run(INSTALL, "remove", "--purge")
    for gone in ("/etc/edge", "/var/lib/edge", "/var/cache/edge", "/etc/systemd/system/edge.service.d"):
        assert machine.start("test", "-e", gone).returncode == 1, gone
    assert machine.start("id", "edge").returncode != 0
    assert "nothing changed" in machine.run(INSTALL, "remove", "--purge")
    said = machine.run(INSTALL)
    assert "active: " in said and "/etc/edge/cameras.d/gate.yaml" in said
    assert machine.show("ActiveState", "UnitFileState") == {"ActiveState": "active", "UnitFileState": "enabled"}
    status = machine.status()
    assert (status["device"], status["cameras"]) == (machine.name, [])
    assert machine.run("edge", "--version").startswith("edge ")
    # Passwords may stand there.
    assert machine.run("stat", "-c", "%A %U %G", "/etc/edge").split() == ["drwxr-x---", "root", "edge"]
    assert machine.run("stat", "-c", "%A %U %G", "/etc/edge/edge.yaml").split() == ["-rw-r-----", "root", "edge"]
    assert machine.start("runuser", "-u", "nobody", "--", "cat", "/etc/edge/edge.yaml").returncode != 0


def test_a_second_time_changes_nothing(site: Site) -> None:
    machine = site.machine
    before, pid = everything(machine), machine.show("MainPID", "ActiveEnterTimestampMonotonic")
    workers = machine.processes()
    said = machine.run(INSTALL)
    assert "nothing changed" in said
    assert everything(machine) == before
    assert machine.show("MainPID", "ActiveEnterTimestampMonotonic") == pid
    assert machine.processes() == workers


def test_an_upgrade_keeps_configuration_and_state(site: Site) -> None:
    machine = site.machine
    machine.run("sh", "-c", "echo kept > /var/lib/edge/kept")
    before, pid = release(machine), machine.show("MainPID")
    said = machine.run(make_next(machine, "edge/errors.py", "# the next version\n"), "upgrade")
    assert re.search(r"making /opt/edge/releases/\S+ with Python", said)
    assert release(machine) != before and machine.show("MainPID") != pid
    assert machine.run("cat", "/etc/edge/edge.yaml") == site.config
    assert machine.run("cat", "/var/lib/edge/kept") == "kept\n"
    machine.until_online("square")
    # And back. What an operator has stopped stays so.
    machine.run("systemctl", "stop", "edge")
    assert "systemctl start edge" in machine.run(INSTALL)
    assert release(machine) == before
    assert machine.show("ActiveState")["ActiveState"] == "inactive"


def test_a_release_that_does_not_start_is_taken_back(site: Site) -> None:
    machine = site.machine
    before = release(machine)
    broken = make_next(machine, "edge/daemon/daemon.py", "raise RuntimeError('broken on purpose')\n")
    done = machine.start(broken, "upgrade")
    assert done.returncode == 1
    assert "broken on purpose" in done.stdout and "the one before runs again" in done.stdout
    assert release(machine) == before
    machine.until_online("square")


def test_an_interrupted_upgrade_leaves_what_runs(site: Site) -> None:
    machine = site.machine
    before, pid = release(machine), machine.show("MainPID")
    broken = make_next(machine, "pyproject.toml", "this is no TOML\n")
    done = machine.start(broken, "upgrade")
    assert done.returncode != 0 and "failed while making the release" in done.stdout
    assert release(machine) == before
    assert machine.show("MainPID") == pid


def test_a_configuration_that_the_next_version_refuses_stops_the_upgrade(site: Site) -> None:
    machine = site.machine
    before, pid = release(machine), machine.show("MainPID")
    stricter = make_next(machine, "edge/cli/check.py", "\nraise SystemExit('edge.yaml:1: refused')\n")
    done = machine.start(stricter, "upgrade")
    assert done.returncode == 1
    assert "edge.yaml:1: refused" in done.stdout and "nothing was changed" in done.stdout
    assert release(machine) == before
    assert machine.show("MainPID") == pid


def test_removing_keeps_what_the_user_wrote_and_an_image_starts_with_it(site: Site) -> None:
    machine = site.machine
    assert "left" in machine.run(INSTALL, "remove")
    assert machine.show("LoadState")["LoadState"] == "not-found"
    for gone in ("/opt/edge", "/usr/local/bin/edge", "/etc/systemd/system/edge.service", "/etc/sysusers.d/edge.conf"):
        assert machine.start("test", "-e", gone).returncode == 1, gone
    assert machine.run("cat", "/etc/edge/edge.yaml") == site.config
    # As into an image: the service begins with the first boot.
    assert "systemctl start edge" in machine.run(INSTALL, "--no-start")
    assert machine.show("ActiveState")["ActiveState"] == "inactive"
    machine.power_cut()
    machine.boot()
    machine.until_online("square")


def test_who_is_not_root_is_told_so(machine: Machine) -> None:
    done = machine.start("runuser", "-u", "nobody", "--", INSTALL)
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert "sudo scripts/install" in done.stdout
