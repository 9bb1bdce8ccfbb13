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
from ..wire.memory import Slots
from ..wire.messages import CREDIT, Credit, Memory, PictureHeader
from ..wire.process import set_name
from .frozen import Change, FrozenWatch, sample
from .picture import copy
from .sink import Picture
from .source import of_order
from .stream import Stream
from .usage import Usage

_BEAT_NS = 1000000000
# Bound of one wait, for a picture or for a message: how soon the other of them is noticed.
_WAIT_S = 0.1
_IDLE_WAIT_S = 0.25
# How often the bus and the counters are looked at while pictures are wanted all the time; and until the first came.
_LOOK_NS = 250000000
_FIRST_LOOK_NS = 100000000
_TEARDOWN_S = 2.0
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
        self.inference: Optional[Channel] = None
        self.credit: Optional[Credit] = None
        self.slots: Optional[Slots] = None
        self.slot = 0
        self.sequence = 0
        self.started = monotonic_ns()
        self.last_frames = 0
        self.last_change = self.started
        self.next_beat = self.started
        self.next_look = self.started
        self.usage = Usage()
        #: Width and height that the daemon was told of; None while the camera is not online.
        self.told: Optional[Tuple[int, int]] = None
        self.stopped = False
        self.stream = Stream(self.source, recognise(os.environ.get("EDGE_ROOT", "/")), order.get("avoid", ()))

    def run(self) -> None:
        while not self.stopped:
            wanted = self.credit is not None
            # While there is nothing to take a picture from, the wait is here.
            self.listen(0.0 if wanted and self.stream.linked else _WAIT_S if wanted else _IDLE_WAIT_S)
            now = monotonic_ns()
            if now >= self.next_look:
                self.next_look = now + (_FIRST_LOOK_NS if self.told is None else _LOOK_NS)
                self.stream.check()
                self.watch(now)
            if self.credit is not None:
                self.serve(self.credit)

    def serve(self, credit: Credit) -> None:
        """Answer a credit, if a picture for it comes soon. (The picture goes back to the decoder with the return.)"""
        picture = self.stream.take(credit.fresh, _WAIT_S)
        if picture is not None:
            self.deliver(picture)

    def listen(self, timeout: float) -> None:
        """Take every message that is there, waiting at most ``timeout`` seconds for the first."""
        while True:
            channels = [self.control] + ([self.inference] if self.inference is not None else [])
            ready, _, _ = select.select(channels, [], [], timeout)
            if not ready:
                return
            timeout = 0.0
            for channel in ready:
                if channel is self.control:
                    self.obey(channel.receive())
                elif channel is self.inference:
                    self.take_credit()
            if self.stopped or self.credit is not None:
                return

    def obey(self, message: Message) -> None:
        """An order of the daemon's."""
        order = message.control or {}
        if order.get("op") == "inference":
            self.attach(Channel.from_fd(message.fds[0]))
        elif order.get("op") == "change":
            self.change(order)
        elif order.get("op") == "stop":
            self.stopped = True

    def change(self, order: Dict[str, Any]) -> None:
        """New values of what needs no new connection."""
        if "fps" in order:
            self.stream.set_fps(order["fps"])
        if "stall_timeout" in order:
            self.stall_ns = int(order["stall_timeout"] * 1e9)
        if "frozen_timeout" in order:
            self.tell_frozen(self.frozen.set_timeout(order["frozen_timeout"]))
        if "name" in order:
            set_name(title(order["name"]))

    def attach(self, channel: Channel) -> None:
        """From now on pictures go there; whoever had them before is gone, and its credit with it."""
        self.detach()
        self.inference = channel
        if self.slots is not None:
            self.send_picture_message(Memory(self.slots.slot_size).pack(), self.slots.fd)

    def detach(self) -> None:
        if self.inference is not None:
            self.inference.close()
        self.inference = None
        self.credit = None

    def take_credit(self) -> None:
        assert self.inference is not None
        try:
            data = self.inference.receive().data
        except Closed:
            # The inference process died, or wants a new socket; the camera stays connected meanwhile.
            self.detach()
            self.control.send({"op": "detached"})
            return
        if data[0] == CREDIT:
            self.credit = Credit.unpack(data)

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
        if now >= self.next_beat:
            self.next_beat = now + _BEAT_NS
            self.control.send({"op": "beat", "frames": frames, "sent": self.sequence, "time": now, **self.usage.look()})

    def tell_size(self) -> None:
        """Tell the daemon what comes in: when the first picture is there, and when its size is another."""
        size = self.stream.size
        if size is None or size == self.told:
            return
        self.told = size
        self.control.send(
            {"op": "online", "codec": self.stream.codec, "decoder": self.stream.decoder,
             "memory": self.stream.memory, "note": self.note,
             "width": size[0], "height": size[1], "time": monotonic_ns()}
        )  # fmt: skip

    @property
    def note(self) -> str:
        """What is not as good as it could be."""
        woven = _WOVEN.format(self.stream.decoder) if self.stream.woven else ""
        return "; ".join(words for words in (self.stream.note, woven) if words)

    def tell_frozen(self, change: Optional[Change]) -> None:
        if change is not None:
            self.control.send({"op": "frozen", "frozen": change.frozen, "seconds": change.seconds})

    def deliver(self, picture: Picture) -> None:
        """Copy the picture into the free slot and answer the credit with it."""
        # Before anything is sent: whoever is gone takes the credit along.
        credit, self.credit = self.credit, None
        assert credit is not None
        layout = picture.layout
        if self.slots is None or self.slots.slot_size < layout.size:
            if self.slots is not None:
                self.slots.close()
            self.slots = Slots(layout.size)
            self.send_picture_message(Memory(self.slots.slot_size).pack(), self.slots.fd)
        # The credit says that the reader is done with the slot before the last, so that one is free.
        self.slot = 1 - self.slot
        address = self.slots.address(self.slot)
        copy(picture.sample, layout, address, self.slots.slot_size)
        self.sequence += 1
        header = PictureHeader(
            self.slot, layout.format, layout.flags, credit.serial, self.sequence, picture.captured, picture.decoded,
            monotonic_ns(), layout.width, layout.height, layout.offsets, layout.strides, -1.0,
        )  # fmt: skip
        self.send_picture_message(header.pack())
        now = monotonic_ns()
        # A file's or a test's still picture is meant.
        if self.source.remote and self.frozen.due(now):
            points = sample(address + layout.offsets[0], layout.width, layout.height, layout.strides[0])
            self.tell_frozen(self.frozen.look(points, now))

    def send_picture_message(self, data: bytes, fd: Optional[int] = None) -> None:
        if self.inference is None:
            return
        try:
            self.inference.send_bytes(data, [] if fd is None else [fd])
        except Closed:
            self.detach()
            self.control.send({"op": "detached"})


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
        control.send(farewell)
    except Closed:
        pass  # The daemon is gone: nobody is left to tell.
    except Exception:
        # A bug. The daemon logs what is printed here, and starts another process.
        traceback.print_exc()
        status = 1
    if worker is not None:
        worker.stream.close(_TEARDOWN_S)
    # Not a return: GStreamer's threads, and a teardown that hangs, must not keep the process.
    sys.stderr.flush()
    os._exit(status)
