"""Keeps the telemetry worker running, and draws the conclusions from what it tells.

    off → starting → running ⇄ lost (tried again every RETRY_S)

Nothing depends on it: while it is lost the rates are the wished ones again after a while, and the rest goes on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Callable, Dict, Optional, Protocol, Sequence

from edge import log
from edge.config import TelemetryConfig
from edge.telemetry.alarms import Alarms
from edge.telemetry.governor import Governor
from edge.telemetry.reading import Reading
from edge.wire.channel import Message

_logger = logging.getLogger("edge.telemetry")
MODULE = "edge.telemetry.worker"
#: What is published every ``interval`` is looked at more often: heat is quicker.
SAMPLE_S = 5.0
#: A worker that has missed so many readings hangs; a busy board may keep it waiting for a while.
MISSED = 5
PATIENCE_S = 10.0
START_S = 30.0
RETRY_S = 60.0
STOP_S = 1.0


class Worker(Protocol):
    """What is needed of a worker process."""

    ended: bool

    @property
    def pid(self) -> int: ...

    def send(self, message: Dict[str, Any]) -> None: ...

    def kill(self) -> None: ...

    async def stop(self, timeout: float) -> None: ...


#: Starts MODULE on an interpreter; gets what to call with each message, and at its end with status and last words.
Launch = Callable[[str, Callable[[Message], None], Callable[[int, str], None]], Worker]


class Telemetry:
    """``pythons``: interpreters, of which the first that has jetson-stats is used, or else the last.

    ``publish`` gets what the broker is to keep, None for nothing any more; ``alarm`` a state (overheated, throttled,
    recovered) and a reason; ``govern`` the factor of all wished rates, when it changes.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        pythons: Sequence[str],
        launch: Launch,
        publish: Callable[[Optional[Dict[str, Any]]], None],
        alarm: Callable[[str, str], None],
        govern: Callable[[float], None],
    ) -> None:
        self.state, self.reason = "off", ""
        self.reading: Optional[Reading] = None
        self.process: Optional[Worker] = None
        self.config = config
        self._pythons = list(dict.fromkeys(pythons))
        self._launch, self._publish, self._alarm, self._govern = launch, publish, alarm, govern
        self._governor = Governor(config.max_temperature, config.sensors)
        self._alarms = Alarms(config.alarm_temperature, config.sensors)
        self._factor, self._words = 1.0, ""
        self._loop = asyncio.get_running_loop()
        self._retry: Optional[asyncio.TimerHandle] = None
        self._stopping = False
        self._killed = self._again = False  # as it hung; to be started anew as soon as it has gone
        self._farewell: Dict[str, Any] = {}
        self._started = self._last = self._loop.time()
        self._patience = START_S  # how long it may be silent
        self._source = ""  # that was logged
        self._published = -1e9

    @property
    def words(self) -> str:
        """For a line of status: what the heat has led to; empty where there is nothing to say."""
        return self._words

    def start(self) -> None:
        """Start the worker, if it is wanted and the one before has gone."""
        self._wait_no_more()
        if self._stopping or not self.config.enabled or (self.process is not None and not self.process.ended):
            return
        self._farewell = {}
        self._killed = self._again = False
        self._started = self._last = self._loop.time()
        self._patience = START_S
        if self.state != "lost":
            self.state, self.reason = "starting", ""
        try:
            self.process = self._launch(self._pythons[0], self._heard, self._ended)
        except OSError as error:
            self._lost(f"its process cannot be started: {self._pythons[0]}: {error.strerror}")
            return
        self.process.send({"op": "open", "interval": self._sample, "last": len(self._pythons) == 1})

    async def stop(self) -> None:
        """End the worker. One that hangs in the kernel, where no signal reaches it, is left to itself."""
        self._stopping = True
        self._wait_no_more()
        if self.process is not None and not self.process.ended:
            try:
                await asyncio.wait_for(self.process.stop(STOP_S), 2 * STOP_S)
            except asyncio.TimeoutError:
                pass

    def change(self, config: TelemetryConfig) -> None:
        """Another configuration, live."""
        before, self.config = self._sample, config
        self._governor.change(config.max_temperature, config.sensors)
        self._alarms.change(config.alarm_temperature, config.sensors)
        if not config.enabled:
            self._off()
        elif self.process is None or self.process.ended:
            self.start()
            return
        if (not config.enabled or self._sample != before) and self.process is not None and not self.process.ended:
            self._again = True
            self.process.kill()

    def check_heartbeat(self) -> None:
        """To be called about once a second: kills a worker that is silent, and lets the rates go after a while."""
        now = self._loop.time()
        if now - self._last <= self._patience or not self._wanted:
            return
        if self.process is not None and not self.process.ended and not (self._killed or self._again):
            self._lost(f"it hangs (silent for {now - self._last:.0f} s)")
            self._killed = True
            self.process.kill()
        self._judge(None, now)

    def tell(self) -> None:
        """Publish what is known, as to a broker that knows nothing yet."""
        if self.state in ("running", "lost"):
            self._published = self._loop.time()
            self._publish(self.payload())

    def payload(self) -> Dict[str, Any]:
        """The state that the broker keeps: the last reading, and what follows from it."""
        said: Dict[str, Any] = {"note": f"telemetry is lost: {self.reason}"}
        if self.reading is not None:
            said = self.reading.payload()
        if self._alarms.active:
            said["alarms"] = self._alarms.active
        if self._words:
            said["governor"] = {"factor": self._factor, "reason": self._words}
        return said

    def status(self) -> Dict[str, Any]:
        """For ``edge status``."""
        pid = self.process.pid if self.process is not None and not self.process.ended else None
        told = self.payload() if self.state == "running" else {}
        return {"state": self.state, "reason": self.reason, "pid": pid, **told}

    @property
    def _sample(self) -> float:
        return min(SAMPLE_S, self.config.interval)

    @property
    def _wanted(self) -> bool:
        return self.config.enabled and not self._stopping

    def _heard(self, message: Message) -> None:
        news = message.control or {}
        if news.get("op") == "end":
            self._farewell = news
        if news.get("op") != "reading" or not self._wanted:
            return
        self._last, self._patience = self._loop.time(), max(MISSED * self._sample, PATIENCE_S)
        self.reading = Reading.of(news)
        if self.reading.source != self._source:
            self._source = self.reading.source
            log.event(_logger, "telemetry", source=self._source, note=self.reading.note or None)
        self.state, self.reason = "running", ""
        before = self._alarms.active
        for alarm in self._alarms.update(self.reading, self._last):
            level = logging.INFO if alarm.state == "recovered" else logging.WARNING
            log.event(_logger, f"device {alarm.state}", level, reason=alarm.reason)
            self._alarm(alarm.state, alarm.reason)
        changed = self._judge(self.reading, self._last) or self._alarms.active != before
        if changed or self._last - self._published > self.config.interval - self._sample / 2:
            self.tell()

    def _judge(self, reading: Optional[Reading], now: float) -> bool:
        """Ask the governor; whether it has changed the rates."""
        before = self._factor, self._words
        self._factor, self._words = self._governor.update(reading, now)
        if self._factor == before[0]:
            if self._words and not before[1]:
                log.event(_logger, self._words, logging.WARNING)
            return False
        level = logging.WARNING if self._factor < before[0] else logging.INFO
        log.event(_logger, self._words or "analysed at the wished rate again", level)
        self._govern(self._factor)
        return True

    def _ended(self, status: int, last_words: str) -> None:
        if not self._wanted:
            return
        worked = self._loop.time() - self._started
        if self._farewell.get("jtop") is False and len(self._pythons) > 1:
            self._pythons.pop(0)
            self.start()
        elif self._again or (self._farewell and worked > RETRY_S):  # jtop's thread hung for long enough
            self.start()
        elif not self._killed:
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}: {last_words}"
            self._lost(str(self._farewell.get("reason") or f"its process {how}"))
        elif self._retry is None:  # the time of the retry came before its end
            self.start()

    def _lost(self, reason: str) -> None:
        news = (self.state, self.reason) != ("lost", reason)
        self.state, self.reason, self.reading, self._source = "lost", reason, None, ""
        self._wait_no_more()
        self._retry = self._loop.call_later(RETRY_S, self.start)
        if news:
            log.event(_logger, "telemetry lost", logging.WARNING, reason=reason, next_try_s=RETRY_S)
            self.tell()

    def _off(self) -> None:
        self._wait_no_more()
        self.state, self.reason, self.reading = "off", "", None
        self._publish(None)
        self._governor = Governor(self.config.max_temperature, self.config.sensors)
        self._alarms = Alarms(self.config.alarm_temperature, self.config.sensors)
        if self._factor != 1.0:
            self._govern(1.0)
        self._factor, self._words = 1.0, ""

    def _wait_no_more(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        self._retry = None
