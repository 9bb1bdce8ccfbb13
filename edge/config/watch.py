"""Watching the configuration's files: a call when they hold something else than before, once whoever writes is done.

Any way of saving is seen: writing in place, renaming a new file over the old one, turning a symbolic link, a folder
that goes and comes back. Where the kernel tells nothing (a network's file system, no watches left), a look every ten
seconds does. What counts is the content: a save that changes nothing is none.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from edge.config.files import Files, read_files
from edge.config.notices import Notices
from edge.config.ways import Folder, ways

_WRITER_S = 2.0  # for a file that is written to and not closed
_LONGEST_S = 10.0  # for files that are written to all the time
_ROUNDS = 5  # of looking, while the folders change under the look


class ConfigWatch:
    """``await start()``; ``on_change`` is called in the event loop; ``files`` is what was found last; ``await stop()``.

    ``known``: what was read before the start. Without it, what is there at the start is no change.
    """

    def __init__(
        self,
        main: Path,
        on_change: Callable[[], None],
        known: Optional[Files] = None,
        quiet_s: float = 0.15,
        poll_s: float = 10.0,
    ) -> None:
        self.files = Files(main, {}) if known is None else known
        self._main = main
        self._absolute = Path(os.path.join(os.getcwd(), str(main)))
        self._on_change = on_change
        self._reported = None if known is None else known.digest
        self._quiet_s, self._poll_s = quiet_s, poll_s
        self._last = float("-inf")  # when the last event came, by the loop's clock
        self._events = 0
        self._events_seen = 0
        self._notices = Notices(self._event)
        self._reader = ThreadPoolExecutor(1, "edge-config")  # a file system that hangs shall hang nothing else
        self._task: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stirred, self._looking = asyncio.Event(), asyncio.Lock()
        self._notices.start()
        await self._look()
        if self._reported is None:
            self._reported = self.files.digest
        self._report()
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._notices.stop()
        self._reader.shutdown(wait=False)

    async def settle(self, seconds: float) -> Files:
        """What the files hold once nothing has been done to them for so long. ``on_change`` is not called for it.

        For a state that would do harm were it the first half of a save. Whoever writes without end is not waited for.
        """
        deadline = self._loop.time() + _LONGEST_S
        while True:
            digest = self.files.digest
            await self._quiet(seconds)
            await self._look()
            self._reported = self.files.digest
            if self.files.digest == digest or self._loop.time() > deadline:
                return self.files

    async def _run(self) -> None:
        while True:
            poll = self._loop.call_later(self._poll_s, self._stirred.set)
            await self._stirred.wait()
            poll.cancel()
            await self._quiet(self._quiet_s)
            self._stirred.clear()  # what happens from here on is looked at by the next round
            await self._look()
            self._report()

    async def _quiet(self, seconds: float) -> None:
        """Until no event has come for so long and nobody is in the midst of writing."""
        deadline = self._loop.time() + _LONGEST_S
        while True:
            enough = max(seconds, _WRITER_S) if self._notices.writing else seconds
            left = min(self._last + enough, deadline) - self._loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, self._quiet_s))

    async def _look(self) -> None:
        async with self._looking:
            told = self._events != self._events_seen
            self._events_seen = self._events
            self._notices.writing.clear()  # they have been waited for
            for _ in range(_ROUNDS):
                folders, files = await self._loop.run_in_executor(self._reader, self._read)
                if not self._notices.watch(folders):
                    break
            else:
                self._stirred.set()
            if files.digest != self.files.digest and not told:
                self._last = self._loop.time()  # nothing told of it: it has happened now
            self.files = files

    def _read(self) -> Tuple[Dict[str, Folder], Files]:
        return ways(self._absolute), read_files(self._main)

    def _report(self) -> None:
        if self.files.digest != self._reported:
            self._reported = self.files.digest
            self._loop.call_soon(self._on_change)

    def _event(self) -> None:
        self._last = self._loop.time()
        self._events += 1
        self._stirred.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error: Optional[BaseException] = None if task.cancelled() else task.exception()
        if error is not None:
            context: Dict[str, Any] = {"message": "the watch of the configuration ended", "exception": error}
            self._loop.call_exception_handler(context)
