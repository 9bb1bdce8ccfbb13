"""Snapshots: several events that want the very same picture share its making, and each gets a file of its own."""

from __future__ import annotations

import logging
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from edge.daemon.evidence.requests import Request, Requests, Source
from edge.daemon.evidence.thread import DiskThread
from edge.daemon.evidence.wanted import masks
from edge.events.evidence.places import StoreError
from edge.events.evidence.store import Store

_logger = logging.getLogger("edge.evidence")
#: Events that share one picture at most.
_MOST_SHARED = 32


class Snapshot(NamedTuple):
    """One file: the event's id, the camera's name as the event has it, the event's time, and whether to send it."""

    event: str
    camera: str
    path: str
    time: str
    publish: bool


class Snapshots:
    """``done(snapshot, reason)`` is called once for each: with "" when the file is there."""

    def __init__(
        self, requests: Requests, store: Store, thread: DiskThread, done: Callable[[Snapshot, str], None]
    ) -> None:
        self._requests, self._store, self._thread, self._done = requests, store, thread, done
        #: What is being made, by camera and all that is said of the picture.
        self._making: Dict[Tuple[int, str], Tuple[Request, List[Snapshot]]] = {}

    def order(self, camera: Source, snapshot: Snapshot, order: Dict[str, Any]) -> None:
        key = camera.number, repr(sorted(order.items()))
        request, wanted = self._making.get(key, (None, []))
        if request is not None and request.open and order["captured"] is not None and len(wanted) < _MOST_SHARED:
            wanted.append(snapshot)
            return
        request = Request(
            "snapshot", camera, snapshot.path, lambda: {**order, "masks": masks(camera.config)}
        )  # fmt: skip
        request.again = True
        self._making[key] = request, [snapshot]
        self._requests.begin(self._make(key, request, self._making[key][1]))

    async def _make(self, key: Tuple[int, str], request: Request, wanted: List[Snapshot]) -> None:
        reason = ""
        try:
            await self._requests.make(request)
        except StoreError as error:
            reason = str(error)
        except Exception:
            _logger.exception("a snapshot cannot be made")
            reason = "internal error"
        if self._making.get(key, (None,))[0] is request:
            del self._making[key]
        for snapshot in wanted:
            if not reason and snapshot.path != request.path:
                try:
                    await self._thread.run(self._store.copy, request.path, snapshot.path)
                except StoreError as error:
                    self._done(snapshot, str(error))
                    continue
                except Exception:
                    _logger.exception("a snapshot cannot be copied")
                    self._done(snapshot, "internal error")
                    continue
            self._done(snapshot, reason)
