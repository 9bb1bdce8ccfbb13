"""The broker: reached, and entered with the configured user, under a client id of the doctor's own."""

from __future__ import annotations

import errno
import os
import queue
import socket
import ssl
import threading
import time
from typing import Any, Iterator, List, Optional

import paho.mqtt.client as mqtt

from edge.config import MqttConfig
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, skipped
from edge.errors import PublishError
from edge.events.mqtt import client as clients
from edge.events.mqtt import codes, tls

CONNECT_S = 5.0
RESOLVE_S = 10.0
_NO_ROUTE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN)


def check(context: Context) -> Iterator[Finding]:
    if context.whole is None:
        why = "no configuration" if context.config is None else "the configuration has to be mended first"
        yield skipped("broker", f"not looked at: {why}")
        return
    config, place = context.whole.mqtt, f"mqtt.url, {context.place('mqtt', 'url')}"
    where = f"{config.host}:{config.port}"
    context.told(where)
    try:
        if not _resolves(config.host, config.port):
            yield error("broker", f"no name server answers for {config.host}", "resolvectl status; or give the address")
            return
        began = time.monotonic()
        yield _entered(config, where, place, began)
    except socket.gaierror:
        yield error("broker", f"the name {config.host} is not known here", f"correct {place}, or give the address")
    except ConnectionRefusedError:
        remedy = f"start the broker (systemctl start mosquitto), or correct {place}"
        yield error("broker", f"nothing listens at {where}", remedy)
    except socket.timeout:
        remedy = f"is it on, and no firewall in between? else correct {place}"
        yield error("broker", f"no answer from {where} within {CONNECT_S:g} s", remedy)
    except PublishError as failure:
        yield error("broker", str(failure), f"correct {context.place('mqtt', 'tls')}, or that file")
    except ssl.SSLError as failure:
        yield error("broker", f"{where}: {tls.told(failure, config)[1]}", f"correct {place}, or mqtt.tls beside it")
    except OSError as failure:
        if failure.errno in _NO_ROUTE:
            remedy = f"ip route get {config.host} says why; or correct {place}"
            yield error("broker", f"no way to {where}: {(failure.strerror or '').lower()}", remedy)
        else:
            yield error("broker", f"{where}: {failure.strerror or failure}", f"correct {place}")


def _resolves(host: str, port: int) -> bool:
    """False when no answer comes in time; raises gaierror for a name that is not known."""
    answer: queue.Queue[Optional[OSError]] = queue.Queue()

    def look() -> None:
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as failure:
            answer.put(failure)
        else:
            answer.put(None)

    # Nothing bounds the resolver but its own configuration.
    threading.Thread(target=look, daemon=True).start()
    try:
        failure = answer.get(timeout=RESOLVE_S)
    except queue.Empty:
        return False
    if failure is not None:
        raise failure
    return True


def _entered(config: MqttConfig, where: str, place: str, began: float) -> Finding:
    """Connect, hear what the broker says, and leave. Raises OSError where it cannot be reached."""
    answers: List[Any] = []
    prepared = clients.prepare(config, f"edge-doctor-{os.getpid()}")  # the daemon's would throw the daemon out
    client = prepared.client
    client.connect_timeout = CONNECT_S
    client.on_connect = lambda _client, _data, _flags, code, _properties: answers.append(code)
    try:
        prepared.connect(config)
        lost = mqtt.MQTT_ERR_SUCCESS
        while not answers and lost == mqtt.MQTT_ERR_SUCCESS and time.monotonic() - began < 2 * CONNECT_S:
            lost = client.loop(timeout=0.1)
        took = (time.monotonic() - began) * 1000
        if answers and not answers[0].is_failure:
            client.disconnect()
    finally:
        prepared.abandon()
    failure = prepared.failure()
    if failure is not None:
        raise failure
    if not answers and lost == mqtt.MQTT_ERR_PROTOCOL:
        return error("broker", f"{where}: {codes.unspoken(config)}", f"correct {place}, or mqtt.version beside it")
    if not answers:
        words = "closes the connection" if lost != mqtt.MQTT_ERR_SUCCESS else "does not answer"
        return error("broker", f"{where} takes connections and then {words}: no MQTT?", f"correct {place}")
    if answers[0].is_failure:
        return _refused(answers[0], config, where, place)
    who = f"as {config.username}" if config.username is not None else "without a user"
    how = ", with TLS" if config.secure else ""
    return ok("broker", f"{where} lets us in {who} ({took:.0f} ms{how})")


def _refused(code: Any, config: MqttConfig, where: str, place: str) -> Finding:
    if code.value in (134, 135):  # bad user name or password; not authorised
        if config.username is None:
            remedy = f"give mqtt.username and mqtt.password beside {place}"
            return error("broker", f"{where} asks for a user and a password", remedy)
        remedy = f"correct mqtt.username and mqtt.password beside {place}"
        return error("broker", f"{where} refuses this user and password", remedy)
    if code.value == 133:
        remedy = "nothing is wrong where it takes the daemon's own: edge status says whether it is online"
        return error("broker", f"{where} takes certain client ids alone, and the doctor's is none of them", remedy)
    if code.value == 0x84:
        return error("broker", f"{where}: {codes.unspoken(config)}", f"correct mqtt.version beside {place}")
    return error("broker", f"{where} refuses: {codes.words(code.value)}", "the broker's log says why")
