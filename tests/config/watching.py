"""A ConfigWatch in a test: what it told, and a way to wait for that."""

import asyncio
from pathlib import Path
from typing import Any, Awaitable, Callable, List, Optional

from edge.config.watch import ConfigWatch

PATIENCE = 60.0  # a machine may stand still for half of it

TEXTS = [f"device: gate-{i}\n" for i in range(40)]


class Watched:
    """``async with Watched(main) as watched``: ``told`` holds the main file's text at each call."""

    def __init__(self, main: Path, on_change: Optional[Callable[[], None]] = None, **how: Any) -> None:
        self.main = main
        self.told: List[str] = []
        self._on_change = on_change
        self.watch = ConfigWatch(main, self._changed, **how)

    async def __aenter__(self) -> "Watched":
        await self.watch.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.watch.stop()

    def _changed(self) -> None:
        self.told.append(self.text)
        if self._on_change is not None:
            self._on_change()

    @property
    def text(self) -> str:
        content = self.watch.files.contents[str(self.main)]
        return content.decode() if isinstance(content, bytes) else content.reason

    @property
    def names(self) -> List[str]:
        return sorted(self.watch.files.named())

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, what or f"told so far: {self.told}"
            await asyncio.sleep(0.01)

    async def tells(self, text: str) -> None:
        """Wait until the main file's newest text that was told is this."""
        await self.until(lambda: self.told[-1:] == [text], f"{text!r} is not told, only {self.told}")

    async def lists(self, *names: str) -> None:
        """Wait until these files were told of."""
        await self.until(lambda: self.told and self.names == sorted(names), f"not {names} but {self.names}")


def watching(main: Path, test: Callable[[Watched], Awaitable[None]], **how: Any) -> Watched:
    """Run ``test`` with a watch of ``main``."""

    async def run() -> Watched:
        async with Watched(main, **how) as watched:
            await test(watched)
            return watched

    return asyncio.run(run())
