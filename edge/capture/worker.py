"""The capture worker's loop: credits in, pictures out, and a heartbeat to the daemon.

It serves one source for as long as that delivers. Whatever ends it, it says which camera state follows and why, and
exits; the daemon decides when to try again.
"""

import os
import select
import sys
import traceback
from typing import Any, Dict, Optional, Tuple

from ..boards import recognise
from ..errors import BrokenDecoder, SourceError, Stalled, Unreachable
from ..wire.channel import Channel, Closed, Message
from ..wire.clock import monotonic_ns
from ..wire.process import set_name
from .bound import Bound
from .delivery import Delivery
from .evidence import Evidence
from .frozen import Change, FrozenWatch
from .motion.gate import Gate, wish
from .motion.service import Service
from .ring.packet import kept_as
from .source import of_order
from .stream import Stream
from .usage import Usage

_BEAT_NS = 1000000000
# How often the bus and the counters are looked at while pictures are wanted all the time; and until the first came.
_LOOK_NS = 250000000
_FIRST_LOOK_NS = 100000000
# Pictures and recordings under way are finished first; then the pipeline has the rest of the time.
_TEARDOWN_S, _FINISH_S, _LEAST_TEARDOWN_S = 2.0, 1.5, 0.5
# Recordings have longer where the source has failed and nobody waits for the end of this process.
_FAILED_FINISH_S = 8.0
# A GPU opens one process's decoder after the other, about one a second: of 32 cameras that begin together, the first
# picture of the first was seen after 33 s (docs/gpu.md). Whoever gives up in that time loses its place in the row.
_GPU_OPENS_NS = 120 * 1000000000
_WOVEN = "its pictures are interlaced, and what {} gives stays so: what moves has combed edges"


class Worker:
    """``run`` returns when the daemon says so, and raises SourceError when the source fails."""

    def __init__(self, control: Channel, order: Dict[str, Any]) -> None:
        self.control = control
        self.source = of_order(order["source"])
        self.stall_ns = int(order["stall_timeout"] * 1e9)
        self.frozen = FrozenWatch(order["frozen_timeout"])
        self.gate = Gate(wish(order.get("analyse")))
        self.delivery = Delivery(control)
        self.started = monotonic_ns()
        self.last_frames = 0
        self.last_change = self.started
        self.next_beat = self.started
        self.next_look = self.started
        self.usage = Usage()
        #: Width and height that the daemon was told of; None while the camera is not online.
        self.told: Optional[Tuple[int, int]] = None
        self.told_note = ""
        self.stopped = False
        board = recognise(os.environ.get("EDGE_ROOT", "/"))
        on_activity = order.get("decode") == "on-activity"
        self.stream = Stream(self.source, board, order.get("avoid", ()), kept_as(order.get("record")), on_activity)
        self.stream.activity.gate = self.gate
        # A file's or a test's still picture is meant.
        frozen = self.frozen if self.source.remote else None
        self.service = Service(self.stream, self.delivery, self.gate, frozen)
        self.evidence = Evidence(self.stream.ring, board, control)

    def run(self) -> None:
        while not self.stopped:
            self.listen(self.service.wait())
            now = monotonic_ns()
            if now >= self.next_look:
                self.next_look = now + (_FIRST_LOOK_NS if self.told is None else _LOOK_NS)
                self.stream.check()
                self.watch(now)
                self.evidence.tick(now)
                self.gate.tick(now)
            self.tell_frozen(self.service.serve())

    def listen(self, timeout: float) -> None:
        """Take every message that is there, waiting at most ``timeout`` seconds for the first."""
        while True:
            inference = self.delivery.inference
            channels = [self.control] + ([inference] if inference is not None else [])
            ready, _, _ = select.select(channels, [], [], timeout)
            if not ready:
                return
            timeout = 0.0
            for channel in ready:
                if channel is self.control:
                    self.obey(channel.receive())
                elif channel is self.delivery.inference:
                    self.delivery.take_credit()
            if self.stopped or self.delivery.credit is not None:
                return

    def obey(self, message: Message) -> None:
        """An order of the daemon's."""
        order = message.control or {}
        if order.get("op") == "inference":
            self.delivery.attach(Channel.from_fd(message.fds[0]))
            self.gate.begin()
        elif order.get("op") == "change":
            self.change(order)
        elif order.get("op") == "stop":
            self.stopped = True
        else:
            self.evidence.order(order, message.fds)

    def change(self, order: Dict[str, Any]) -> None:
        """New values of what needs no new connection."""
        if "fps" in order:
            self.stream.set_fps(order["fps"])
        if "stall_timeout" in order:
            self.stall_ns = int(order["stall_timeout"] * 1e9)
        if "frozen_timeout" in order:
            self.tell_frozen(self.frozen.set_timeout(order["frozen_timeout"]))
        if "analyse" in order:
            self.gate.set(wish(order["analyse"]))
        if "tracked" in order:
            self.gate.tracked = order["tracked"]
        if "record" in order:
            self.stream.keep(kept_as(order["record"]))
        if "name" in order:
            set_name(title(order["name"]))

    def watch(self, now: int) -> None:
        """Notice the first picture, notice that none come any more, and tell the daemon once a second."""
        frames = self.stream.frames
        if frames != self.last_frames:
            self.last_frames, self.last_change = frames, now
        else:
            patience = max(self.stall_ns, _GPU_OPENS_NS) if self.stream.gpu_opens else self.stall_ns
            if now - self.last_change > patience:
                self.stream.nothing_came(patience / 1e9)
        if frames and (self.told is None or now >= self.next_beat):
            self.tell_size()
        self.beat(now)

    def beat(self, now: int) -> None:
        """Tell the daemon once a second that all is well here."""
        if now < self.next_beat:
            return
        self.next_beat = now + _BEAT_NS
        self.control.send(
            {"op": "beat", "frames": self.stream.frames, "sent": self.delivery.sequence, "time": now,
             "decoded": self.stream.decoded, "packets": self.stream.packets, "quiet": self.gate.quiet,
             "moved": self.gate.moved, "busy": self.evidence.busy, **self.usage.look()}
        )  # fmt: skip

    def tell_size(self) -> None:
        """Tell the daemon what comes in: with the first picture, and when its size or :attr:`note` is another."""
        size, note = self.stream.size, self.note
        if size is None or (size, note) == (self.told, self.told_note):
            return
        self.told, self.told_note = size, note
        self.control.send(
            {"op": "online", "codec": self.stream.codec, "decoder": self.stream.decoder,
             "memory": self.stream.memory, "note": note,
             "width": size[0], "height": size[1], "time": monotonic_ns()}
        )  # fmt: skip

    @property
    def note(self) -> str:
        """What is not as good as it could be."""
        woven = _WOVEN.format(self.stream.decoder) if self.stream.woven else ""
        return "; ".join(words for words in (self.stream.note, woven) if words)

    def finish(self) -> None:
        """The stream is over. What is under way is finished, sooner if the daemon wants the end, or ends itself."""
        stop = Bound(monotonic_ns() + int((_FINISH_S if self.stopped else _FAILED_FINISH_S) * 1e9))

        def hear() -> None:
            if self.stopped:
                return
            try:
                self.last_words()
            except Closed:
                self.stopped = True
            if self.stopped:
                stop.nearer(monotonic_ns() + int(_FINISH_S * 1e9))

        self.evidence.finish(stop, hear)

    def last_words(self) -> None:
        """Of all orders, those that still matter when the stream is over."""
        while not self.stopped and select.select([self.control], [], [], 0)[0]:
            message = self.control.receive()
            order = message.control or {}
            self.stopped = order.get("op") == "stop"
            for fd in message.fds:
                os.close(fd)
            if order.get("op") == "clip" and not message.fds:
                self.evidence.order(order, [])
        self.beat(monotonic_ns())

    def tell_frozen(self, change: Optional[Change]) -> None:
        if change is not None:
            self.control.send({"op": "frozen", "frozen": change.frozen, "seconds": change.seconds})


def title(camera: str) -> str:
    """What ``ps`` shows for this camera's process."""
    return "edge: capture " + camera


def main(control: Channel) -> None:
    """Serve the source that the daemon's first message names. Does not return."""
    worker: Optional[Worker] = None
    status = 0
    farewell = {"op": "end", "state": "stopped", "reason": ""}
    try:
        try:
            order = control.receive().control
            assert order is not None
            worker = Worker(control, order)
            worker.run()
        except SourceError as error:
            # What never came has not stalled.
            never = isinstance(error, Stalled) and (worker is None or worker.told is None)
            farewell = {"op": "end", "state": Unreachable.state if never else error.state, "reason": str(error)}
            if isinstance(error, BrokenDecoder):
                farewell["broken"] = error.decoder
        if worker is not None:
            worker.finish()
        control.send(farewell)
    except Closed:
        pass  # The daemon is gone: nobody is left to tell.
    except Exception:
        # A bug. The daemon logs what is printed here, and starts another process.
        traceback.print_exc()
        status = 1
    if worker is not None:
        worker.stream.close(max(_LEAST_TEARDOWN_S, _TEARDOWN_S - worker.evidence.took_s))
    # Not a return: GStreamer's threads, and a teardown that hangs, must not keep the process.
    sys.stderr.flush()
    os._exit(status)
