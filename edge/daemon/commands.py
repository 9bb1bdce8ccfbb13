"""Commands by MQTT: taken in by the publisher's thread, done and answered in the loop's.

Whoever may publish to the topics of commands may send as many as they like: so many are taken as the daemon can do
beside its work, and the rest are refused, counted, and answered together.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections import deque
from typing import (
    Awaitable,
    Callable,
    Container,
    Deque,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

from edge import log
from edge.errors import EdgeError
from edge.events import commands
from edge.events.commands import Command, Refusal
from edge.events.mqtt.message import Heard

_logger = logging.getLogger("edge.command")
QUEUE = 100  # commands that wait
BURST = 40  # that are done at once; then RATE a second
RATE = 10.0
AT_ONCE = 16  # snapshots and readings of the configuration that are under way
TIMEOUT = 60.0  # seconds that one may take
FAREWELL = 0.5  # seconds that those under way get when the daemon ends
_TELL = 1.0  # seconds between two answers that tell how many were refused
_MOST_TOPICS = 20  # whose retained commands are told of
_TAKE_TIME = ("snapshot", "reload")


class _Waiting(NamedTuple):
    """A message until it is judged: its topic below ``…/command/``, and of a payload no more than may be read."""

    tail: str
    payload: bytes
    correlation: Optional[bytes]


#: By a command's word what does it: called with the camera's name, or with nothing for the device's. What it returns,
#: or what comes of that when it is waited for, goes with the answer if it is not empty: the path of a snapshot, else a
#: note. Raises EdgeError.
Actions = Mapping[str, Callable[..., Union[str, Awaitable[Optional[str]], None]]]


class Commands:
    """``say(topic, payload, correlation)`` sends an answer; ``cameras()`` are the names that there are; ``now()`` is
    the time as events tell it. All but :meth:`heard` belongs to the loop's thread.
    """

    def __init__(
        self,
        say: Callable[[str, bytes, Optional[bytes]], None],
        actions: Actions,
        cameras: Callable[[], Container[str]],
        now: Callable[[], str],
    ) -> None:
        self.done = self.refused = 0
        self._say, self._actions, self._cameras, self._now = say, actions, cameras, now
        self._rules: Tuple[str, Tuple[str, ...]] = "", ()  # exchanged whole: the other thread reads it
        self._listened: Set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._queue: Deque[_Waiting] = deque()
        self._turned_away = 0  # since that was told
        self._told_at = self._loop.time() - _TELL
        self._awake = False
        self._credit, self._counted_at = float(BURST), self._loop.time()
        self._retained: Set[str] = set()
        self._running: Set[asyncio.Task[None]] = set()
        self._later: Optional[asyncio.TimerHandle] = None
        self._stopped = False

    def change(self, base: str, allowed: Sequence[str]) -> List[str]:
        """``base`` is ``<prefix>/<device>``, ``allowed`` is mqtt.commands. What the publisher is to listen to now, and
        does not yet: one that it listens to twice would be heard twice.
        """
        self._rules = base, tuple(allowed)
        fresh = [topic for topic in commands.filters(base, allowed) if topic not in self._listened]
        self._listened.update(fresh)
        return fresh

    def figures(self) -> Dict[str, int]:
        """For the status: how many were done, and how many refused."""
        return {"done": self.done, "refused": self.refused}

    def heard(self, message: Heard) -> None:
        """Take a message in. For any thread; returns at once."""
        base = f"{self._rules[0]}/command/"
        if not message.topic.startswith(base) or self._stopped:
            return
        if message.retained:
            self._warn(message)
            return
        with self._lock:
            if len(self._queue) < QUEUE:
                payload = message.payload[: commands.MAX_PAYLOAD + 1]
                self._queue.append(_Waiting(message.topic[len(base) :], payload, message.correlation))
            else:
                self._turned_away += 1
            if self._awake:
                return
            self._awake = True
        try:
            self._loop.call_soon_threadsafe(self._serve)
        except RuntimeError:  # the loop has ended
            pass

    async def stop(self) -> None:
        """Take no more; those under way get a moment to be answered."""
        self._stopped = True
        if self._later is not None:
            self._later.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=FAREWELL)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _warn(self, message: Heard) -> None:
        if message.payload and message.topic not in self._retained and len(self._retained) < _MOST_TOPICS:
            self._retained.add(message.topic)
            log.event(
                _logger, "a retained command is ignored: it would come again at every connect; take it from the "
                "broker with an empty retained message", logging.WARNING, topic=message.topic[:200],
            )  # fmt: skip

    def _serve(self) -> None:
        """Do what waits, as fast as is allowed; called again for the rest."""
        self._later = None
        if self._stopped:
            return
        now = self._loop.time()
        self._credit = min(float(BURST), self._credit + RATE * (now - self._counted_at))
        self._counted_at = now
        while self._credit >= 1:
            with self._lock:
                waiting = self._queue.popleft() if self._queue else None
            if waiting is None:
                break
            self._credit -= 1
            try:
                self._judge(waiting)
            except Exception:  # a bug of ours, which the next command is not to suffer from
                _logger.exception("a command could not be judged")
        self._tell_turned_away(now)
        with self._lock:
            self._awake = bool(self._queue or self._turned_away)
        if self._awake:
            self._later = self._loop.call_later(1 / RATE, self._serve)

    def _tell_turned_away(self, now: float) -> None:
        if not self._turned_away or now - self._told_at < _TELL:
            return
        with self._lock:
            count, self._turned_away = self._turned_away, 0
        self.refused += count
        self._told_at = now
        error = f"too many commands at once: {count} were not looked at ({RATE:g} a second are done)"
        log.event(_logger, error, logging.WARNING)
        self._answer(Refusal(error), None)

    def _judge(self, waiting: _Waiting) -> None:
        to = commands.parse(waiting.tail, waiting.payload, False, self._rules[1], self._cameras())
        if isinstance(to, Command) and to.word in _TAKE_TIME and len(self._running) >= AT_ONCE:
            to = Refusal(f"{len(self._running)} others are under way: try again later", *to)
        if isinstance(to, Refusal):
            self.refused += 1
            self._answer(to, waiting.correlation)
        elif to is not None:
            self._do(to, waiting.correlation)

    def _do(self, command: Command, correlation: Optional[bytes]) -> None:
        """Begin it now, so that one camera's come one after the other; what takes time is waited for in a task."""
        try:
            came = self._actions[command.word](*([command.camera] if command.camera else []))
        except Exception as error:
            self._failed(command, correlation, error)
            return
        if inspect.isawaitable(came):
            task = self._loop.create_task(self._wait(command, correlation, came))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        else:
            self._succeeded(command, correlation, came)

    async def _wait(self, command: Command, correlation: Optional[bytes], came: Awaitable[Optional[str]]) -> None:
        try:
            said = await asyncio.wait_for(came, TIMEOUT)
        except asyncio.TimeoutError:
            self._failed(command, correlation, EdgeError(f"not done after {TIMEOUT:g} s"))
        except Exception as error:
            self._failed(command, correlation, error)
        else:
            self._succeeded(command, correlation, said)

    def _succeeded(self, command: Command, correlation: Optional[bytes], said: Optional[str]) -> None:
        self.done += 1
        log.event(_logger, "command done", command=command.word, camera=command.camera or None, note=said or None)
        key = "snapshot" if command.word == "snapshot" else "note"
        self._answer(command, correlation, said={key: said} if said else None)

    def _failed(self, command: Command, correlation: Optional[bytes], error: Exception) -> None:
        self.refused += 1
        words = log.redact(str(error))
        if not isinstance(error, EdgeError):
            _logger.exception("a command failed", exc_info=error)
            words = f"internal error, see the log ({type(error).__name__}); please report it"
        log.event(
            _logger, "command failed", logging.WARNING, command=command.word, camera=command.camera or None,
            reason=words,
        )  # fmt: skip
        self._answer(command, correlation, error=words)

    def _answer(
        self, to: Union[Command, Refusal], correlation: Optional[bytes], error: Optional[str] = None,
        said: Optional[Dict[str, str]] = None,
    ) -> None:  # fmt: skip
        self._say(f"{self._rules[0]}/command/reply", commands.answer(to, self._now(), error, said), correlation)
