"""Tells every few seconds how the device is: a process of its own, since the files and libraries it asks may hang.

Order:     {"op": "open", "interval": seconds, "last": true | false}      last: no other interpreter is left to try
Messages:  {"op": "reading", "time": ns, "source": …, "note": …, "values": {…}}   values: see edge.telemetry.sources
           {"op": "end", "reason": …}              it should be started anew; with "jtop": false on another Python
"""

import os
import socket
import sys
import time
from typing import Any, Dict

from edge.telemetry.sources.jtop_thread import Jtop, installed
from edge.telemetry.sources.kernel import Kernel
from edge.wire.channel import Channel, Closed
from edge.wire.clock import monotonic_ns
from edge.wire.process import begin


def merged(kernel: Dict[str, Any], jtop: Dict[str, Any]) -> Dict[str, Any]:
    """What jtop tells goes before what the files tell, section by section; of memory it tells the EMC alone."""
    found = dict(kernel, **{section: told for section, told in jtop.items() if told and section != "memory"})
    found["memory"] = dict(kernel["memory"])
    found["memory"].update((name, value) for name, value in jtop["memory"].items() if value is not None)
    return found


class Worker:
    def __init__(self, channel: Channel, interval: float, root: str) -> None:
        self._channel, self._interval = channel, interval
        self._kernel = Kernel(root)
        self._jtop = Jtop(interval, root)

    def run(self) -> None:
        """Until the daemon says stop or is gone, or jtop has hung for so long that a new process should try."""
        due = time.monotonic()
        while True:
            if self._jtop.stuck(time.monotonic()):
                self._channel.send({"op": "end", "reason": self._jtop.note})
                return
            self._channel.send(self._reading())
            due = max(due + self._interval, time.monotonic())
            if self._told_to_stop(due):
                return

    def _reading(self) -> Dict[str, Any]:
        values, source = self._kernel.read(), self._kernel.name
        told = self._jtop.values(time.monotonic())
        note = self._jtop.note if self._kernel.jetson else ""
        if told is not None:
            values, source = merged(values, told), "jtop " + self._jtop.version
            if not self._jtop.known:
                note = "this version of jetson-stats is not known here"
        return {"op": "reading", "time": monotonic_ns(), "source": source, "note": note, "values": values}

    def _told_to_stop(self, until: float) -> bool:
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._channel.set_timeout(left)
            try:
                order = self._channel.receive().control or {}
            except socket.timeout:
                return False
            finally:
                self._channel.set_timeout(None)
            if order.get("op") == "stop":
                return True


def main() -> None:
    name, fd, parent = sys.argv[1:4]
    channel = begin("edge: " + name, int(fd), int(parent))
    try:
        order = channel.receive().control or {}
        if order.get("op") != "open":
            return
        if not order["last"] and not installed():
            channel.send({"op": "end", "reason": "jetson-stats is not installed", "jtop": False})
            return
        Worker(channel, float(order["interval"]), os.environ.get("EDGE_ROOT", "/")).run()
    except Closed:
        pass


if __name__ == "__main__":
    main()
    # Not by sys.exit: jtop's thread may hang, and its connection wants to say goodbye to a service that does, too.
    os._exit(0)
