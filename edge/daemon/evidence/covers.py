"""Which pictures were made before an area was masked: they stay on the disk, and leave the device no more.

Kept in the state folder, so that a mask counts as well that was added while the daemon was stopped.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Set

from edge import durable, log
from edge.daemon.evidence.wanted import Masks
from edge.events.evidence.places import find_place

_logger = logging.getLogger("edge.evidence")
_MAX_BYTES = 4 * 1024 * 1024
#: Cameras that are remembered, those that are gone too. One that is not is taken for one that had no mask.
_MOST = 1000


class _Known(NamedTuple):
    """A camera's ``masks`` as digests; pictures whose id is less than ``since`` were made before there were all."""

    masks: List[str]
    since: str


class Covers:
    """``hides`` is for any thread, :meth:`write` for one, the rest for the loop's. Without ``file`` a restart knows
    nothing."""

    def __init__(self, file: Optional[Path] = None) -> None:
        self._file = file
        self._known: Dict[str, _Known] = {} if file is None else _read(file)
        #: Cameras that were given a mask since this daemon looked for the first time.
        self._anew: Set[str] = set()
        self._told = False
        self.changed = False

    def see(self, camera: str, masks: Masks, id: str) -> bool:
        """The camera has these masks now, and ``id`` is a new one: whether there is any that it had not."""
        digests = [_digest(mask) for mask in masks]
        known = self._known.get(camera, _Known([], ""))
        added = not set(digests) <= set(known.masks)
        if added:
            self._anew.add(camera)
        new = _Known(digests, max(id, known.since) if added else known.since)
        if self._known.get(camera) != new:
            self._known.pop(camera, None)
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[camera] = new
            self.changed = self._file is not None
        return added

    def hides(self, path: str) -> bool:
        """Whether this picture is not to leave the device."""
        where = find_place(path)
        known = None if where is None else self._known.get(where.camera)
        return known is not None and where is not None and where.id < known.since

    def hides_before(self, camera: str) -> bool:
        """Whether no picture is that was made before this daemon's start, whatever the clock was then."""
        return camera in self._anew

    def said(self) -> Dict[str, Any]:
        self.changed = False
        return {"cameras": {name: known._asdict() for name, known in self._known.items()}}

    def write(self, said: Dict[str, Any]) -> None:
        """Keep it, for the next start."""
        if self._file is None:
            return
        try:
            durable.replace(self._file, json.dumps(said).encode())
        except OSError as error:
            if not self._told:
                self._told = True
                words = "a restart will not know which pictures are older than their camera's masks"
                log.event(_logger, words, logging.WARNING, file=str(self._file), reason=error.strerror)


def _digest(mask: List[List[float]]) -> str:
    return hashlib.sha256(json.dumps(mask).encode()).hexdigest()[:16]


def _read(file: Path) -> Dict[str, _Known]:
    """Nothing where it is damaged: then every mask counts as one that was added."""
    try:
        kept = json.loads(durable.read(file, _MAX_BYTES))
        return {str(name): _one(said) for name, said in kept["cameras"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = (error.strerror or "") if isinstance(error, OSError) else "damaged"
        words = "the masks before are not known: pictures of masked cameras that wait are not sent"
        log.event(_logger, words, logging.WARNING, file=str(file), reason=why)
        return {}


def _one(said: Any) -> _Known:
    masks, since = said["masks"], said["since"]
    if not isinstance(since, str) or not isinstance(masks, list):
        raise ValueError
    return _Known([str(mask) for mask in masks], since)
