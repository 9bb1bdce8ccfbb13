"""``python -m edge.inference.build NAME FD PARENT``: the builder, a process for one order, since a build may take what
it likes of memory, hang, or be ended in the middle.

Orders:    {"op": "platform" | "build" | "placement" | "profile" | "bench", …}      one; see the functions called here
Messages:  {"op": "progress", "phase", "done"}                        at most five a second, while it builds
           the answer, whose op is the order's ("built" for "build")
           {"op": "end", "error", "reason", "log"}                    instead of it
The exit status is 0 after an answer. The process ends at once when the daemon closes its end.
"""

import json
import os
import sys
import threading
import traceback
from typing import Any, Dict, List, Optional

from ..errors import BuildFailed, DeviceLost, EngineError, Incompatible, OutOfMemory
from ..wire.channel import MAX_MESSAGE, Channel, Closed
from ..wire.process import begin, set_name
from .tensorrt.log import Log
from .tensorrt.memory import Watch, offer_to_the_killer
from .tensorrt.progress import Reporter

# Cameras and lanes go first.
_NICE = 10
_LOG_LINES = 20
_LOG_CHARACTERS = 300
_ERRORS = (BuildFailed, OutOfMemory, Incompatible, DeviceLost)


class Answer:
    """The one answer, from whichever thread has it first; the process ends with it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self.log: Optional[Log] = None
        #: What must not be left behind by an order that fails.
        self.temporary = ""

    def give(self, message: Dict[str, Any]) -> None:
        """Does not return."""
        with self._lock:
            try:
                self._channel.send(fitting(message))
            except Closed:
                os._exit(1)
            sys.stderr.flush()
            # Not a return: a driver's threads may hang at the end, and nothing is left to be done.
            os._exit(0)

    def fail(self, error: Exception) -> None:
        """Does not return."""
        kind = next((k.__name__ for k in _ERRORS if isinstance(error, k)), "EngineError")
        reason = str(error)
        if not isinstance(error, EngineError):
            # A bug: its trace goes to the daemon's log.
            traceback.print_exception(type(error), error, error.__traceback__)
            reason = "{}: {}".format(type(error).__name__, error)
        if self.temporary:
            try:
                os.unlink(self.temporary)
            except OSError:
                pass
        lines: List[str] = []
        if self.log is not None:
            lines = [text[:_LOG_CHARACTERS] for _severity, text in self.log.lines[-_LOG_LINES:]]
        self.give({"op": "end", "error": kind, "reason": " ".join(reason.split()), "log": lines})


def fitting(message: Dict[str, Any]) -> Dict[str, Any]:
    """A message that a channel takes: a large network's layers get shorter names, and the last may be left out."""
    layers: List[Dict[str, Any]] = message.get("layers", [])
    if not layers or _size(message) <= MAX_MESSAGE:
        return message
    for characters in (160, 80, 40):
        cut = [dict(layer, name=layer["name"][:characters]) for layer in layers]
        message = dict(message, layers=cut)
        if _size(message) <= MAX_MESSAGE:
            return message
    told = list(message.get("warnings", []))
    while _size(message) > MAX_MESSAGE:
        cut = cut[: len(cut) * 9 // 10]
        words = "only the first {} of its {} layers are listed".format(len(cut), len(layers))
        message = dict(message, layers=cut, warnings=told + [words])
    return message


def _size(message: Dict[str, Any]) -> int:
    return len(json.dumps(message, separators=(",", ":")).encode("utf-8"))


def obey(order: Dict[str, Any], channel: Channel, answer: Answer) -> Dict[str, Any]:
    """The answer to an order."""
    op = order["op"]
    if op == "platform":
        from .tensorrt.platform import platform

        return platform(order)
    if op == "build":
        return _build(order, channel, answer)
    if op == "placement":
        from .tensorrt.capable import can_run_on_dla

        return can_run_on_dla(order)
    if op == "profile":
        from .profile import profile

        return profile(order, channel.send)
    if op == "bench":
        from .bench import bench

        return bench(order, channel.send)
    raise EngineError("the builder knows no order {!r}".format(op))


def _build(order: Dict[str, Any], channel: Channel, answer: Answer) -> Dict[str, Any]:
    from .tensorrt.build import build

    set_name("edge: build " + order["name"])
    os.nice(_NICE)
    offer_to_the_killer()
    answer.temporary = order["plan"]
    reporter = Reporter(channel.send)
    watch = Watch(lambda reason: answer.fail(OutOfMemory("{}: {}".format(order["name"], reason))), reporter.beat)

    def heard(log: Log) -> None:
        answer.log = log

    return build(order, reporter, watch.start, heard)


def _end_with(channel: Channel) -> None:
    """In a thread: a build cannot be asked to stop, and nobody is left to want it."""
    try:
        while True:
            channel.receive()
    except (Closed, OSError):
        os._exit(1)


def main(channel: Channel) -> None:
    """One order. Does not return."""
    answer = Answer(channel)
    try:
        order = channel.receive().control or {}
    except Closed:
        os._exit(1)
    threading.Thread(target=_end_with, args=(channel,), name="daemon", daemon=True).start()
    try:
        message = obey(order, channel, answer)
    except Exception as error:
        answer.fail(error)
    else:
        answer.give(message)


if __name__ == "__main__":
    main(begin("edge: build", int(sys.argv[2]), int(sys.argv[3])))
