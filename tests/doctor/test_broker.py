"""The broker: real ones, and what is none."""

from __future__ import annotations

import socket
import threading
from typing import Any, Callable, Iterator

import pytest

from edge.doctor.checks import broker
from edge.doctor.context import Context
from edge.doctor.finding import Finding
from tests.support.collector import Collector
from tests.support.fake_broker import FakeBroker
from tests.support.tls_broker import Authority, TlsBroker

Here = Callable[..., Context]


def looked(here: Here, url: str, *more: str) -> Finding:
    (found,) = broker.check(here("\n".join(["device: gate-7", "mqtt:", f"  url: {url}", *more]) + "\n"))
    assert found.remedy or found.status in ("ok", "skipped")
    return found


@pytest.fixture
def listener() -> Iterator[Callable[[bool], str]]:
    """``listener(closes)``: something that takes connections and either closes them or says nothing."""
    sockets = []

    def make(closes: bool) -> str:
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        sock.listen(5)
        sockets.append(sock)

        def serve() -> None:
            try:
                while True:
                    connection, _ = sock.accept()
                    sockets.append(connection)
                    if closes:
                        connection.close()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        return f"mqtt://127.0.0.1:{sock.getsockname()[1]}"

    yield make
    for sock in sockets:
        sock.close()


def test_a_broker_that_lets_in(make_broker: Any, here: Here) -> None:
    found = looked(here, make_broker().url)
    assert found.status == "ok" and "without a user" in found.message
    found = looked(here, make_broker(users={"edge": "let me in"}).url, "  username: edge", "  password: let me in")
    assert found.status == "ok" and "as edge" in found.message


def test_a_broker_that_refuses(make_broker: Any, here: Here) -> None:
    url = make_broker(users={"edge": "let me in"}).url
    found = looked(here, url)
    assert found.status == "error" and "asks for a user" in found.message
    found = looked(here, url, "  username: edge", "  password: not-this-one")
    assert found.status == "error" and "refuses this user and password" in found.message
    assert "not-this-one" not in str(found)
    assert "edge.yaml:3" in found.remedy


def test_a_broker_that_is_stopped(make_broker: Any, here: Here) -> None:
    stopped = make_broker()
    stopped.stop()
    found = looked(here, stopped.url)
    assert found.status == "error" and found.message == f"nothing listens at 127.0.0.1:{stopped.port}"


def test_what_is_no_broker(listener: Callable[[bool], str], here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(here, listener(True))
    assert found.status == "error" and "closes the connection: no MQTT?" in found.message
    monkeypatch.setattr(broker, "CONNECT_S", 0.2)
    found = looked(here, listener(False))
    assert found.status == "error" and "does not answer: no MQTT?" in found.message


def test_a_name_that_nobody_knows(here: Here) -> None:
    found = looked(here, "mqtt://no-such-host.invalid")
    assert found.status == "error" and "no-such-host.invalid is not known here" in found.message


def test_a_resolver_that_is_silent(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(broker, "RESOLVE_S", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait())
    found = looked(here, "mqtt://broker.lan")
    over.set()
    assert found.status == "error" and "no name server answers" in found.message


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (OSError(113, "No route to host"), "no way to 10.0.0.1:1883: no route to host"),
        (socket.timeout(), "no answer from 10.0.0.1:1883"),
        (OSError(1, "Operation not permitted"), "10.0.0.1:1883: Operation not permitted"),
    ],
)
def test_a_network_that_does_not_reach_it(
    failure: OSError, words: str, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "create_connection", refuse)
    found = looked(here, "mqtt://10.0.0.1")
    assert found.status == "error" and found.message.startswith(words)


def test_the_daemon_keeps_its_connection(make_broker: Any, here: Here) -> None:
    """The doctor has a client id of its own, and leaves with a goodbye: no will is told, nobody thrown out."""
    server = make_broker()
    other = Collector(server.url)
    assert looked(here, server.url).status == "ok"
    assert "edge-doctor-" in server.log.read_text()
    assert "already connected" not in server.log.read_text()
    other.close()
    assert other.messages == []


def test_nothing_is_asked_of_a_broken_configuration(here: Here) -> None:
    assert looked(here, "mqtt://127.0.0.1", "  prot: 1").status == "skipped"
    (found,) = broker.check(here())
    assert found.status == "skipped"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("pki"), "ca")
    for name in ("server", "client"):
        made.sign(name, "DNS:localhost")
    return made


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_tls_and_both_versions(version: str, authority: Authority, here: Here) -> None:
    folder = authority.folder
    certificate = [f"    certificate: {folder / 'client.pem'}", f"    key: {folder / 'client.key'}"]
    with TlsBroker(authority.file, folder / "server.pem", ask=True) as server:
        lines = [f"  version: '{version}'", "  tls:", f"    ca: {authority.file}"]
        found = looked(here, server.url, *lines, *certificate)
        assert found.status == "ok" and "with TLS" in found.message
        found = looked(here, server.url, *lines)
        assert found.status == "error" and "asks for a certificate" in found.message
        found = looked(here, server.url)
        assert found.status == "error" and "signed by none of this system's authorities" in found.message
        found = looked(here, server.url, "  tls:", f"    ca: {folder / 'missing.pem'}")
        assert found.status == "error" and f"{folder / 'missing.pem'} cannot be read" in found.message


@pytest.mark.parametrize(("version", "code"), [("3.1.1", 1), ("5", 0x84)])
def test_a_broker_of_the_other_version(version: str, code: int, here: Here) -> None:
    with FakeBroker(connack=(code,)) as server:
        found = looked(here, server.url, f"  version: '{version}'")
    assert found.status == "error" and f"does not speak MQTT {version}" in found.message
    assert "mqtt.version" in found.message
