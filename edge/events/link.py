"""One connection to a broker, from the TCP connect to its end. A new one is made for each attempt.

paho-mqtt does the protocol; its own thread, its reconnecting and its queue are not used, since they block at the end,
wait up to two minutes without jitter, and lose what was published before the first connect. Everything here runs in the
publisher's thread, callbacks included.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Any, Callable, Dict, List, Optional

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.config import MqttConfig
from edge.events.outbox import Message

# Sent and not yet acknowledged. Small: after a lost connection these may come twice.
WINDOW = 20
CONNECT_TIMEOUT = 5.0
# Acknowledgements are read together, this many seconds after the last ones or when half the window waits for them: to
# wake up for each one costs as much as to send the message.
LEISURE = 0.1
# paho looks after its keep-alive when told to.
HOUSEKEEPING = 1.0


class Link:
    """``state``: connecting, online, refused or lost; ``reason`` says why of the last two."""

    def __init__(self, config: MqttConfig, will: Message, acknowledged: Callable[[Message], None]) -> None:
        self.state = "connecting"
        self.reason = ""
        self._config = config
        self._acknowledged = acknowledged
        self._sent: Dict[int, Message] = {}  # by message id, in the order of sending
        self._deadline = self._read_at = self._misc_at = 0.0
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=config.client_id or "",
            protocol=mqtt.MQTTv311,
        )
        if config.username is not None:
            secret = config.password
            client.username_pw_set(config.username, None if secret is None else secret.get_secret_value())
        client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.connect_timeout = CONNECT_TIMEOUT
        client.max_inflight_messages_set(2 * WINDOW)  # never reached: paho must not queue
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        self._client = client

    @property
    def unacknowledged(self) -> List[Message]:
        return list(self._sent.values())

    @property
    def in_flight(self) -> int:
        return len(self._sent)

    @property
    def full(self) -> bool:
        return len(self._sent) >= WINDOW

    def open(self) -> None:
        """Connect; the broker's answer comes with :meth:`step`. Never raises: a failure is a state."""
        where = f"{self._config.host}:{self._config.port}"
        self._deadline = time.monotonic() + 2 * CONNECT_TIMEOUT
        try:
            self._client.connect(self._config.host, self._config.port, max(1, round(self._config.keepalive)))
        except socket.gaierror:
            self._end("lost", f"the name {self._config.host} is not known here")
        except ConnectionRefusedError:
            self._end("lost", f"nothing listens at {where}")
        except socket.timeout:
            self._end("lost", f"no answer from {where} within {CONNECT_TIMEOUT:g} s")
        except OSError as error:
            self._end("lost", f"{where}: {error.strerror or error}")

    def send(self, message: Message) -> bool:
        """Hand it over; False when the connection is gone and the message is still the caller's."""
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            # QoS 1 stays in paho's store, which goes with this link.
            self._end("lost", mqtt.error_string(info.rc).rstrip(".").lower())
            return False
        if message.qos:
            if not self._sent:
                self._read_at = time.monotonic() + LEISURE
            self._sent[info.mid] = message
        else:
            self._acknowledged(message)
        return True

    def step(self, wake: socket.socket, timeout: float, patient: bool = True) -> bool:
        """Wait until the broker, ``wake`` or the time has something to say, and deal with the broker's.

        With ``patient``, what the broker says may wait for LEISURE. Returns whether ``wake`` has something to be read.
        """
        sock = self._client.socket()
        if sock is None:
            self._end("lost", "connection lost")
            return False
        poller = select.poll()
        poller.register(wake, select.POLLIN)
        writing = self._client.want_write()
        if patient and not writing and self.state == "online" and 0 < len(self._sent) < WINDOW // 2:
            spare = min(timeout, self._read_at - time.monotonic())
            if spare > 0 and poller.poll(spare * 1000):
                return True
            woken, ready = False, select.POLLIN
        else:
            poller.register(sock, select.POLLIN | (select.POLLOUT if writing else 0))
            found = dict(poller.poll(max(0.0, timeout) * 1000))
            woken, ready = wake.fileno() in found, found.get(sock.fileno(), 0)
        now = time.monotonic()
        if ready & ~select.POLLOUT:
            self._read_at = now + LEISURE
            self._client.loop_read()
        if ready & select.POLLOUT and self._client.socket() is not None:
            self._client.loop_write()
        if now >= self._misc_at and self._client.socket() is not None:
            self._misc_at = now + HOUSEKEEPING
            self._client.loop_misc()
        if self.state == "connecting" and now > self._deadline:
            self._end("lost", f"{self._config.host}:{self._config.port} takes connections but does not speak MQTT")
        return woken

    def close(self) -> None:
        """Say goodbye: the broker then keeps the will to itself."""
        self._client.on_disconnect = None
        self._client.disconnect()
        while self._client.socket() is not None and self._client.want_write():
            if self._client.loop_write() != mqtt.MQTT_ERR_SUCCESS:
                break
        self.abandon()

    def abandon(self) -> None:
        """Drop the connection without a word."""
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _end(self, state: str, reason: str) -> None:
        if self.state in ("connecting", "online"):
            self.state, self.reason = state, reason

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if not code.is_failure:
            self.state = "online"
        elif code.value in (134, 135):  # bad user name or password; not authorised
            given = self._config.username is not None
            self._end("refused", "wrong user or password" if given else "the broker asks for a user and a password")
        elif code.value == 133:
            self._end("refused", f"the broker does not like the client id {self._config.client_id}")
        else:
            self._end("refused", str(code).lower())

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        quiet = f"no sign of life from the broker for {self._config.keepalive:g} s"
        self._end("lost", quiet if code.value == 141 else "the broker closed the connection")

    def _on_publish(self, _client: Any, _data: Any, mid: int, _code: Any, _properties: Any) -> None:
        message: Optional[Message] = self._sent.pop(mid, None)
        if message is not None:
            self._acknowledged(message)
