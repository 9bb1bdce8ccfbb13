"""TLS against a real mosquitto: certificates that are good, and every way in which they are not."""

from __future__ import annotations

import shutil
import socket
import ssl
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest

from edge.config import MqttConfig
from edge.events.mqtt.link import Link
from edge.events.mqtt.publisher import Publisher
from scripts.servers import wait_until
from tests.support.memory_spool import MemorySpool
from tests.support.tls_broker import Authority, TlsBroker, openssl

Make = Callable[..., Publisher]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    """Certificates by what is right or wrong with them."""
    folder = tmp_path_factory.mktemp("pki")
    ours, theirs = Authority(folder, "ca"), Authority(folder, "another-ca")
    made = {
        "ca": ours.file, "another": theirs.file,
        "server": ours.sign("server", "DNS:localhost"), "late-server": ours.sign("late-server", "DNS:localhost", -1),
        "client": ours.sign("client"), "late-client": ours.sign("late-client", days=-1),
        "stranger": theirs.sign("stranger"),
    }  # fmt: skip
    made["key"] = made["client"].with_suffix(".key")
    made["encrypted"] = folder / "encrypted.key"
    openssl("pkey", "-in", made["key"], "-aes128", "-passout", "pass:secret", "-out", made["encrypted"])
    made["text"] = folder / "text.pem"
    made["text"].write_text("not a certificate\n")
    made["folder"], made["missing"] = folder, folder / "missing.pem"
    return made


@pytest.fixture
def broker(pki: Dict[str, Path]) -> Iterator[Callable[..., TlsBroker]]:
    """``broker(certificate="server", ask=False)``"""
    made: List[TlsBroker] = []

    def start(certificate: str = "server", ask: bool = False) -> TlsBroker:
        made.append(TlsBroker(pki["ca"], pki[certificate], ask))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.close()


def tls(pki: Dict[str, Path], **names: Any) -> Dict[str, Any]:
    return {key: str(pki[name]) if isinstance(name, str) else name for key, name in names.items()}


def fails(publisher: Publisher, state: str) -> str:
    wait_until(lambda: publisher.state != "connecting", what="an answer")
    assert publisher.state == state, publisher.reason
    return publisher.reason


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("ask", [False, True])
def test_good_certificates(
    version: str, ask: bool, broker: Any, pki: Dict[str, Path], make: Make, spool: MemorySpool
) -> None:
    mine = {"certificate": "client", "key": "key"} if ask else {}
    publisher = make(broker(ask=ask).url, version=version, tls=tls(pki, ca="ca", **mine))
    for n in range(500):
        spool.event(n)
    wait_until(lambda: spool.waiting == 0, what="delivered")
    assert (publisher.state, publisher.reason) == ("online", "")
    assert publisher.stop(5.0) == 0


@pytest.mark.parametrize(
    ("server", "mine", "words"),
    [
        ("server", {"ca": "another"}, "the broker's certificate is signed by none of {another} (mqtt.tls.ca)"),
        ("server", {}, "the broker's certificate is signed by none of this system's authorities (mqtt.tls.ca)"),
        ("late-server", {"ca": "ca"}, "the broker's certificate has expired (checked with {ca})"),
        ("server", {"ca": "missing"}, "{missing} cannot be read: no such file or directory"),
        ("server", {"ca": "folder"}, "{folder} cannot be read: is a directory"),
        ("server", {"ca": "text"}, "{text} holds no certificate (PEM)"),
        ("server", {"ca": "ca", "certificate": "text", "key": "key"}, "{text} holds no certificate (PEM)"),
        ("server", {"ca": "ca", "certificate": "client", "key": "text"}, "{text} holds no private key (PEM)"),
        (
            "server", {"ca": "ca", "certificate": "missing", "key": "key"},
            "{missing} cannot be read: no such file or directory",
        ),
        (
            "server", {"ca": "ca", "certificate": "stranger", "key": "key"},
            "the key {key} does not belong to the certificate {stranger}",
        ),
        (
            "server", {"ca": "ca", "certificate": "client", "key": "encrypted"},
            "the key {encrypted} is encrypted: put one there that is not (openssl pkey -in …)",
        ),
    ],
)  # fmt: skip
def test_why_there_is_no_connection(
    server: str, mine: Dict[str, str], words: str, broker: Any, pki: Dict[str, Path], make: Make, caplog: Any
) -> None:
    changes: List[Tuple[str, str]] = []
    url = broker(server).url
    publisher = make(url, tls=tls(pki, **mine), on_change=lambda *change: changes.append(change))
    assert fails(publisher, "refused") == words.format(**pki)
    assert changes == [("refused", words.format(**pki))]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("newest", ["1.2", "1.3"])
@pytest.mark.parametrize(
    ("mine", "words"),
    [
        ({}, "the broker asks for a certificate: give mqtt.tls.certificate and mqtt.tls.key"),
        ({"certificate": "late-client"}, "the broker says that {late-client} has expired"),
        ({"certificate": "stranger"}, "the broker does not know the authority that signed {stranger}"),
    ],
)
def test_a_broker_that_does_not_like_our_certificate(
    newest: str, mine: Dict[str, str], words: str, broker: Any, pki: Dict[str, Path], make: Make, monkeypatch: Any
) -> None:
    """TLS 1.2 tells within the handshake, 1.3 after it."""
    if newest == "1.2":
        def older(*args: Any) -> Any:
            context = made(*args)
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            return context

        from edge.events.mqtt import tls as module

        made = module.make_context
        monkeypatch.setattr(module, "make_context", older)
    if mine:
        mine = {**mine, "key": mine["certificate"]}
    config = tls(pki, ca="ca", **mine)
    if mine:
        config["key"] = str(Path(config["key"]).with_suffix(".key"))
    publisher = make(broker(ask=True).url, tls=config)
    assert fails(publisher, "refused") == words.format(**pki)


def test_another_host_name_unless_it_does_not_matter(broker: Any, pki: Dict[str, Path], make: Make) -> None:
    url = broker().url.replace("localhost", "127.0.0.1")
    publisher = make(url, tls=tls(pki, ca="ca"))
    words = "the broker's certificate is for another name than 127.0.0.1 (mqtt.tls.check_name)"
    assert fails(publisher, "refused") == words
    publisher.change(MqttConfig(url=url, client_id="edge-gate-7", tls=tls(pki, ca="ca", check_name=False)))
    wait_until(lambda: publisher.state == "online", what="online")


def test_a_broker_that_speaks_no_tls_and_a_listener_that_is_silent(
    make_broker: Any, pki: Dict[str, Path], make: Make, monkeypatch: Any
) -> None:
    monkeypatch.setattr("edge.events.mqtt.client.CONNECT_TIMEOUT", 0.5)
    plain = make_broker()
    publisher = make(f"mqtts://localhost:{plain.port}", tls=tls(pki, ca="ca"))
    assert "TLS" in fails(publisher, "offline")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        port = deaf.getsockname()[1]
        other = make(f"mqtts://127.0.0.1:{port}", tls=tls(pki, ca="ca"))
        assert fails(other, "offline") == f"no answer from 127.0.0.1:{port} within 0.5 s"


def test_nothing_older_than_tls_1_2_is_spoken(pki: Dict[str, Path]) -> None:
    from edge.events.mqtt.tls import make_context

    context = make_context(MqttConfig(url="mqtts://localhost", tls=tls(pki, ca="ca")))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED


def test_a_failed_handshake_leaves_nothing_open(broker: Any, pki: Dict[str, Path]) -> None:
    config = MqttConfig(url=broker().url, tls=tls(pki, ca="another"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        link = Link(config, "edge-gate-7")
        link.open()
        assert link.state == "refused"
        link.abandon()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_new_certificates_are_used_when_they_are_told_of(
    broker: Any, pki: Dict[str, Path], make: Make, spool: MemorySpool, tmp_path: Path
) -> None:
    certificate, key, ca = (tmp_path / name for name in ("client.pem", "client.key", "ca.pem"))
    shutil.copy(pki["late-client"], certificate)
    shutil.copy(pki["late-client"].with_suffix(".key"), key)
    shutil.copy(pki["ca"], ca)
    files = {"ca": str(ca), "certificate": str(certificate), "key": str(key)}
    publisher = make(broker(ask=True).url, tls=files)
    assert fails(publisher, "refused") == f"the broker says that {certificate} has expired"
    shutil.copy(pki["client"], certificate)
    shutil.copy(pki["key"], key)
    publisher.refresh()
    wait_until(lambda: publisher.state == "online", what="online")
    publisher.refresh()  # nothing has changed: nothing happens
    spool.event(1)
    wait_until(lambda: spool.waiting == 0, what="delivered")
    assert publisher.figures()["reconnects"] == 0
    ca.write_bytes(pki["ca"].read_bytes() + pki["another"].read_bytes())
    publisher.refresh()
    wait_until(lambda: publisher.figures()["reconnects"] == 1 and publisher.state == "online", what="a new connection")
