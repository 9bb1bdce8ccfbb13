"""The inference worker's loop: credits to the cameras, their pictures to the lanes, results to the daemon."""

import os
import selectors
import socket
import sys
import time
import traceback
from functools import partial
from typing import Any, Dict, List, Optional

from ..wire.channel import Channel, Closed
from ..wire.clock import monotonic_ns
from .camera import CameraLink
from .job import Job
from .lane import Lane
from .scheduler import Scheduler

_BEAT_S = 1.0
_CLOSE_S = 1.0
# A thread that comes back from the network must not wait for the interpreter longer than it takes to say so.
_SWITCH_INTERVAL_S = 0.0005


class Worker:
    """``run`` returns when the daemon says stop, and raises Closed when the daemon is gone."""

    def __init__(self, control: Channel) -> None:
        self.control = control
        self.cameras = {}  # type: Dict[int, CameraLink]
        self.lanes = {}  # type: Dict[int, Lane]
        self.scheduler = Scheduler()
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ, None)
        # Lane threads tell the loop that a slot is free, or that their state has changed.
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self.selector.register(self._wake_in, selectors.EVENT_READ, self._wake_in)
        self._released = []  # type: List[CameraLink]
        self._changed = []  # type: List[Lane]
        #: Whether some camera's turn waits for a slot or for room at a lane.
        self._hungry = False
        self.stopped = False
        self._next_beat = time.monotonic()

    def run(self) -> None:
        while not self.stopped:
            now = time.monotonic()
            if now >= self._next_beat:
                self._next_beat = now + _BEAT_S
                self._beat()
            due = self.scheduler.next_due(now)
            timeout = self._next_beat - now if due is None else min(due, self._next_beat - now)
            ready = self.selector.select(max(0.0, timeout))
            for key, _ in ready:
                if key.data is None:
                    self._obey()
                elif key.data is self._wake_in:
                    self._woken()
                elif self.cameras.get(key.data.number) is key.data:
                    self._hear(key.data, alone=len(ready) == 1 and len(self.lanes) == 1)
            self._grant()
            if self._released and self._hungry:
                self._grant()  # somebody waits for what was released before anyone knew that somebody waits

    def _grant(self) -> None:
        while self._released:
            camera = self._released.pop()
            # A picture of a link that was replaced meanwhile says nothing of the new one's slots.
            if self.cameras.get(camera.number) is camera:
                self.scheduler.released(camera.number)
        lanes = [lane for lane in self.lanes.values() if lane.state != "failed"]
        waiting = {lane.number: lane.waiting for lane in lanes}
        room = {lane.number: lane.room for lane in lanes}
        for grant in self.scheduler.grants(time.monotonic(), waiting, room):
            try:
                self.cameras[grant.camera].ask(grant.fresh)
            except Closed:
                self._forget(grant.camera)
        self._hungry = self.scheduler.blocked()

    def _hear(self, camera: CameraLink, alone: bool) -> None:
        try:
            arrived = camera.receive()
            if arrived is None:
                return
        except Closed:
            self._forget(camera.number)
            return
        except ValueError as error:
            print("camera {}: {}".format(camera.name, error), file=sys.stderr, flush=True)
            self._forget(camera.number)
            return
        self.scheduler.arrived(camera.number)
        lanes = [self.lanes[n] for n in camera.lanes if n in self.lanes]
        job = Job(camera.number, arrived.header, arrived.picture, len(lanes), partial(self._release, camera))
        if not lanes:
            self._release(camera)
        for lane in lanes:
            lane.submit(job, alone)

    def _release(self, camera: CameraLink) -> None:
        """Maybe in a lane's thread. A slot that nobody waits for is not worth a wake-up."""
        self._released.append(camera)
        if self._hungry:
            self._wake()

    def _lane_changed(self, lane: Lane) -> None:
        self._changed.append(lane)
        self._wake()

    def _wake(self) -> None:
        try:
            self._wake_out.send(b"!")
        except BlockingIOError:
            pass  # It is full of wake-ups already.

    def _woken(self) -> None:
        try:
            self._wake_in.recv(4096)
        except BlockingIOError:
            pass
        while self._changed:
            lane = self._changed.pop()
            shape = list(lane.backend.input_shape) if lane.backend is not None else []
            backend = lane.backend.name if lane.backend is not None else ""
            self.control.send(
                {"op": "model", "id": lane.number, "state": lane.state, "reason": lane.reason, "input": shape,
                 "backend": backend}
            )  # fmt: skip

    def _obey(self) -> None:
        message = self.control.receive()
        order = message.control or {}
        op = order.get("op")
        if op == "model":
            self.lanes[order["id"]] = Lane(
                order["id"], order["model"], order["options"], self.control.send_bytes, self._lane_changed
            )
        elif op == "camera":
            self._camera(order, message.fds)
        elif op == "forget":
            self._forget(order["id"])
        elif op == "stop":
            self.stopped = True

    def _camera(self, order: Dict[str, Any], fds: List[int]) -> None:
        """A camera with its socket, or without one new wishes for a camera that is here."""
        number = order["id"]
        floors = {int(model): floor for model, floor in order["models"].items()}
        if fds:
            self._forget(number)
            link = CameraLink(number, order["name"], sorted(floors), Channel.from_fd(fds[0]))
            self.cameras[number] = link
            self.selector.register(link.channel, selectors.EVENT_READ, link)
        known = self.cameras.get(number)  # type: Optional[CameraLink]
        if known is None:
            return
        known.lanes = sorted(floors)
        for model, floor in floors.items():
            self.lanes[model].floors[number] = floor
        self.scheduler.add(number, order["fps"], known.lanes, time.monotonic())

    def _forget(self, number: int) -> None:
        """Its capture process is gone, or the daemon took the camera away. Pictures under way still arrive."""
        camera = self.cameras.pop(number, None)
        if camera is not None:
            self.selector.unregister(camera.channel)
            camera.channel.close()
            self.scheduler.remove(number)

    def _beat(self) -> None:
        lanes = [
            {"id": n, "pictures": lane.pictures, "busy_ns": lane.busy_ns, "waiting": lane.waiting}
            for n, lane in self.lanes.items()
        ]
        missed = self.scheduler.missed()
        self.control.send({"op": "beat", "time": monotonic_ns(), "lanes": lanes, "missed": missed})


def main(control: Channel) -> None:
    """Serve until the daemon says stop or is gone. Does not return."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    try:
        import cv2
    except ImportError:
        pass  # numpy prepares the pictures then
    else:
        # Pictures are small by the time OpenCV sees them: its threads would cost more than they bring.
        cv2.setNumThreads(1)
    worker = Worker(control)
    status = 0
    try:
        worker.run()
        for lane in worker.lanes.values():
            lane.close(_CLOSE_S)
    except Closed:
        pass
    except Exception:
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    # Not a return: a run that hangs in a driver must not keep the process.
    os._exit(status)
