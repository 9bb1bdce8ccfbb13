"""Where engines are kept: one file and its sidecar each, named by its key. Written whole or not at all.

A file that is not what its sidecar says is never used: it is put aside, for whoever wants to look, and built anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import Callable, Iterable, List, NamedTuple, Optional

from edge.models.engines.sidecar import Sidecar, Unusable
from edge.models.folders import state_folder
from edge.models.verify import sha256_of

ASIDE = "put-aside"
_MOST_ASIDE = 4


class Engine(NamedTuple):
    """A plan that can be loaded. ``used``: when it was last taken, by the file's own time (seconds since 1970)."""

    plan: Path
    sidecar: Sidecar

    @property
    def used(self) -> float:
        return self.plan.stat().st_mtime


class Cache:
    """``folder``: left out, ``engines`` in the state folder. ``on_aside(key, reason)`` hears of what was put aside.

    Every method raises OSError where the folder cannot be read or written.
    """

    def __init__(self, folder: Optional[Path] = None, on_aside: Callable[[str, str], None] = lambda *_: None) -> None:
        self.folder = state_folder() / "engines" if folder is None else folder
        self._on_aside = on_aside

    @property
    def timing_cache(self) -> Path:
        """What TensorRT learnt of this board's kernels: shared by all builds, and worth nothing elsewhere."""
        return self.folder / "timing.cache"

    def log(self, key: str) -> Path:
        """What the builder said of that engine."""
        return self.folder / f"{key}.log"

    def find(self, key: str) -> Optional[Engine]:
        """The engine of that key, read through and found whole; None where there is none."""
        plan, described = self._plan(key), self._sidecar(key)
        try:
            text = described.read_text("utf-8", "replace")
        except FileNotFoundError:
            return None  # a plan without its sidecar is one whose writing was interrupted
        try:
            sidecar = Sidecar.parse(text, key)
            if not plan.is_file() or plan.stat().st_size != sidecar.plan_bytes:
                raise Unusable("it is not there, or a part of it")
            if sha256_of(plan) != sidecar.plan_sha256:
                raise Unusable("it is not what was built: its SHA-256 is another")
        except Unusable as reason:
            self.put_aside(key, str(reason))
            return None
        with contextlib.suppress(OSError):  # another user's, or a disk that cannot be written
            os.utime(plan)
        return Engine(plan, sidecar)

    def holds(self, key: str, plan_sha256: str) -> bool:
        """Whether the engine of that key is still the one with this hash, by its sidecar."""
        try:
            return Sidecar.parse(self._sidecar(key).read_text("utf-8", "replace"), key).plan_sha256 == plan_sha256
        except (OSError, Unusable):
            return False

    def put_aside(self, key: str, reason: str) -> None:
        """Never take this one again. The last few are kept, with the reason."""
        aside = self.folder / ASIDE
        aside.mkdir(parents=True, exist_ok=True)
        name = f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}-{key}"
        for path in (self._sidecar(key), self._plan(key)):  # the sidecar first: without it nothing is loaded
            with contextlib.suppress(FileNotFoundError):
                os.replace(path, aside / f"{name}{path.suffix}")
        (aside / f"{name}.reason").write_text(reason + "\n")
        names = sorted({path.stem for path in aside.iterdir()})
        for old in names[:-_MOST_ASIDE]:
            for path in aside.glob(old + ".*"):
                path.unlink()
        self._on_aside(key, reason)

    def try_lock(self, key: str) -> Optional[int]:
        """A descriptor that keeps others from building this engine until it is closed; None while another has it.

        The file that is locked stays: whoever waits for it would wait for another one than the next who comes.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.folder / f"{key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if _locked(fd):
            return fd
        os.close(fd)
        return None

    def place_for(self, key: str) -> Path:
        """Where to build it, whoever holds the lock: a file of an interrupted build is gone."""
        path = self.folder / f"{key}.building"
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        return path

    def keep(self, built: Path, sidecar: Sidecar) -> Engine:
        """Take the finished file in, under its key: on the disk before anybody can find it."""
        plan, described = self._plan(sidecar.key), self._sidecar(sidecar.key)
        half = described.with_suffix(".half")
        _sync(built)
        half.write_text(sidecar.text())
        _sync(half)
        with contextlib.suppress(FileNotFoundError):
            described.unlink()
        os.replace(built, plan)
        os.replace(half, described)
        _sync(self.folder)
        return Engine(plan, sidecar)

    def all(self) -> List[Engine]:
        """The engines that are here, the last used first; what cannot be used is put aside."""
        keys = [path.stem for path in self.folder.glob("*.json")] if self.folder.is_dir() else []
        found: List[Engine] = []
        for key in keys:
            try:
                sidecar = Sidecar.parse(self._sidecar(key).read_text("utf-8", "replace"), key)
            except FileNotFoundError:
                continue
            except Unusable as reason:
                self.put_aside(key, str(reason))
                continue
            if self._plan(key).is_file():
                found.append(Engine(self._plan(key), sidecar))
        return sorted(found, key=lambda engine: engine.used, reverse=True)

    def remove(self, keys: Iterable[str]) -> int:
        """Delete these engines and what interrupted builds left of them, but none that is being built; the bytes."""
        freed = 0
        for key in keys:
            fd = self.try_lock(key)
            if fd is None:
                continue
            try:
                rest = [self.folder / f"{key}.{kind}" for kind in ("building", "half")]
                for path in (self._sidecar(key), self._plan(key), self.log(key), *rest):
                    with contextlib.suppress(FileNotFoundError):
                        freed += path.stat().st_size
                        path.unlink()
            finally:
                os.close(fd)
        return freed

    def leftovers(self) -> List[str]:
        """Keys of which there is something, but no engine: interrupted builds."""
        if not self.folder.is_dir():
            return []
        keys = {path.stem for kind in ("building", "half", "plan") for path in self.folder.glob(f"*.{kind}")}
        return sorted(key for key in keys if not self._sidecar(key).is_file())

    def _plan(self, key: str) -> Path:
        return self.folder / f"{key}.plan"

    def _sidecar(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
