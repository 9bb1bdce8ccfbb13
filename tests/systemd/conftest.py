"""A machine with a real systemd, edge installed on it as a user installs it, and cameras and a broker for it."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path
from typing import Iterator, List

import pytest

from scripts.servers import PATIENCE, ROOT, Broker, RtspServer, wait_until
from tests.support.collector import Collector
from tests.systemd.machine import CHECKOUT, Machine, in_ci, make_machine

CLIP = ROOT / "configs" / "demo" / "square.mp4"
CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
models:
  person: {{spec: person}}
"""


class Site:
    """The machine, its broker and its cameras: ``square`` is there, others can be added."""

    def __init__(self, machine: Machine, broker: Broker, cameras: RtspServer) -> None:
        self.machine, self.broker, self.cameras = machine, broker, cameras
        self.device = machine.name
        self.config = CONFIG.format(device=self.device, broker=broker.url)

    def source(self, name: str) -> str:
        """A camera's file."""
        return f"source: {self.cameras.url(name)}\n"

    def restore(self) -> None:
        """The configuration with one camera, and the service running with it."""
        machine = self.machine
        if machine.show("ActiveState")["ActiveState"] != "active":
            machine.run("systemctl", "stop", "edge")  # it may be trying again and again
        folder = machine.root / "etc/edge/cameras.d"
        for path in folder.iterdir():
            if path.name != "square.yaml":
                path.unlink()
        machine.write("/etc/edge/edge.yaml", self.config)
        machine.write("/etc/edge/cameras.d/square.yaml", self.source("square"))
        machine.run("systemctl", "reload-or-restart", "edge")
        wait_until(self._whole, 2 * PATIENCE, "one camera, online")

    def _whole(self) -> bool:
        states = {c["name"]: c["state"] for c in self.machine.status()["cameras"]}
        return states == {"square": "online"}


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """The first test waits for the root to be made, and any of them may wait for an installation."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def system_root() -> Path:
    """A root file system that can be booted; without one the tests are left out, but not in CI."""
    done = subprocess.run(
        [str(ROOT / "scripts" / "system_root")], capture_output=True, text=True
    )
    if done.returncode == 3 and not in_ci():
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def machine(system_root: Path) -> Iterator[Machine]:
    """Booted, with nothing installed on it yet."""
    with (ROOT / ".cache" / "system-machine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two would take each other's control groups
        machine = make_machine(system_root, ROOT / ".cache")
        try:
            yield machine.boot()
        finally:
            machine.close()


@pytest.fixture
def installed(machine: Machine) -> Machine:
    """With this checkout's edge installed, which is quick where it is."""
    machine.run(f"{CHECKOUT}/scripts/install")
    return machine


@pytest.fixture(scope="session")
def site_broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def site_cameras() -> Iterator[RtspServer]:
    with RtspServer({"square": CLIP, "lawn": CLIP}) as cameras:
        yield cameras


@pytest.fixture(scope="session")
def heard(site_broker: Broker) -> Iterator[Collector]:
    """All that is published at the broker."""
    collector = Collector(site_broker.url)
    yield collector
    collector.close()


@pytest.fixture
def site(installed: Machine, site_broker: Broker, site_cameras: RtspServer) -> Site:
    """The service running with one camera, online."""
    site = Site(installed, site_broker, site_cameras)
    site.restore()
    return site
