"""A fault proxy in front of the broker that writes down what goes through it: the proof of what was delivered.

A broker that is killed loses messages that it has acknowledged and not passed on yet, and that is not the daemon's
doing. So what counts is what passes here: an event has been delivered once a PUBACK for it went to the daemon, and it
came in the order in which the broker was sent it. In the record (a file, one line each, see :mod:`record`):

    C time connection life waiting      a CONNECT; ``life`` of the broker, and how many events waited at that moment
    P time connection topic TAB payload a PUBLISH of an event, when its last byte has come and goes on to the broker
    A time connection id                a PUBACK for it, when it goes on to the daemon

Beside the modes of :class:`FaultProxy` that are not RTSP's (pass, refuse, silent, half-open, reset, close):

    deaf    what the daemon sends is swallowed
    mute    what the broker answers is swallowed: it has what the daemon believes undelivered
    hold    nothing goes on, and nothing is lost: it does once that is over
    flap    a connection is reset after a few events, at the latest after FLAP of them; at once if it is old
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Any, Callable, Dict, Set

from scripts.chaos_delivery import packets
from scripts.chaos_delivery.record import id_of, is_event
from scripts.fault_proxy import FaultProxy
from scripts.servers import PATIENCE

#: All ways to cut the network.
CUTS = ("refuse", "reset", "close", "silent", "half-open", "deaf", "mute", "hold", "flap")
_OWN = ("deaf", "mute", "hold", "flap")
#: So many events at most get through a connection that flaps.
FLAP = 20
_CHUNK = 65536
_HELD_S = 0.05


class _Watch:
    """What is known of one connection."""

    def __init__(self, number: int, rng: random.Random) -> None:
        self.number, self.rng = number, rng
        self.left = rng.randint(0, FLAP)  # events that still go through while it flaps
        self.level = 4
        self.up, self.down = packets.Packets(), packets.Packets()
        self.sent: Dict[int, str] = {}  # ids of events by message id
        self.deaf = self.mute = False


class Gate(FaultProxy):
    """``acked``: the ids of all events that the daemon has a PUBACK for; ``life``: of the broker, set by who has it."""

    def __init__(self, target_port: int, record: Path, waiting: Callable[[], int] = lambda: 0, seed: int = 0) -> None:
        self.acked: Set[str] = set()
        self.published = self.connects = self.life = 0
        self._waiting = waiting
        self._watches: Dict[Any, _Watch] = {}
        self._record = os.open(str(record), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        super().__init__(target_port, seed)

    @property
    def address(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def set(self, mode: str, share: float = 0.0) -> None:
        if mode in _OWN:
            asyncio.run_coroutine_threadsafe(self._change(mode, share), self._loop).result(PATIENCE)
        else:
            super().set(mode, share)

    def close(self) -> None:
        super().close()
        os.close(self._record)

    # ---- in its thread -----------------------------------------------------------------------------------------------

    async def _upstream(self, link: Any) -> None:
        watch = self._watch(link)
        try:
            while True:
                data = await link.client[0].read(_CHUNK)
                if not data:
                    return
                while self.mode == "hold":
                    await asyncio.sleep(_HELD_S)
                # What has lost bytes can never go on, so it stays as it is when the mode ends.
                watch.deaf = watch.deaf or self.mode == "deaf"
                if link.server is None or link.dead or watch.deaf:
                    continue
                for first, body in watch.up.feed(data):
                    self._sent(watch, first, body)
                if self.mode == "flap" and watch.left < 0:
                    link.end(reset=True)
                    return
                link.server[1].write(data)
                await link.server[1].drain()
        finally:
            del self._watches[link]

    async def _downstream(self, link: Any) -> None:
        watch = self._watch(link)
        while link.server is not None:
            data = await link.server[0].read(_CHUNK)
            while self.mode == "hold":
                await asyncio.sleep(_HELD_S)
            watch.mute = watch.mute or self.mode == "mute"
            if not data and not (link.dead or watch.mute):
                return
            if link.dead or not data:
                break
            if watch.mute:
                continue
            for first, body in watch.down.feed(data):
                self._answered(watch, first, body)
            link.client[1].write(data)
            await link.client[1].drain()
        if link.server is not None:
            link.server[1].close()
        await asyncio.Event().wait()

    def _watch(self, link: Any) -> _Watch:
        return self._watches.setdefault(link, _Watch(self._made, random.Random(f"{self.seed}/{self._made}")))

    def _sent(self, watch: _Watch, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == packets.CONNECT:
            watch.level = packets.version(body)
            self.connects += 1
            self._write(b"C %.6f %d %d %d", watch, self.life, self._waiting())
        elif kind == packets.PUBLISH:
            said = packets.publish(first, body, watch.level)
            if is_event(said.topic):
                watch.left -= self.mode == "flap"
                if watch.left < 0:
                    return  # it will be reset instead
                self.published += 1
                watch.sent[said.mid] = id_of(said.payload)
                self._write(b"P %.6f %d %b\t%b", watch, said.topic.encode(), said.payload)

    def _answered(self, watch: _Watch, first: int, body: bytes) -> None:
        if first >> 4 == packets.PUBACK:
            event = watch.sent.pop(packets.acknowledged(body), None)
            if event is not None:
                self.acked.add(event)
                self._write(b"A %.6f %d %b", watch, event.encode())

    def _write(self, form: bytes, watch: _Watch, *said: object) -> None:
        os.write(self._record, form % (time.monotonic(), watch.number, *said) + b"\n")
