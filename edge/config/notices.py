"""The kernel's word (inotify) that something on the way to the configuration's files has changed."""

from __future__ import annotations

import asyncio
import errno
import logging
from typing import Callable, Dict, List, Mapping, Optional, Set, Tuple

from asyncinotify import Event, Inotify, Mask, Watch

from edge import log
from edge.config.ways import Folder

_logger = logging.getLogger("edge.config")
# What happens to entries of a folder, and to itself. MASK_ADD: two paths may be one folder (a bind mount).
_WAY = (
    Mask.CREATE | Mask.DELETE | Mask.MOVED_FROM | Mask.MOVED_TO | Mask.ATTRIB
    | Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.ONLYDIR | Mask.MASK_ADD
)  # fmt: skip
_FILES = _WAY | Mask.MODIFY | Mask.CLOSE_WRITE
_WRITTEN = Mask.CLOSE_WRITE | Mask.DELETE | Mask.MOVED_FROM | Mask.MOVED_TO
_EXHAUSTED = (errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM)  # of the limits in inotify(7)


class Notices:
    """Calls ``on_event`` in the event loop for each change that may matter.

    ``writing``: files that were written to and that their writer has not closed yet.
    """

    def __init__(self, on_event: Callable[[], None]) -> None:
        self.writing: Set[Tuple[int, str]] = set()
        self._on_event = on_event
        self._warned = False
        self._watched: Dict[int, Tuple[Watch, List[Folder]]] = {}
        self._inotify: Optional[Inotify] = None
        self._pump: Optional[asyncio.Task[None]] = None

    def start(self) -> None:
        try:
            self._inotify = Inotify()
        except OSError as error:
            self._warn(error)
        else:
            self._pump = asyncio.get_running_loop().create_task(self._listen(self._inotify))

    async def stop(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])
        if self._inotify is not None:
            self._inotify.close()
        self._watched = {}

    def watch(self, folders: Mapping[str, Folder]) -> bool:
        """Listen to these folders and to no others. False where nothing else was listened to before.

        After True, what changed shortly before may have been missed.
        """
        watched: Dict[int, Tuple[Watch, List[Folder]]] = {}
        for path, folder in folders.items():
            watch = self._add(path, _FILES if folder.holds_files else _WAY)
            if watch is not None:
                watched.setdefault(watch.wd, (watch, []))[1].append(folder)
        before, self._watched = self._watched, watched
        for descriptor, (watch, _) in before.items():
            if descriptor not in watched:
                self._remove(watch)
        return {wd: known[1] for wd, known in before.items()} != {wd: known[1] for wd, known in watched.items()}

    def _add(self, path: str, mask: Mask) -> Optional[Watch]:
        if self._inotify is None:
            return None
        try:
            return self._inotify.add_watch(path, mask)
        except OSError as error:  # not there, or no permission: the folder above tells when that changes
            if error.errno in _EXHAUSTED:
                self._warn(error)
            return None

    def _remove(self, watch: Watch) -> None:
        try:
            if self._inotify is not None:
                self._inotify.rm_watch(watch)
        except OSError:  # the folder is gone, and its watch with it
            pass

    async def _listen(self, inotify: Inotify) -> None:
        while True:
            event = await inotify.get()
            if self._matters(event):
                self._on_event()

    def _matters(self, event: Event) -> bool:
        watch = event.watch
        known = self._watched.get(watch.wd) if watch is not None else None
        if watch is None or known is None:
            return Mask.IGNORED not in event.mask  # events were lost, or this is of a folder just taken or let go
        if event.name is None:
            return True  # the folder itself
        name = str(event.name)
        if not any(folder.matters(name) for folder in known[1]):
            return False
        if event.mask & Mask.MODIFY:
            self.writing.add((watch.wd, name))
        elif event.mask & _WRITTEN:
            self.writing.discard((watch.wd, name))
        return True

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            log.event(
                _logger, "configuration is looked at now and then only: no inotify", logging.WARNING,
                reason=error.strerror, remedy="raise fs.inotify.max_user_watches and max_user_instances",
            )  # fmt: skip
