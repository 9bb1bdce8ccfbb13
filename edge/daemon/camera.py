"""One camera's capture process, from start to start: its state, its patience, and what it reports.

    starting → online → stalled / unreachable / unauthorized / unsupported → starting (after a wait) → …
                      → ended (a file that is over)        disabled, removed: by the operator
                 ↕
               frozen (the same picture over and over; it is looked at all the same)

A state lasts until the next one is a fact: a camera whose next try is under way is still ``unreachable``.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Sequence

from edge import log
from edge.config import CameraConfig
from edge.daemon import camera_orders
from edge.daemon.decoders import Decoders
from edge.daemon.evidence.link import EvidenceLink
from edge.daemon.growth import Growth
from edge.daemon.process import WorkerProcess
from edge.daemon.rates import CounterRate
from edge.daemon.retry import Retry
from edge.wire.channel import Message

if TYPE_CHECKING:
    from edge.daemon.evidence.evidence import Evidence

_logger = logging.getLogger("edge.camera")
#: No fault.
_CALM = ("starting", "online", "ended", "disabled")
# A capture process tells of itself once a second, once it runs. Before that, the first start after an installation
# writes GStreamer's registry, and any start may have to read its libraries from a slow card.
HEARTBEAT_S = 10.0
START_S = 60.0
STOP_S = 2.5
# Key pictures may be many seconds apart.
_DECODED_S = 20.0


class Camera:
    """``link`` is called when the process can take a socket to the inference process, ``changed`` on a new state."""

    def __init__(
        self,
        number: int,
        name: str,
        config: CameraConfig,
        python: str,
        link: Callable[[Camera], None],
        changed: Callable[[Camera], None],
        rng: Optional[random.Random] = None,
        evidence: Optional[Evidence] = None,
        override: str = "",
    ) -> None:
        self.number, self.name, self.config = number, name, config
        #: In words, the command that holds against what its file says of ``enabled``.
        self.override = override
        self.state, self.reason = ("starting", "") if config.enabled else ("disabled", override)
        self.codec = self.decoder = ""
        #: The hardware's memory that its pictures are decoded to; and why it is not the best decoder of the board.
        self.memory = self.note = ""
        self._decoders = Decoders()
        #: Share of the wished rate that is analysed.
        self._factor = 1.0
        self.width = self.height = 0
        self.restarts = 0
        self.frames = CounterRate()
        self.sent = 0
        #: Pictures that came encoded, and of these the decoded ones.
        self.packets, self.decoded = CounterRate(_DECODED_S), CounterRate(_DECODED_S)
        #: Nothing moves, where it is analysed on motion; and how many pictures had motion.
        self.quiet, self.moved = False, 0
        #: Something is tracked in its pictures.
        self.tracked = False
        self.process: Optional[WorkerProcess] = None
        self._python, self._link, self._changed = python, link, changed
        self._growth = Growth()
        self._evidence = EvidenceLink(self, evidence)
        self._retry = Retry(self.start, rng)
        self._loop = asyncio.get_running_loop()
        self.since = self._loop.time()
        self._online_at: Optional[float] = None
        self._farewell: Optional[Dict[str, Any]] = None
        self._stopping = False
        self._rebuilding: Optional[asyncio.Task[None]] = None
        self._last_beat = self._loop.time()
        self._patience = START_S

    def decoded_share(self, now: float) -> Optional[float]:
        """Of the pictures that came encoded lately, how many were decoded; None where none came."""
        came = self.packets.rate(now)
        return min(1.0, self.decoded.rate(now) / came) if came else None

    @property
    def delivering(self) -> bool:
        """Whether pictures come."""
        return self.state in ("online", "frozen")

    def start(self) -> None:
        """Start the capture process; a disabled camera stays as it is."""
        self._retry.cancel()
        if not self.config.enabled or self._stopping:
            return
        self._farewell = None
        self._online_at = None
        self.quiet, self.moved = False, 0
        self._last_beat = self._loop.time()
        self._patience = START_S
        try:
            self.process = WorkerProcess(self._python, "edge.capture", self.name, self._heard, self._ended)
        except OSError as error:
            self._fail("unsupported", f"its capture process cannot be started: {self._python}: {error.strerror}", 0.0)
            return
        self.process.send(self._order())
        if self.tracked:
            self._tell(tracked=True)
        self._growth = Growth(self._evidence.bytes)
        self._link(self)

    async def stop(self) -> None:
        """End the process, within STOP_S seconds and a kill."""
        self._stopping = True
        await self._end_process()

    def change(self, config: CameraConfig) -> None:
        """What the running process can take: rates, time-outs, and what it keeps of its stream."""
        self._take(config)
        self.keep(**camera_orders.later(config, self._fps))

    def keep(self, **change: object) -> None:
        """Tell what it keeps of its stream, where that is something else now, and ``change`` with it."""
        if self._evidence.needs_rebuild:
            self._begin_anew()
            return
        record = self._evidence.change()
        if record:
            self._growth = Growth(self._evidence.bytes)
        if record or change:
            self._tell(**change, **record)

    def _take(self, config: CameraConfig) -> None:
        self.config = config
        self._evidence.covered()

    def ask(self, order: Dict[str, Any], fds: Sequence[int]) -> bool:
        """Send the process an order; False when there is none, or it takes none."""
        return self.process is not None and self.process.ask(order, fds)

    def govern(self, factor: float) -> None:
        """Bring no more than this share of the wished rate to where it is analysed."""
        if factor != self._factor:
            self._factor = factor
            self._tell(fps=self._fps)

    def track(self, tracked: bool) -> None:
        """Something is tracked in its pictures, or nothing is any more."""
        if tracked != self.tracked:
            self.tracked = tracked
            self._tell(tracked=tracked)

    @property
    def _fps(self) -> float:
        return self.config.fps * self._factor

    def rename(self, name: str, config: Optional[CameraConfig] = None) -> None:
        self._take(config or self.config)
        self._evidence.leaving()
        self.name = name
        self._evidence.covered()
        self._tell(name=name)

    def rebuild(self, config: CameraConfig, override: str = "") -> None:
        """Another source, or on or off: a new process, as soon as the old one has let go of the camera."""
        self._take(config)
        self.override = override
        self._decoders = Decoders()
        self._retry.reset()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._set(*(("starting", "") if self.config.enabled else ("disabled", self.override)))
        if self._rebuilding is None:
            self._rebuilding = self._loop.create_task(self._rebuild())

    async def _rebuild(self) -> None:
        await self._end_process()
        self._rebuilding = None
        self.start()

    async def _end_process(self) -> None:
        self._retry.cancel()
        self._evidence.leaving()
        if self.process is not None and not self.process.ended:
            await self.process.stop(STOP_S)

    def check_heartbeat(self) -> None:
        """Kill a process that has not been heard of for too long, and try a better decoder again now and then."""
        now = self._loop.time()
        if self.process is None or self.process.ended or self._rebuilding is not None:
            return
        if now - self._last_beat > self._patience:
            self._replace(f"its capture process hangs (silent for {self._patience:g} s)")
        elif self.delivering and self._decoders.due(now):
            log.event(_logger, "a decoder that failed is tried again", camera=self.name)
            self._decoders.forgive()
            self._begin_anew()

    def _replace(self, reason: str) -> None:
        assert self.process is not None
        self._farewell = {"state": "stalled", "reason": reason}
        self.process.kill()

    def _tell(self, **change: object) -> None:
        if self.process is not None:
            self.process.send({"op": "change", **change})

    def _order(self) -> Dict[str, Any]:
        return {
            "op": "open",
            **camera_orders.at_first(self.config, self._fps),
            "avoid": self._decoders.avoided,
            "record": self._evidence.order(),
        }

    def _heard(self, message: Message) -> None:
        news = message.control or {}
        self._last_beat, self._patience = self._loop.time(), HEARTBEAT_S
        op = news.get("op")
        if self._evidence.heard(news) or self._stopping or self._rebuilding is not None or self._farewell is not None:
            return  # The last words of a process that is no longer wanted.
        if op == "beat":
            self.frames.add(news["time"] / 1e9, news["frames"])
            self.sent = news["sent"]
            self.packets.add(news["time"] / 1e9, news["packets"])
            self.decoded.add(news["time"] / 1e9, news["decoded"])
            self.quiet, self.moved = news["quiet"], news["moved"]
            grown = self._growth.look(news)
            if grown:
                self._replace(f"its capture process leaks ({grown}): replaced")
        elif op == "online":
            self._online(news)
        elif op == "frozen":
            reason = f"the same picture for {news['seconds']:.0f} s"
            self._set(*(("frozen", reason) if news["frozen"] else ("online", "")))
        elif op == "detached":
            self._link(self)
        elif op == "end":
            self._farewell = news

    def _online(self, news: Dict[str, Any]) -> None:
        before = (self.width, self.height)
        self.codec, self.decoder = news["codec"], news["decoder"]
        if self._evidence.needs_rebuild:  # what is kept of it has changed since it was opened
            self._begin_anew()
            return
        self._decoders.worked(self.decoder)
        if news["note"] != self.note and news["note"]:
            log.event(_logger, news["note"], logging.WARNING, camera=self.name, decoder=self.decoder)
        self.memory, self.note = news["memory"], news["note"]
        self.width, self.height = news["width"], news["height"]
        if self._online_at is None:
            self._online_at = self._loop.time()
            self._set("online", "")
        elif before != (self.width, self.height):
            size = f"{self.width}x{self.height}"
            log.event(_logger, "camera's picture has another size", camera=self.name, size=size)
            self._growth = Growth(self._evidence.bytes)
            self._changed(self)

    def _ended(self, status: int, last_words: str) -> None:
        worked = 0.0 if self._online_at is None else self._loop.time() - self._online_at
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}: {last_words}"
        farewell = self._farewell or {"state": "stalled", "reason": f"its capture process {how}"}
        ordered = self._stopping or self._rebuilding is not None
        self._evidence.gone("the camera was stopped" if ordered else farewell["reason"])
        if ordered:
            return
        if farewell.get("broken") and farewell["broken"] not in self._decoders.avoided:
            # The next try is the decoder's second, or another one's: there is nothing to wait for.
            self._decoders.failed(farewell["broken"], self._loop.time())
            log.event(_logger, farewell["reason"], logging.WARNING, camera=self.name)
            self.start()
            return
        self._fail(farewell["state"], farewell["reason"], worked)

    def _fail(self, state: str, reason: str, worked: float) -> None:
        if state == "ended":
            self._set(state, reason)
            return
        self.restarts += 1
        delay = self._retry.again(state, worked, self.config.source_url().location)
        self._set(state, reason, next_try_s=round(delay, 1))

    def _set(self, state: str, reason: str, **fields: object) -> None:
        reason = log.redact(reason)  # a camera's or GStreamer's words may hold its whole URL
        news = (state, reason) != (self.state, self.reason)
        if not news:
            return
        if state != self.state:
            self.since = self._loop.time()
        self.state, self.reason = state, reason
        if state == "online":
            fields.update(codec=self.codec, decoder=self.decoder, size=f"{self.width}x{self.height}")
        level = logging.INFO if state in _CALM else logging.WARNING
        log.event(_logger, f"camera {state}", level, camera=self.name, reason=reason or None, **fields)
        self._changed(self)
