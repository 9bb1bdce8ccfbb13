"""The inference worker's loop: credits to the cameras, their pictures to the lanes, results to the daemon."""

import ctypes
import selectors
import socket
import sys
import time
from functools import partial
from typing import Any, Dict, List, Optional

from ..errors import DeviceLost, EngineError
from ..wire.channel import Channel, Closed
from ..wire.clock import monotonic_ns
from ..wire.messages import LATE
from .camera import CameraLink
from .decoders import Floors
from .job import Job
from .lane import Lane
from .looks import Looks
from .model import ModelLanes
from .scheduling.budget import DEFAULT_S
from .scheduling.scheduler import Scheduler
from .scheduling.window import BUDGET_SHARE, LONGEST_S

_BEAT_S = 1.0
# A lane that runs for less of the time than this is better served without its threads.
_CALM_SHARE = 0.4

# Python's own way gives the interpreter away around the call, to the very loop that is being woken: the lane's thread
# would get it back only after that has done its work, and the network would stand still meanwhile. This write is to a
# socket that never blocks.
_write = ctypes.PyDLL(None).write


class Worker:
    """``run`` returns when the daemon says stop. It raises Closed when the daemon is gone, and DeviceLost when this
    process can do nothing more: the daemon has been told by then.
    """

    def __init__(self, control: Channel) -> None:
        self.control = control
        self.cameras: Dict[int, CameraLink] = {}
        #: By the model's number.
        self.models: Dict[int, ModelLanes] = {}
        self.looks = Looks(self.models, control.send_bytes)
        self.scheduler = Scheduler()
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ, None)
        # Lanes' threads tell the loop that a network has run, or how it fared when it was opened.
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self.selector.register(self._wake_in, selectors.EVENT_READ, self._wake_in)
        #: Whether the one lane there is has little to do, so that this thread may serve a picture itself.
        self._calm = False
        self._beat_busy = (time.monotonic(), 0.0)
        self.stopped = False
        self._asleep = False
        self._next_beat = time.monotonic()

    def run(self) -> None:
        while not self.stopped:
            now = time.monotonic()
            if now >= self._next_beat:
                self._next_beat = now + _BEAT_S
                self._beat()
            self.looks.expire(now)
            dues = [self._next_beat - now, self.scheduler.next_due(now), self.looks.next_due(now)]
            dues += [model.due() for model in self.models.values()]
            timeout = min(due for due in dues if due is not None)
            # A lane's thread wakes the loop only while that sleeps: a wake-up costs both of them the interpreter.
            self._asleep = True
            if any(model.has_news for model in self.models.values()):
                timeout = 0.0
            ready = self.selector.select(max(0.0, timeout))
            self._asleep = False
            for key, _ in ready:
                if key.data is None:
                    self._obey()
                elif key.data is self._wake_in:
                    self._wake_in.recv(4096)
                else:
                    # It may have gone with what was just heard.
                    camera = self.cameras.get(key.data.number)
                    if camera is not None and camera is key.data:
                        self._hear(camera, alone=self._calm and len(ready) == 1)
            for model in self.models.values():
                if model.has_news:
                    for lane in model.collect():
                        self._tell(lane)
                    if model.state == "failed":
                        self.looks.gone(model.number)
            self._grant()

    def _grant(self) -> None:
        now = time.monotonic()
        if not self.scheduler.any_due(now):
            return
        models = [model for model in self.models.values() if model.state != "failed"]
        waiting = {model.number: model.waiting for model in models}
        room = {model.number: model.room for model in models}
        for grant in self.scheduler.grants(now, waiting, room):
            try:
                self.cameras[grant.camera].ask(grant.fresh)
            except Closed:
                self._forget(grant.camera)

    def _hear(self, camera: CameraLink, alone: bool) -> None:
        try:
            arrived = camera.receive()
            if arrived is None:
                return
        except Closed:
            self._forget(camera.number)
            return
        except (ValueError, OSError) as error:
            print("camera {}: {}".format(camera.name, error), file=sys.stderr, flush=True)
            self._forget(camera.number)
            return
        now, header = monotonic_ns(), arrived.header
        self.scheduler.arrived(camera.number, now / 1e9)
        expires = 0 if header.flags & LATE else camera.budget.until(header.captured, header.sent)
        models = [self.models[n] for n in camera.models if n in self.models and self.models[n].state != "failed"]
        if 0 < expires < now:
            models = []
        job = Job(camera.number, header, arrived.picture, len(models), partial(self._release, camera))
        job.expires = expires
        job.patient_until = now + int(min(LONGEST_S, BUDGET_SHARE * camera.budget.seconds) * 1e9)
        camera.held.append(job)
        if not models:
            self._release(camera)
        self.looks.arrived(job, [model.number for model in models])
        for model in models:
            model.submit(job, alone)
        if 0 < expires < now:
            self._ask_again(camera)

    def _too_old(self, model: int, job: Job) -> None:
        """It waited for too long at this model."""
        self.looks.lost(job, model)
        camera = self.cameras.get(job.camera)
        if job.give_way() and camera is not None:
            self._ask_again(camera)

    def _ask_again(self, camera: CameraLink) -> None:
        """Nothing comes of its picture: a newer one is asked for at once."""
        camera.budget.gave_way()
        self.scheduler.again(camera.number, time.monotonic())

    def _release(self, camera: CameraLink) -> None:
        # A picture of a link that was replaced meanwhile says nothing of the new one's slots.
        if self.cameras.get(camera.number) is camera:
            for _ in range(camera.freed()):
                self.scheduler.released(camera.number, time.monotonic())

    def _wake(self) -> None:
        """In a lane's thread, after it has put its news where :attr:`Lane.has_news` sees it."""
        if self._asleep:
            _write(self._wake_out.fileno(), b"!", 1)

    def _tell(self, lane: Lane) -> None:
        shape = list(lane.backend.input_shape) if lane.backend is not None else []
        backend = lane.backend.name if lane.backend is not None else ""
        known = isinstance(lane.error, EngineError)
        error = "" if lane.error is None else type(lane.error).__name__ if known else "EngineError"
        self.control.send(
            {"op": "model", "id": lane.number, "lane": lane.index, "state": lane.state, "reason": lane.reason,
             "error": error, "note": lane.backend.note if lane.backend is not None else "", "input": shape,
             "backend": backend}
        )  # fmt: skip
        if isinstance(lane.error, DeviceLost):
            raise lane.error

    def _obey(self) -> None:
        message = self.control.receive()
        order = message.control or {}
        op = order.get("op")
        if op == "model":
            lanes = order["lanes"] if "lanes" in order else [order["options"]]
            self.models[order["id"]] = ModelLanes(
                order["id"], order["model"], lanes, self.looks.tell, self._wake, self._too_old
            )
        elif op == "camera":
            self._camera(order, message.fds)
        elif op == "look":
            self.looks.look(order["camera"], order["model"], order["sequence"], order["looks"])
        elif op == "unload":
            self._unload(order["id"])
        elif op == "forget":
            self._forget(order["id"])
        elif op == "stop":
            self.stopped = True

    def _camera(self, order: Dict[str, Any], fds: List[int]) -> None:
        """A camera with its socket, or without one new wishes for a camera that is here."""
        number = order["id"]
        floors = {int(model): Floors(floor) for model, floor in order["models"].items()}
        if fds:
            self._forget(number)
            link = CameraLink(number, order["name"], sorted(floors), Channel.from_fd(fds[0]))
            self.cameras[number] = link
            self.selector.register(link.channel, selectors.EVENT_READ, link)
        known: Optional[CameraLink] = self.cameras.get(number)
        if known is None:
            return
        known.name = order["name"]
        known.models = sorted(floors)
        for model, floor in floors.items():
            if model in self.models:
                self.models[model].floors[number] = floor
        self.looks.want(number, order.get("looks", {}))
        known.budget.seconds = order.get("budget", DEFAULT_S)
        self.scheduler.add(
            number, order["fps"], known.models, time.monotonic(), order.get("weight", 1.0), order.get("priority", 0),
            order.get("boost", False),
        )  # fmt: skip

    def _forget(self, number: int) -> None:
        """Its capture process is gone, or the daemon took the camera away. Pictures under way still arrive."""
        camera = self.cameras.pop(number, None)
        if camera is not None:
            self.selector.unregister(camera.channel)
            camera.channel.close()
            # Its pictures know it and it knows them: their memory would stay until a collection, and those are rare.
            camera.held.clear()
            self.scheduler.remove(number)
            self.looks.forget(number)
            for model in self.models.values():
                model.floors.pop(number, None)

    def _unload(self, number: int) -> None:
        model = self.models.pop(number, None)
        if model is not None:
            model.retire()
            self.looks.gone(number)

    def _beat(self) -> None:
        lanes = [
            {"id": n, "pictures": model.pictures, "busy_ns": model.busy_ns, "waiting": model.waiting,
             "each": [[lane.pictures, lane.busy_ns, lane.waiting] for lane in model.lanes]}
            for n, model in self.models.items()
        ]  # fmt: skip
        now, busy = time.monotonic(), sum(model.busy_ns for model in self.models.values()) / 1e9
        share = (busy - self._beat_busy[1]) / max(now - self._beat_busy[0], 1e-9)
        self._calm, self._beat_busy = len(self.models) == 1 and share < _CALM_SHARE, (now, busy)
        for number, model in self.models.items():
            budgets = [camera.budget.seconds for camera in self.cameras.values() if number in camera.models]
            model.tune(self.scheduler.answer_s, min(budgets) if budgets else DEFAULT_S)
        expired = {number: camera.budget.expired for number, camera in self.cameras.items()}
        self.control.send(
            {"op": "beat", "time": monotonic_ns(), "lanes": lanes, "missed": self.scheduler.missed(),
             "limits": self.scheduler.limits(now), "expired": expired}
        )  # fmt: skip
