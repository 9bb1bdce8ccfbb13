"""A file of evidence while it is written: under a name of its own, and there under its real one all at once."""

from __future__ import annotations

import fcntl
import os
import stat
from typing import Optional

from edge.events.evidence.places import Place, StoreError

_FILE_MODE = 0o640


class Draft:
    """Whoever has :attr:`fd` writes; then :meth:`commit` or :meth:`drop`, once. ``folder``, an open descriptor, is the
    draft's own from now on.

    A lock is held on it for as long as any process has it open. By that one knows the remains of a daemon that died.
    """

    def __init__(self, folder: int, place: Place) -> None:
        self.place = place
        self._fault: Optional[OSError] = None
        self._folder = folder
        self._part = f".{place.name}.{os.urandom(8).hex()}.part"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self.fd = os.open(self._part, flags, _FILE_MODE, dir_fd=folder)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass  # a file system without locks

    def sync(self) -> None:
        """What takes longest of :meth:`commit`, in any thread before it; what goes wrong is raised there."""
        try:
            os.fsync(self.fd)
        except OSError as error:
            self._fault = error  # the kernel says it once

    def commit(self) -> None:
        """Make it durable and give it its name. Raises OSError, and StoreError when it is empty."""
        kept = False
        try:
            if self._fault is not None:
                raise self._fault
            os.fchmod(self.fd, _FILE_MODE)
            os.fsync(self.fd)
            written = os.fstat(self.fd)
            if not stat.S_ISREG(written.st_mode) or written.st_size == 0:
                raise StoreError("nothing was written")
            os.rename(self._part, self.place.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            kept = True
            found = os.stat(self.place.name, dir_fd=self._folder, follow_symlinks=False)
            if (found.st_dev, found.st_ino) != (written.st_dev, written.st_ino):
                raise StoreError(f"{self.place} was exchanged while it was written")
            os.fsync(self._folder)
        finally:
            if kept:
                self._close()
            else:
                self.drop()

    def drop(self) -> None:
        """Leave nothing behind. Raises nothing."""
        try:
            os.unlink(self._part, dir_fd=self._folder)
        except OSError:
            pass
        self._close()

    def _close(self) -> None:
        for fd in (self.fd, self._folder):
            try:
                os.close(fd)
            except OSError:
                pass  # a disk's last word, after the fsync's
