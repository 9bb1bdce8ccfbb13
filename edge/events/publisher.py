"""Publishing: whatever the broker does, the caller never waits.

Messages go into a bounded queue; a thread of its own connects, sends, and connects again. Delivery is at least once and
in order, for as long as the queue has room and the process lives.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from contextlib import contextmanager
from typing import Callable, Iterator, Optional, Tuple

from edge import log
from edge.config import MqttConfig
from edge.events.link import Link
from edge.events.outbox import Message, Outbox

_logger = logging.getLogger(__name__)

LIMIT = 10_000  # messages; an event has 1 kB, so about 10 MB
DELAYS = (1.0, 30.0)  # seconds between attempts: the first and the longest
STEADY = 10.0  # a connection that held this long starts the delays anew
FAREWELL = 0.5  # what the offline message gets of the time to stop
CHANGE = 1.5  # seconds that the old broker gets before a new one is gone to
DEADLINE = 120.0  # seconds within which the thread must come round: a name look-up may take most of it


class Publisher:
    """``state``: connecting, online, offline or refused; ``reason`` in words, and with no secret in it.

    ``on_change(state, reason)`` is called in the publisher's thread. It must only hand the news on.
    """

    def __init__(
        self,
        mqtt: MqttConfig,
        device: str,
        on_change: Optional[Callable[[str, str], None]] = None,
        limit: int = LIMIT,
    ) -> None:
        self.state, self.reason = "connecting", ""
        self.published = 0
        self._device = device
        self._use(mqtt)
        self._on_change = on_change
        self._outbox = Outbox(limit)
        self._in_flight = 0
        self._full = False
        self._stop_at: Optional[float] = None  # monotonic; set once stop() was called
        self._next: Optional[Tuple[MqttConfig, float]] = None  # where to go instead, and when at the latest
        self._lock = threading.Lock()
        self._beat = time.monotonic()
        self._woken = self._held = False
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    @property
    def pending(self) -> int:
        """Messages that the broker has not acknowledged. Retained ones count only while there is a connection."""
        return len(self._outbox) + self._in_flight

    @property
    def dropped(self) -> int:
        """Messages given up because too many waited."""
        return self._outbox.dropped

    def alive(self, now: float) -> bool:
        """Whether the thread does its work; ``now`` is monotonic. Before it was started there is none to be missed."""
        if self._thread.ident is None or self._stop_at is not None:
            return True
        return self._thread.is_alive() and now - self._beat < DEADLINE

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._beat = time.monotonic()
        self._thread.start()

    def change(self, mqtt: MqttConfig) -> None:
        """Leave this broker for another, or for another way to it. What waits is sent there, retained states too.

        Returns at once. The old broker gets what it can take within CHANGE seconds.
        """
        with self._lock:
            self._next = mqtt, time.monotonic() + CHANGE
        self._wake()

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Queue a message; returns at once. ``ValueError`` for a topic that nobody may publish to."""
        if not topic or len(topic.encode()) > 65535 or "+" in topic or "#" in topic or "\0" in topic:
            raise ValueError(f"not a topic to publish to: {topic[:100]!r}")
        room = self._outbox.put(Message(topic, payload, qos, retain))
        if not room and not self._full:
            # Once a full queue, not once a message.
            log.event(_logger, "too many events wait for the broker: dropping the oldest", logging.WARNING)
        self._full = not room
        if not self._held:
            self._wake()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is published within goes to the broker in one go: the thread is woken once, at the end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            if len(self._outbox):
                self._wake()

    def stop(self, timeout: float) -> int:
        """Deliver what waits, say offline and disconnect, within ``timeout`` seconds. How many were not delivered."""
        self._stop_at = time.monotonic() + timeout
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        if not self._thread.is_alive():  # else it is stuck in a name look-up, and ends with the process
            self._wake_read.close()
            self._wake_write.close()
        return self.pending

    # ---- the publisher's thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        attempt = 0
        while self._stop_at is None:
            began = self._beat = time.monotonic()
            try:
                self._connection()
            except Exception:
                _logger.exception("publisher failed; it connects again")
                self._change("offline", "internal error")
            if self._move():
                attempt = 0
                continue
            attempt = 0 if time.monotonic() - began > STEADY else attempt + 1
            self._rest(min(DELAYS[1], DELAYS[0] * 2 ** min(10, attempt - 1)) if attempt else 0.0)
        self._change("offline", "stopped")

    def _move(self) -> bool:
        """Turn to another broker, if that was asked for."""
        with self._lock:
            following, self._next = self._next, None
        if following is None:
            return False
        self._use(following[0])
        self._change("connecting", "")
        return True

    def _use(self, mqtt: MqttConfig) -> None:
        self._config = mqtt
        self._availability = f"{mqtt.prefix}/{self._device}/availability"

    def _connection(self) -> None:
        """Connect and serve until the connection ends, or for as long as stop() allows."""
        link = Link(self._config, Message(self._availability, b"offline", 1, True), self._acknowledged)
        link.open()
        was_online = False
        try:
            while link.state in ("connecting", "online"):
                self._beat = time.monotonic()
                if link.state == "online":
                    if not was_online:
                        was_online = True
                        self._outbox.connected()
                        link.send(Message(self._availability, b"online", 1, True))
                        self._change("online", "")
                    self._feed(link)
                if self._left(link):
                    return
                if link.step(self._wake_read, self._patience(), patient=self._leave_at is None):
                    self._clear_wake()
        finally:
            self._outbox.disconnected(m for m in link.unacknowledged if m.topic != self._availability)
            self._in_flight = 0
            link.abandon()
        self._change("refused" if link.state == "refused" else "offline", link.reason)

    def _feed(self, link: Link) -> None:
        while not link.full:
            message = self._outbox.take()
            if message is None:
                break
            if not link.send(message):
                self._outbox.disconnected([message])
                break
        self._in_flight = link.in_flight

    def _acknowledged(self, message: Message) -> None:
        self._outbox.acknowledged(message)
        if message.topic != self._availability:
            self.published += 1

    @property
    def _leave_at(self) -> Optional[float]:
        """When this broker is to be left at the latest: to stop, or for another."""
        return self._stop_at if self._stop_at is not None else self._next[1] if self._next is not None else None

    def _left(self, link: Link) -> bool:
        """Whether it is time to go; says goodbye before."""
        leave_at = self._leave_at
        if leave_at is None:
            return False
        # To stop, a connection that is just being made is waited for; a broker that is not wanted any more is not.
        worth_it = self._stop_at is not None or link.state == "online"
        if self.pending and worth_it and time.monotonic() < leave_at - FAREWELL:
            return False
        if link.state == "online":
            link.send(Message(self._availability, b"offline", 1, True))
            while link.state == "online" and link.unacknowledged and time.monotonic() < leave_at:
                if link.step(self._wake_read, min(0.1, leave_at - time.monotonic()), patient=False):
                    self._clear_wake()
            link.close()
        return True

    def _patience(self) -> float:
        """How long to wait for something to happen: paho wants its housekeeping about once a second."""
        leave_at = self._leave_at
        return 1.0 if leave_at is None else min(1.0, max(0.01, leave_at - FAREWELL - time.monotonic()))

    def _rest(self, delay: float) -> None:
        """Sleep, with jitter so that a site's devices do not all come back at once, unless it is time to stop."""
        until = time.monotonic() + min(DELAYS[1], max(DELAYS[0], delay * random.uniform(0.75, 1.25)))
        while self._leave_at is None and time.monotonic() < until:
            self._beat = time.monotonic()
            self._wake_read.settimeout(max(0.01, until - time.monotonic()))
            try:
                self._wake_read.recv(1)
            except (socket.timeout, BlockingIOError):
                pass
            self._woken = False  # after the reading: who sets it in between has queued what is seen next
        self._wake_read.setblocking(False)

    def _change(self, state: str, reason: str) -> None:
        if (state, reason) == (self.state, self.reason):
            return
        self.state, self.reason = state, reason
        level = logging.INFO if state == "online" or self._stop_at is not None else logging.WARNING
        log.event(_logger, f"broker {state}", level, url=self._config.url, reason=reason or None)
        if self._on_change is not None:
            try:
                self._on_change(state, reason)
            except Exception:
                _logger.exception("telling of the broker's state failed")

    def _wake(self) -> None:
        if not self._woken:
            self._woken = True
            try:
                self._wake_write.send(b"\0")
            except OSError:
                pass  # full: it will wake all the same; or closed: nobody is there to wake

    def _clear_wake(self) -> None:
        self._wake_read.recv(4096)
        self._woken = False  # after the reading: who sets it in between has queued what is seen next
