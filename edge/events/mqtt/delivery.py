"""What goes over a connection, in which order, and what the broker's answers mean for it. The publisher's thread alone
is in here.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Callable, Dict, List, Optional

from edge import log
from edge.config import MqttConfig
from edge.events.mqtt import codes
from edge.events.mqtt.backoff import Backoff
from edge.events.mqtt.lanes import PAGE, Lanes
from edge.events.mqtt.link import Link
from edge.events.mqtt.message import JPEG, Message, Pictures, Unsendable, availability_topic, message_of
from edge.events.mqtt.outbox import Outbox
from edge.events.mqtt.source import Source
from edge.events.mqtt.suspect import Key, Suspect
from edge.events.mqtt.window import Window
from edge.events.spool.entry import Entry

_logger = logging.getLogger(__name__)

# On their way at a time, unless it is one message: pictures are large.
BYTES = 1_000_000


class Delivery:
    """Between :meth:`begin` and :meth:`end` there is a connection that is online. ``keeps``: whether the newest picture
    is to be retained at this topic.
    """

    def __init__(
        self, spool: Source, device: str, pictures: Pictures, outbox: Outbox,
        keeps: Callable[[str], bool] = lambda topic: True,
    ) -> None:  # fmt: skip
        self._keeps = keeps
        self.published = self.too_large = self.unsendable = self.refused = self.replaying = 0
        self.acknowledged_at: Optional[float] = None  # monotonic
        self.ack_s: Optional[float] = None
        self._spool, self._device, self._pictures, self._outbox = spool, device, pictures, outbox
        self._prefix = self._availability = ""
        self._link: Optional[Link] = None
        self._lanes: Optional[Lanes] = None
        self._window = Window()
        self._boundary = 0
        self._suspect = Suspect()
        self._done: List[int] = []
        self._tried = 0  # the last witness: the next time it is another
        self._again_at, self._backoff = 0.0, Backoff()  # for retained messages that were not taken
        self._newest: Dict[str, int] = {}  # which entry's picture is retained, by topic
        self._told: Dict[str, None] = {}  # kinds of trouble that were logged

    def begin(self, link: Link, config: MqttConfig) -> None:
        """The connection is online: it is told so first."""
        self._link, self._lanes, self._window = link, None, Window()
        self._prefix = config.prefix
        self._availability = availability_topic(config.prefix, self._device)
        self._boundary = self._spool.last
        self._outbox.connected()
        link.send(Message(self._availability, b"online", True))

    def end(self, link: Link) -> None:
        """The connection is over: what was not answered is sent again."""
        if self._link is None:
            return
        self.settle()
        sent = link.unacknowledged
        # A broker that did not even answer the greeting has other troubles than a message.
        head = sent[0] if link.blame and sent and sent[0].topic != self._availability else None
        self._outbox.disconnected(m for m in sent if m.topic != self._availability and m is not head)
        if head is not None:
            self._blame(head, link.reason)
        self._suspect.lost()
        self._link = self._lanes = None
        self.replaying = 0

    def feed(self, now: float) -> None:
        """Send what there is room for."""
        self.settle()
        link = self._link
        if link is None:
            return
        if self._suspect.alone is not None:
            # Nothing else is on its way, not even the greeting, so that there is no doubt about who it was.
            if not link.in_flight:
                key = self._suspect.alone
                self._send(self._witness(key) if self._suspect.witness else self._picked(key))
            if self._suspect.alone is not None:
                return
        if self._lanes is None:
            self._lanes = Lanes(self._spool, self._boundary, now)
        if now >= self._again_at:
            self._outbox.again()
        self._fill(link, self._lanes, now)
        self.replaying = self._lanes.left()

    def _fill(self, link: Link, lanes: Lanes, now: float) -> None:
        while link.state == "online":
            most = self._window.size(lanes.replaying, link.most)
            if link.in_flight >= most or (link.in_flight and link.bytes_in_flight >= BYTES):
                return
            message = self._outbox.take()
            if message is None:
                entry = lanes.next(now)
                if entry is None:
                    return
                message = self._prepared(*entry)
            self._send(message)

    def answered(self, message: Message, code: int) -> None:
        """The broker's word on a message: within :meth:`Link.step`."""
        now = self.acknowledged_at = time.monotonic()
        if self._link is not None:
            self.ack_s = self._link.ack_s
            self._window.answered(self.ack_s, now)
        if message.topic == self._availability:
            return
        self._suspect.settled(message.n or message.topic)
        if code < 0x80:  # no matching subscribers (0x10) too: it has it
            self._taken(message)
        elif code in codes.HOPELESS:
            self._give_up(message, f"the broker does not take it: {codes.words(code)}")
        else:
            self.refused += 1
            why = f"the broker does not take {message.topic}: {codes.words(code)}; trying again"
            if message.n and self._lanes is not None:  # else it was sent alone: the lanes will find it
                self._lanes.refused(message.n, why, now)
            elif message.retain:
                self._outbox.refused(message)
                self._again_at = max(self._again_at, now + self._backoff.delay())
                self._tell(message.topic, why)

    def settle(self) -> None:
        """Tell the spool what the broker has by now."""
        if self._done:
            done, self._done = self._done, []
            self._spool.delivered(done)

    @property
    def reason(self) -> str:
        """What the broker does not take at present, in words."""
        return self._lanes.refusals.reason if self._lanes is not None else ""

    @property
    def nothing_taken(self) -> bool:
        return self._lanes is not None and self._lanes.refusals.everything

    def busy(self, now: float) -> bool:
        """Whether there is something to be sent or answered at once."""
        if self._link is None:
            return False
        return bool(self._link.in_flight or len(self._outbox)) or self._lanes is None or self._lanes.ready(now)

    def figures(self) -> Dict[str, Any]:
        at = self.acknowledged_at
        return {
            "replaying": self.replaying,
            "last_ack_s": None if at is None else round(time.monotonic() - at, 1),
            "ack_ms": None if self.ack_s is None else round(1000 * self.ack_s, 1),
            "refused_by_broker": self.refused,
            "too_large": self.too_large,
            "unsendable": self.unsendable,
        }

    # ----------------------------------------------------------------------------------------------------------------

    def _prepared(self, entry: Entry, replayed: bool) -> Optional[Message]:
        try:
            return message_of(entry, replayed, self._prefix, self._device, self._pictures)
        except Unsendable as error:
            why = str(error)
        except Exception:  # a bug must not keep all others from being sent
            _logger.exception("an event cannot be made ready to be sent")
            why = "internal error"
        self.unsendable += 1
        self._spool.discard(entry.n, why)
        if self._lanes is not None:
            self._lanes.settled(entry.n)
        return None

    def _send(self, message: Optional[Message]) -> None:
        link = self._link
        if message is None or link is None:
            return
        if link.too_large(message):
            self._give_up(message, f"larger than the {link.largest} bytes that the broker takes", True)
            return
        link.send(message)

    def _picked(self, key: Key) -> Optional[Message]:
        """The suspect, out of its turn; what is there no longer is no suspect."""
        message: Optional[Message] = None
        if isinstance(key, str):
            message = self._outbox.pick(key)
        else:
            found = self._spool.fetch(key - 1, 1)
            message = self._prepared(found[0], True) if found and found[0].n == key else None
        if message is None:
            self._suspect.clear()
        return message

    def _witness(self, suspect: Key) -> Optional[Message]:
        """Another than the suspect; of another camera if there is one, so that no camera's order suffers.

        None: there is none, and so nobody whom the suspect keeps waiting: it is tried once more by itself.
        """
        first = suspect if isinstance(suspect, int) else 0
        own = self._spool.fetch(first - 1, 1) if first else []
        others = self._spool.fetch(max(first, self._tried), PAGE) or self._spool.fetch(first, PAGE)
        if not others:
            topic = self._outbox.other(suspect)
            return self._picked(suspect) if topic is None else self._outbox.pick(topic)
        found = next((e for e in others if not own or e.camera != own[0].camera), others[0])
        self._tried = found.n
        return self._prepared(found, True)

    def _taken(self, message: Message) -> None:
        self.published += 1
        self._suspect.taken(message.n or message.topic)
        self._outbox.acknowledged(message)
        if not message.n:
            return
        self._done.append(message.n)
        if self._lanes is not None:
            self._lanes.settled(message.n)
        if message.newest and message.n >= self._newest.get(message.newest, 0):
            self._newest[message.newest] = message.n
            # Looked at once it is there, so that whoever takes the topic back meanwhile has the last word.
            self._outbox.put(Message(message.newest, message.payload, True, content=JPEG))
            if not self._keeps(message.newest) or self._pictures(message.file) is None:
                self._outbox.put(Message(message.newest, b"", True))

    def _blame(self, message: Message, reason: str) -> None:
        key = message.n or (message.topic if message.retain else "")
        if key and self._suspect.broke(key):
            self._give_up(message, f"the broker ends the connection whenever it is sent ({reason})")

    def _give_up(self, message: Message, why: str, too_large: bool = False) -> None:
        self.too_large += too_large
        self.unsendable += not too_large
        self._suspect.settled(message.n or message.topic)
        self._tell("too large" if too_large else why, f"a message is given up: {why}", message)
        if message.n:
            self._spool.discard(message.n, why)
            if self._lanes is not None:
                self._lanes.settled(message.n)
        elif message.retain:
            self._outbox.forget(message.topic)

    def _tell(self, kind: str, words: str, message: Optional[Message] = None) -> None:
        """Once a kind: how often is among the figures."""
        if kind not in self._told and len(self._told) < 100:
            self._told[kind] = None
            about = {} if message is None else {"topic": message.topic, "bytes": len(message.payload)}
            log.event(_logger, words, logging.WARNING, **about)
