"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Union

import pytest

from scripts import servers
from tests.support.collector import Collector
from tests.support.interpreters import interpreter


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Whole systems first: they take longest, and nobody waits for the last of them at the end."""
    items.sort(key=lambda item: "system" not in item.path.parts)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of clips and models beside the checkout."""
    folder = servers.ROOT.parent / "shared"
    if not (folder / "media").is_dir():
        pytest.skip("no ../shared with clips and models beside the checkout")
    return folder


@pytest.fixture
def free_port() -> int:
    return servers.free_port()


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    """``wait_until(condition, timeout=…, what="")``: the condition's first true value, or TimeoutError."""
    return servers.wait_until


@pytest.fixture
def make_broker() -> Iterator[Callable[..., servers.Broker]]:
    """``make_broker(users=…, start=True)``: a mosquitto of the test's own."""
    made: List[servers.Broker] = []

    def make(start: bool = True, **how: Any) -> servers.Broker:
        broker = servers.Broker(**how)
        made.append(broker)
        return broker.start() if start else broker

    yield make
    for broker in made:
        broker.close()


@pytest.fixture
def broker(make_broker: Callable[..., servers.Broker]) -> servers.Broker:
    """A running mosquitto that anybody may connect to, with ``url``, ``restart()``, ``stop()``, ``start()``."""
    return make_broker()


@pytest.fixture
def mqtt_client(broker: servers.Broker) -> Iterator[Collector]:
    """Subscribed to everything at ``broker``."""
    collector = Collector(broker.url)
    yield collector
    collector.close()


@pytest.fixture
def rtsp_server() -> Iterator[Callable[..., servers.RtspServer]]:
    """``rtsp_server(square=path, user=…, password=…, auth=…, once=…)``: running, with a mount for each clip."""
    made: List[servers.RtspServer] = []

    def make(
        user: str = "", password: str = "", auth: str = "digest", once: bool = False, **mounts: Union[str, Path]
    ) -> servers.RtspServer:
        server = servers.RtspServer(mounts, user=user, password=password, auth=auth, once=once)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.close()


def _interpreter(version: str) -> Path:
    try:
        return interpreter(version)
    except LookupError as e:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(e))


@pytest.fixture(scope="session")
def python36() -> Path:
    """A Python 3.6 with gi, numpy 1.13.3 and what else runs there; no package installed: set PYTHONPATH."""
    return _interpreter("3.6")


@pytest.fixture(scope="session")
def python36_tensorrt() -> Path:
    """The same with ONNX Runtime, onnx, and the numpy that they want."""
    return _interpreter("3.6-tensorrt")


@pytest.fixture(scope="session")
def python38() -> Path:
    """A Python 3.8 with gi, the package and the test tools."""
    return _interpreter("3.8")


@pytest.fixture(scope="session")
def python310() -> Path:
    """A Python 3.10 with gi, Ubuntu 22.04's numpy and what else workers need; no package installed: set PYTHONPATH."""
    return _interpreter("3.10")


@pytest.fixture(scope="session")
def python312() -> Path:
    """A Python 3.12 in the same way."""
    return _interpreter("3.12")


@pytest.fixture
def clean_environment() -> Dict[str, str]:
    """The environment without what would turn colour or the journal on."""
    drop = ("JOURNAL_STREAM", "NO_COLOR", "FORCE_COLOR", "NOTIFY_SOCKET", "EDGE_")
    return {k: v for k, v in os.environ.items() if not k.startswith(drop)}
