"""One connection to a broker, from the TCP connect to its end. A new one is made for each attempt.

paho-mqtt does the protocol; its own thread, its reconnecting and its queue are not used, since they block at the end,
wait up to two minutes without jitter, lose what was published before the first connect, and know nothing of what the
broker takes at a time. Everything here runs in the thread of whoever calls, callbacks included.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import paho.mqtt.client as mqtt

from edge.config import MqttConfig
from edge.errors import PublishError
from edge.events.mqtt import client as clients
from edge.events.mqtt import codes, properties, tls
from edge.events.mqtt.ending import NO_MQTT, PROTOCOL, Ending, ending
from edge.events.mqtt.message import Heard, Message

# Acknowledgements of one burst are read together, this many seconds after the last ones or when many wait for them: to
# wake up for each one costs as much as to send the message.
LEISURE = 0.005
MANY = 10
# paho looks after its keep-alive when told to.
HOUSEKEEPING = 1.0
# Keep-alives without a sign of life. A ping goes out after one; paho would wait for its answer for as long again.
SILENCE = 1.45
# A broker that answers pings and no message is left after so many seconds.
ANSWER = 60.0


class Link:
    """``state``: connecting, online, refused or lost; ``reason`` says why of the last two.

    ``acknowledged(message, code)`` and ``heard(message)`` are called within :meth:`step` and must not raise.
    ``blame`` and ``slow`` are Ending's.
    """

    def __init__(
        self, config: MqttConfig, client_id: str, will: Optional[Message] = None,
        acknowledged: Callable[[Message, int], None] = lambda *_: None, heard: Callable[[Heard], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.state, self.reason = "connecting", ""
        self.unheard = ""  # why the broker does not let us listen, in words
        self.blame = self.slow = False
        self.most = 65535  # messages at a time that the broker takes
        self.largest: Optional[int] = None  # bytes of a packet that it takes
        self.fingerprint = tls.fingerprint(config)
        self.ack_s = 0.0  # how long the latest answer took
        self._config, self._client_id, self._will = config, client_id, will
        self._acknowledged, self._heard = acknowledged, heard
        self._sent: Dict[int, Tuple[Message, float]] = {}  # with the time, by message id, in the order of sending
        self._bytes = 0
        self._keepalive = max(1.0, config.keepalive)
        self._deadline = self._read_at = self._misc_at = 0.0
        self._heard_at = self._answered_at = self._stepped_at = time.monotonic()
        self._prepared: Optional[clients.Prepared] = None
        self._gone: Optional[Tuple[bool, int]] = None  # whether the broker said why, and paho's code

    @property
    def unacknowledged(self) -> List[Message]:
        """What was sent and not answered, in the order of sending."""
        return [message for message, _ in self._sent.values()]

    @property
    def in_flight(self) -> int:
        return len(self._sent)

    @property
    def bytes_in_flight(self) -> int:
        return self._bytes

    def open(self) -> None:
        """Connect; the broker's answer comes with :meth:`step`. Never raises: a failure is a state."""
        config = self._config
        try:
            self._prepared = clients.prepare(config, self._client_id)
            client = self._prepared.client
            if self._will is not None:
                client.will_set(self._will.topic, self._will.payload, 1, self._will.retain)
            client.max_inflight_messages_set(0)  # ours is the window: paho must not queue
            client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
            client.on_publish, client.on_message = self._on_publish, self._on_message
            client.on_subscribe = self._on_subscribe
            self._prepared.connect(config)
        except (OSError, PublishError, UnicodeError) as error:
            refused, words = clients.told(error, config)
            self._end("refused" if refused else "lost", words)
        self._heard_at = self._answered_at = self._stepped_at = time.monotonic()
        self._deadline = self._heard_at + 2 * clients.CONNECT_TIMEOUT

    def too_large(self, message: Message) -> bool:
        """Whether the broker has said that it does not take so much."""
        return self.largest is not None and properties.size(message, self._config.version) > self.largest

    def send(self, message: Message) -> None:
        """Hand it over: it is unacknowledged from now on, even where the connection is gone."""
        if self._prepared is None:
            return
        said = properties.of(message) if self._config.version == "5" else None
        info = self._prepared.client.publish(message.topic, message.payload, 1, message.retain, said)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            self._end("lost", "the connection broke: " + mqtt.error_string(info.rc).rstrip(".").lower())
        now = time.monotonic()
        if not self._sent:
            self._read_at = now + LEISURE
        self._sent[info.mid] = message, now
        self._bytes += len(message.payload)

    def subscribe(self, filters: Sequence[str]) -> None:
        if self._prepared is not None and filters:
            self._prepared.client.subscribe([(topic, 1) for topic in filters])

    def step(self, wake: Optional[socket.socket], timeout: float, patient: bool = True) -> bool:
        """Wait until the broker, ``wake`` or the time has something to say, and deal with the broker's.

        With ``patient``, what the broker says may wait for LEISURE. Returns whether ``wake`` has something to be read.
        """
        sock: Any = self._prepared.client.socket() if self._prepared is not None else None
        if sock is None or self._prepared is None:
            self._end("lost", "connection lost")
            return False
        client = self._prepared.client
        poller = select.poll()
        if wake is not None:
            poller.register(wake, select.POLLIN)
        writing = client.want_write()
        if self._sent:
            # Each answer is a small packet of its own: the broker's kernel holds it back until ours has confirmed the
            # one before, and ours takes 40 ms for that unless it is told, each time.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        woken, ready, now = False, 0, time.monotonic()
        timeout = min(timeout, max(0.0, self._heard_at + SILENCE * self._keepalive - now), self._keepalive / 5)
        leisurely = patient and not writing and 0 < len(self._sent) < MANY and now < self._read_at
        if leisurely:
            woken = bool(poller.poll(1000 * min(timeout, self._read_at - now)))
        if not woken:
            poller.register(sock, select.POLLIN | (select.POLLOUT if writing else 0))
            found = dict(poller.poll(0 if leisurely else 1000 * max(0.0, timeout)))
            ready = found.get(sock.fileno(), 0)
            woken = wake is not None and wake.fileno() in found
        now = time.monotonic()
        if ready & ~select.POLLOUT:
            self._heard_at, self._read_at = now, now + LEISURE
            self._read(client)
        elif client.broken is not None:
            reason = f"the connection broke: {client.broken.strerror or client.broken}"
            self._end("lost", reason, self.state == "online")
        elif ready & select.POLLOUT:
            client.loop_write()
        self._look_after(client, now, timeout)
        return woken

    def _read(self, client: Any) -> None:
        try:
            rc = client.loop_read()
            # TLS may hold more than the socket shows.
            while isinstance(client.socket(), ssl.SSLSocket) and client.socket().pending():
                rc = client.loop_read()
        except Exception as error:  # paho's, of bytes that are no MQTT: our callbacks let none out
            self._end("lost", f"{NO_MQTT} ({type(error).__name__})", self.state == "online")
            return
        if rc == mqtt.MQTT_ERR_PROTOCOL and self._gone is not None:
            self._gone = False, PROTOCOL  # paho before 2.2 does not tell the callback

    def _notice(self, client: Any) -> None:
        """That the connection ended, if it has."""
        if self._gone is not None and self._prepared is not None:
            told, code = self._gone[0], client.farewell if self._gone[0] else self._gone[1]
            self._ended(ending(self._config, self.state == "online", told, code, self._prepared.failure()))

    def _look_after(self, client: Any, now: float, timeout: float) -> None:
        # A process that stood still has not listened meanwhile.
        stood = max(0.0, now - self._stepped_at - timeout - HOUSEKEEPING)
        self._heard_at += stood
        self._answered_at += stood
        self._stepped_at = now
        if self.state == "connecting" and now > self._deadline:
            self._end("lost", f"{self._config.host}:{self._config.port} takes connections but does not speak MQTT")
        if self.state == "online" and now >= self._heard_at + SILENCE * self._keepalive:
            self._end("lost", f"no sign of life from the broker for {SILENCE * self._keepalive:.3g} s")
        if self.state == "online" and self._sent:
            oldest = next(iter(self._sent.values()))[1]
            if now - max(oldest, self._answered_at) >= ANSWER:
                self._end("lost", f"the broker has answered no message for {ANSWER:g} s")
        if now >= self._misc_at and client.socket() is not None:
            self._misc_at = now + min(HOUSEKEEPING, self._keepalive / 5)
            client.loop_misc()
        self._notice(client)

    def close(self, until: float) -> None:
        """Say goodbye, so that the broker keeps the will to itself; not beyond ``until`` (monotonic)."""
        if self._prepared is not None:
            client: Any = self._prepared.client
            client.on_disconnect = None
            client.disconnect()
            while client.socket() is not None and client.want_write() and time.monotonic() < until:
                poller = select.poll()
                poller.register(client.socket(), select.POLLOUT)
                poller.poll(50)
                client.loop_write()
        self.abandon()

    def abandon(self) -> None:
        """Drop the connection without a word."""
        if self._prepared is not None:
            self._prepared.abandon()

    def _end(self, state: str, reason: str, blame: bool = False) -> None:
        self._ended(Ending(state, reason, blame))

    def _ended(self, how: Ending) -> None:
        if self.state in ("connecting", "online"):
            self.state, self.reason, self.blame, self.slow = how

    # ---- paho's callbacks ------------------------------------------------------------------------------------------

    def _on_connect(self, client: Any, _data: Any, _flags: Any, code: Any, said: Any) -> None:
        if code.is_failure:
            words = codes.refusal(code.value, self._config, self._client_id)
            return self._ended(Ending("refused", words, False, code.value in codes.PATIENCE))
        self.most = getattr(said, "ReceiveMaximum", None) or self.most
        self.largest = getattr(said, "MaximumPacketSize", None)
        theirs = getattr(said, "ServerKeepAlive", None)
        if theirs:
            self._keepalive = min(self._keepalive, float(theirs))
            client._keepalive = theirs  # paho before 2.2 does not look
        self.state = "online"

    def _on_disconnect(self, _client: Any, _data: Any, flags: Any, code: Any, _said: Any) -> None:
        self._gone = bool(flags.is_disconnect_packet_from_server), code.value

    def _on_publish(self, _client: Any, _data: Any, mid: int, code: Any, _said: Any) -> None:
        found = self._sent.pop(mid, None)
        if found is not None:
            self._bytes -= len(found[0].payload)
            self._answered_at = time.monotonic()
            self.ack_s = self._answered_at - found[1]
            self._acknowledged(found[0], code.value)

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        try:
            correlation = getattr(message.properties, "CorrelationData", None)
            heard = Heard(message.topic, bytes(message.payload), bool(message.retain), correlation)
        except UnicodeDecodeError:  # the topic
            return
        self._heard(heard)

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, granted: Any, _said: Any) -> None:
        refused = [code for code in granted if code.is_failure]
        if refused:
            self.unheard = f"the broker refuses a subscription: {codes.words(refused[0].value)}"
