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
from typing import Callable, Iterator, Optional

from edge import log
from edge.config import MqttConfig
from edge.events.link import Link
from edge.events.outbox import Message, Outbox

_logger = logging.getLogger(__name__)

LIMIT = 10_000  # messages; an event has 1 kB, so about 10 MB
DELAYS = (1.0, 30.0)  # seconds between attempts: the first and the longest
STEADY = 10.0  # a connection that held this long starts the delays anew
FAREWELL = 0.5  # what the offline message gets of the time to stop


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
        self._config = mqtt
        self._availability = f"{mqtt.prefix}/{device}/availability"
        self._on_change = on_change
        self._outbox = Outbox(limit)
        self._in_flight = 0
        self._full = False
        self._stop_at: Optional[float] = None  # monotonic; set once stop() was called
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

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()

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
            began = time.monotonic()
            try:
                self._connection()
            except Exception:
                _logger.exception("publisher failed; it connects again")
                self._change("offline", "internal error")
            attempt = 0 if time.monotonic() - began > STEADY else attempt + 1
            self._rest(min(DELAYS[1], DELAYS[0] * 2 ** min(10, attempt - 1)) if attempt else 0.0)
        self._change("offline", "stopped")

    def _connection(self) -> None:
        """Connect and serve until the connection ends, or for as long as stop() allows."""
        link = Link(self._config, Message(self._availability, b"offline", 1, True), self._acknowledged)
        link.open()
        was_online = False
        try:
            while link.state in ("connecting", "online"):
                if link.state == "online":
                    if not was_online:
                        was_online = True
                        self._outbox.connected()
                        link.send(Message(self._availability, b"online", 1, True))
                        self._change("online", "")
                    self._feed(link)
                if self._stopped(link):
                    return
                if link.step(self._wake_read, self._patience(), patient=self._stop_at is None):
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

    def _stopped(self, link: Link) -> bool:
        """Whether it is time to go; says goodbye before."""
        if self._stop_at is None:
            return False
        if self.pending and time.monotonic() < self._stop_at - FAREWELL:
            return False
        if link.state == "online":
            link.send(Message(self._availability, b"offline", 1, True))
            while link.state == "online" and link.unacknowledged and time.monotonic() < self._stop_at:
                if link.step(self._wake_read, min(0.1, self._stop_at - time.monotonic()), patient=False):
                    self._clear_wake()
            link.close()
        return True

    def _patience(self) -> float:
        """How long to wait for something to happen: paho wants its housekeeping about once a second."""
        if self._stop_at is None:
            return 1.0
        return min(1.0, max(0.01, self._stop_at - FAREWELL - time.monotonic()))

    def _rest(self, delay: float) -> None:
        """Sleep, with jitter so that a site's devices do not all come back at once, unless it is time to stop."""
        until = time.monotonic() + min(DELAYS[1], max(DELAYS[0], delay * random.uniform(0.75, 1.25)))
        while self._stop_at is None and time.monotonic() < until:
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
