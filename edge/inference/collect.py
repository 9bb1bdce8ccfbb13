"""``python -m edge.inference.collect NAME FD PARENT``: takes a picture of each camera now and then, keeps varied ones.

Orders:    {"op": "collect", "file", "input", "size", "count", "every", "cameras": [names], "fresh"}     the first
           {"op": "camera", "name"} and a socket            a camera's capture process, also again when it is another
           {"op": "stop"}
Messages:  {"op": "collected", "kept", "seen", "cameras": {name: kept}}    at the start, and whenever one is kept
           {"op": "full"}                                   as many as wanted are there
           {"op": "end", "error", "reason"}                 instead of it
Each camera gives its share of the pictures; ``every`` is the least time in seconds between two that are looked at.
"""

import os
import selectors
import sys
import time
import traceback
from typing import Any, Dict, List

from ..errors import EngineError
from ..wire.channel import Channel, Closed
from ..wire.process import begin
from .camera import CameraLink
from .picture_set import PictureSet

_WAIT_S = 0.5
#: What shall stay free on the disk.
_ROOM = 256 << 20


class Collector:
    """``run`` returns when the daemon's side says stop, and raises Closed when it is gone."""

    def __init__(self, control: Channel, order: Dict[str, Any]) -> None:
        self.control = control
        self.wanted = int(order["count"])
        self.every = float(order["every"])
        names: List[str] = order["cameras"]
        self.share = -(-self.wanted // max(1, len(names)))
        self.file: str = order["file"]
        self.set = PictureSet(self.file, order["input"], (order["size"][0], order["size"][1]))
        if order.get("fresh"):
            self.set.clear()
        self.seen = 0
        self.stopped = False
        self.links: Dict[str, CameraLink] = {}
        #: When each camera is asked next; not in it while one is asked.
        self.due: Dict[str, float] = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ, None)

    def run(self) -> None:
        self.tell()
        while not self.stopped:
            now = time.monotonic()
            for name in [name for name, due in self.due.items() if due <= now]:
                self.ask(name)
            soonest = min([_WAIT_S] + [due - now for due in self.due.values()])
            for key, _ in self.selector.select(max(0.0, soonest)):
                if key.data is None:
                    self.obey()
                else:
                    link = self.links.get(key.data.name)
                    if link is not None and link is key.data:  # it may have gone with what was just heard
                        self.hear(link)

    def obey(self) -> None:
        message = self.control.receive()
        order = message.control or {}
        if order.get("op") == "camera":
            self.forget(order["name"])
            link = CameraLink(0, order["name"], [], Channel.from_fd(message.fds[0]))
            self.links[link.name] = link
            self.selector.register(link.channel, selectors.EVENT_READ, link)
            if not self.full and self.set.cameras.get(link.name, 0) < self.share:
                self.due[link.name] = time.monotonic()
        elif order.get("op") == "stop":
            self.stopped = True

    @property
    def full(self) -> bool:
        return self.set.count >= self.wanted

    def ask(self, name: str) -> None:
        del self.due[name]
        try:
            self.links[name].ask(True)
        except Closed:
            self.forget(name)

    def hear(self, link: CameraLink) -> None:
        try:
            arrived = link.receive()
            if arrived is None:
                return
            self.seen += 1
            kept = self.set.offer(link.name, arrived.picture)
        except Closed:
            self.forget(link.name)
            return
        except ValueError as error:
            print("camera {}: {}".format(link.name, error), file=sys.stderr, flush=True)
            self.forget(link.name)
            return
        except OSError as error:
            raise EngineError("{}: {}".format(self.file, error.strerror)) from None
        if kept:
            self.check_room()
        self.tell()
        if not self.full and self.set.cameras.get(link.name, 0) < self.share:
            self.due[link.name] = time.monotonic() + self.every

    def check_room(self) -> None:
        found = os.statvfs(os.path.dirname(self.file))
        if found.f_bavail * found.f_frsize < _ROOM:
            raise EngineError("{}: {} MiB must stay free on this disk; calibrate with fewer pictures".format(
                self.file, _ROOM >> 20))  # fmt: skip

    def tell(self) -> None:
        self.control.send(
            {"op": "collected", "kept": self.set.count, "seen": self.seen, "cameras": self.set.cameras}
        )  # fmt: skip
        if self.full:
            self.due.clear()
            self.control.send({"op": "full"})

    def forget(self, name: str) -> None:
        """Its capture process is gone, or another one takes its place."""
        self.due.pop(name, None)
        link = self.links.pop(name, None)
        if link is not None:
            self.selector.unregister(link.channel)
            link.channel.close()


def main(control: Channel) -> None:
    """Collect until told to stop. Does not return."""
    status = 0
    try:
        try:
            collector = Collector(control, control.receive().control or {})
            collector.run()
            collector.set.close()
        except EngineError as error:
            control.send({"op": "end", "error": type(error).__name__, "reason": str(error)})
    except Closed:
        pass
    except Exception:
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main(begin("edge: collect", int(sys.argv[2]), int(sys.argv[3])))
