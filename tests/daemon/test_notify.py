"""What systemd hears, at a real socket."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Dict, Iterator

import pytest

from edge.daemon.notify import Notifier


class Manager:
    """The end that systemd has."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.open()

    def open(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(self.address)

    @property
    def environment(self) -> Dict[str, str]:
        return {"NOTIFY_SOCKET": self.address.replace("\0", "@")}

    def heard(self) -> str:
        """The next datagram; BlockingIOError when there is none."""
        return self.socket.recv(65536).decode()

    def silent(self) -> bool:
        try:
            self.heard()
        except BlockingIOError:
            return True
        return False


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    abstract = f"\0edge-test-notify/{os.getpid()}/{id(request)}"
    manager = Manager(abstract if request.param == "abstract" else str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


def test_each_word(manager: Manager) -> None:
    notifier = Notifier(manager.environment)
    assert notifier.active
    notifier.ready("2 of 3 cameras online")
    assert manager.heard() == "READY=1\nSTATUS=2 of 3 cameras online"
    notifier.stopping()
    assert manager.heard() == "STOPPING=1"
    notifier.extend(30.5)
    assert manager.heard() == "EXTEND_TIMEOUT_USEC=30500000"
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    reloading, stamp = manager.heard().split("\n")  # of one datagram: systemd tells reloads apart by the time
    assert reloading == "RELOADING=1"
    assert before <= int(stamp[len("MONOTONIC_USEC=") :]) <= time.monotonic_ns() // 1000


def test_a_status_is_sent_when_it_changed(manager: Manager) -> None:
    notifier = Notifier(manager.environment)
    for text in ("online", "online", "offline", "online"):
        notifier.status(text)
    assert [manager.heard() for _ in range(3)] == ["STATUS=online", "STATUS=offline", "STATUS=online"]
    notifier.ready("online: all")
    manager.heard()
    notifier.status("online: all")
    assert manager.silent()


def test_a_status_is_one_line_and_tells_no_secret(manager: Manager) -> None:
    notifier = Notifier(manager.environment)
    notifier.status("rejected:\nREADY=1 at rtsp://admin:hunter2@host/x")
    assert manager.heard() == "STATUS=rejected: READY=1 at rtsp://***@host/x"


def test_workers_inherit_nothing_of_it(manager: Manager) -> None:
    environment = {**manager.environment, "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/"}
    notifier = Notifier(environment)
    assert environment == {"HOME": "/"}
    assert notifier.watchdog_s == 5.0
    notifier.watchdog()
    assert manager.heard() == "WATCHDOG=1"


@pytest.mark.parametrize(
    "watchdog",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}],
)
def test_no_watchdog_or_somebody_elses(manager: Manager, watchdog: Dict[str, str]) -> None:
    notifier = Notifier({**manager.environment, **watchdog})
    assert notifier.watchdog_s is None
    notifier.watchdog()
    assert manager.silent()


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_where_nobody_listens_it_is_silent(environment: Dict[str, str]) -> None:
    notifier = Notifier({**environment, "WATCHDOG_USEC": "5000000"})
    assert not notifier.active and notifier.watchdog_s is None
    say_everything(notifier)


def test_a_manager_that_is_gone_is_told_when_another_is_there(manager: Manager, tmp_path: Path) -> None:
    notifier = Notifier({**manager.environment, "WATCHDOG_USEC": "5000000"})
    manager.socket.close()
    if not manager.address.startswith("\0"):
        Path(manager.address).unlink()
    notifier.ready("online")
    notifier.watchdog()  # of no use later
    manager.open()
    notifier.watchdog()
    assert [manager.heard(), manager.heard()] == ["READY=1\nSTATUS=online", "WATCHDOG=1"]
    assert manager.silent()


def test_a_manager_that_does_not_read_blocks_nobody(manager: Manager) -> None:
    notifier = Notifier({**manager.environment, "WATCHDOG_USEC": "5000000"})
    began = time.monotonic()
    for number in range(5000):
        notifier.status(f"status {number}")
        say_everything(notifier)
    assert time.monotonic() - began < 30
    while not manager.silent():
        pass
    notifier.status("the last")
    last = ""
    while True:
        try:
            last = manager.heard()
        except BlockingIOError:
            break
    assert last == "STATUS=the last"


def say_everything(notifier: Notifier) -> None:
    notifier.reloading()
    notifier.ready("ready")
    notifier.watchdog()
    notifier.extend(10)
    notifier.stopping()
