"""Publishing: whatever the broker does, the caller never waits.

Events come out of the spool, which keeps them; retained states and replies are kept in memory. A thread of its
own connects, sends, and connects again. Delivery is at least once: what the broker has not acknowledged is sent again.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from edge import log
from edge.config import MqttConfig
from edge.events.mqtt import tls
from edge.events.mqtt.backoff import STEADY, Backoff
from edge.events.mqtt.delivery import Delivery
from edge.events.mqtt.link import Link
from edge.events.mqtt.listeners import Listeners
from edge.events.mqtt.message import Heard, Message, Pictures, availability_topic, checked
from edge.events.mqtt.outbox import Outbox
from edge.events.mqtt.source import Source
from edge.events.mqtt.wake import Wake

_logger = logging.getLogger(__name__)

FAREWELL = 0.5  # what the offline message gets of the time to stop
SETTLE = 0.3  # what was put just before stop() is looked for so long
CHANGE = 1.5  # seconds that the old broker gets before a new one is gone to
DEADLINE = 120.0  # seconds within which the thread must come round: a name look-up may take most of it
THROWN = 3  # connections in a row that the broker ended soon, after which another client is suspected


class Publisher:
    """``state``: connecting, online, offline or refused; ``reason`` in words, and with no secret in it.

    ``pictures`` gives a picture's bytes by the path that its entry names, or None when it is gone.
    ``keeps(topic)``: whether the newest picture of a camera is to be retained there.
    ``on_change(state, reason)`` is called in the publisher's thread. It must only hand the news on.
    """

    def __init__(
        self, mqtt: MqttConfig, device: str, spool: Source, pictures: Pictures,
        on_change: Callable[[str, str], None] = lambda *_: None,
        keeps: Callable[[str], bool] = lambda topic: True,
    ) -> None:  # fmt: skip
        self.state, self.reason = "connecting", ""
        self._config, self._device, self._spool = mqtt, device, spool
        self._on_change = on_change
        self._outbox = Outbox()
        self._delivery = Delivery(spool, device, pictures, self._outbox, keeps)
        self._listeners = Listeners()
        self._backoff = Backoff()
        self._connections = self._thrown = 0
        self._stop_at: Optional[float] = None  # monotonic; set once stop() was called
        self._settled_at = 0.0
        self._next: Optional[Tuple[MqttConfig, float]] = None  # where to go instead, and when at the latest
        self._refresh = False
        self._fingerprint: tls.Fingerprint = ()
        self._lock = threading.Lock()
        self._beat = time.monotonic()
        self._wake = Wake()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        spool.on_ready = self._wake.up

    @property
    def published(self) -> int:
        """Messages that a broker has acknowledged."""
        return self._delivery.published

    @property
    def waiting(self) -> int:
        """What no broker has acknowledged. Retained states count only while there is a connection."""
        return self._spool.waiting + len(self._outbox)

    def figures(self) -> Dict[str, Any]:
        """How it goes: ``replaying`` is what is left of a backlog."""
        return {**self._delivery.figures(), "reconnects": max(0, self._connections - 1)}

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
        self._wake.up()

    def refresh(self) -> None:
        """The certificates' files may have changed: if they have, connect anew with them. Returns at once."""
        self._refresh = True
        self._wake.up()

    def retain(self, topic: str, payload: bytes, expiry_s: Optional[int] = None) -> None:
        """The last word on ``topic``: the broker keeps it, and is told again at every connect. Empty: it forgets it.

        ``expiry_s`` lets the broker forget it by itself (MQTT 5). ``ValueError`` for no topic to publish to.
        """
        self._outbox.put(Message(checked(topic), payload, True, expiry=expiry_s))
        self._wake.up()

    def say(self, topic: str, payload: bytes, correlation: Optional[bytes] = None) -> None:
        """Something for now: not retained, and lost with the process. ``ValueError`` for no topic to publish to."""
        self._outbox.put(Message(checked(topic), payload, correlation=correlation))
        self._wake.up()

    def listen(self, filters: Sequence[str], heard: Callable[[Heard], None]) -> None:
        """From now on ``heard`` is called, in the publisher's thread, with what comes at topics like these."""
        self._listeners.add(filters, heard)
        self._wake.up()

    def stop(self, timeout: float) -> int:
        """Deliver what waits, say offline and disconnect, within ``timeout`` seconds. How much is not delivered."""
        now = time.monotonic()
        self._settled_at, self._stop_at = now + SETTLE, now + 0.95 * timeout  # so that it is seen to be gone
        self._wake.up()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        if not self._thread.is_alive():  # else it is stuck in a name look-up, and ends with the process
            self._wake.close()
        return self.waiting

    # ---- the publisher's thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._stop_at is None:
            slow, began = False, time.monotonic()
            self._beat = began
            try:
                slow = self._connection(began)
            except Exception:
                _logger.exception("publisher failed; it connects again")
                self._change("offline", "internal error")
            if self._move():
                self._backoff.reset()
            else:
                self._rest(self._backoff.delay(time.monotonic() - began, slow))
        self._change("offline", "stopped")

    def _move(self) -> bool:
        """Turn to another broker, or to the same with other certificates, if that was asked for."""
        with self._lock:
            following, self._next = self._next, None
        if following is not None:
            self._config = following[0]
            self._change("connecting", "")
        return following is not None or self._refreshed()

    def _refreshed(self) -> bool:
        """Whether the files of the last connection have become others, where that is asked."""
        if not self._refresh:
            return False
        self._refresh = False
        return tls.fingerprint(self._config) != self._fingerprint

    def _connection(self, began: float) -> bool:
        """Connect and serve until the connection ends, or stop() does not allow more. Whether to come back slowly."""
        self._refresh = False
        config, client_id = self._config, self._config.client_id or f"edge-{self._device}"
        will = Message(availability_topic(config.prefix, self._device), b"offline", True)
        link = Link(config, client_id, will, self._delivery.answered, self._listeners.heard)
        self._fingerprint = link.fingerprint
        link.open()
        try:
            was_online = False
            while link.state in ("connecting", "online"):
                now = self._beat = time.monotonic()
                if link.state == "online":
                    if not was_online:
                        was_online = True
                        self._connections += 1
                        self._listeners.connected()
                        self._delivery.begin(link, config)
                    self._listeners.subscribe(link)
                    self._delivery.feed(now)
                    if link.state == "online":
                        taken = not self._delivery.nothing_taken
                        self._change("online" if taken else "refused", self._delivery.reason or link.unheard)
                if self._left(link):
                    return False
                leave_at = self._leave_at
                patience = 1.0 if leave_at is None else min(0.1, max(0.01, leave_at - FAREWELL - now))
                if link.step(self._wake.waiting, patience, patient=leave_at is None):
                    self._wake.clear()
        finally:
            self._delivery.end(link)
            link.abandon()
        self._ended(link, client_id, time.monotonic() - began if was_online else STEADY)
        return link.slow or self._thrown >= THROWN

    def _ended(self, link: Link, client_id: str, held: float) -> None:
        self._thrown = self._thrown + 1 if link.blame and held < STEADY else 0
        again = f"the broker ends the connection again and again: does another client use the id {client_id}?"
        reason = again if self._thrown >= THROWN else link.reason
        self._change("refused" if link.state == "refused" else "offline", reason)

    @property
    def _leave_at(self) -> Optional[float]:
        """When this broker is to be left at the latest: to stop, or for another."""
        return self._stop_at if self._stop_at is not None else self._next[1] if self._next is not None else None

    def _left(self, link: Link) -> bool:
        """Whether it is time to go; says goodbye before."""
        if self._leave_at is None and self._refreshed():
            with self._lock:
                self._next = self._next or (self._config, time.monotonic() + CHANGE)
        leave_at, now = self._leave_at, time.monotonic()
        if leave_at is None:
            return False
        if link.state == "online":
            worth_it = self._delivery.busy(now) or (now < self._settled_at and self._spool.waiting > 0)
        else:  # to stop, a connection that is just being made is waited for; to go elsewhere it is not
            worth_it = self._stop_at is not None and self.waiting > 0
        if worth_it and now < leave_at - FAREWELL:
            return False
        if link.state == "online":
            link.send(Message(availability_topic(self._config.prefix, self._device), b"offline", True))
            while link.state == "online" and link.in_flight and time.monotonic() < leave_at:
                if link.step(self._wake.waiting, min(0.1, leave_at - time.monotonic()), patient=False):
                    self._wake.clear()
            link.close(leave_at)
        return True

    def _rest(self, delay: float) -> None:
        """Sleep, unless it is time to stop, or to go elsewhere."""
        until = time.monotonic() + delay
        while self._leave_at is None and time.monotonic() < until and not self._refreshed():
            self._beat = time.monotonic()
            self._wake.wait(until - self._beat)

    def _change(self, state: str, reason: str) -> None:
        if (state, reason) == (self.state, self.reason):
            return
        self.state, self.reason = state, reason
        good = (state == "online" and not reason) or self._stop_at is not None
        level = logging.INFO if good else logging.WARNING
        log.event(_logger, f"broker {state}", level, url=self._config.url, reason=reason or None)
        try:
            self._on_change(state, reason)
        except Exception:
            _logger.exception("telling of the broker's state failed")
