"""Pictures in shared memory: a memfd that holds two slots of equal size.

The capture process writes a picture into the slot that the reader does not hold; the reader maps the same memory. A
larger picture needs a larger memfd: a new one is made and its descriptor sent, and the old one vanishes with its last
mapping. A memfd has no name in any file system, so nothing is left behind whatever dies.
"""

import ctypes
import mmap
import os
import platform
from typing import Optional

SLOTS = 2
_ALIGN = 4096
_MFD_CLOEXEC = 1
# memfd_create has a wrapper in Python from 3.8 only, and in the C library from glibc 2.27.
_SYSCALL = {"x86_64": 319, "aarch64": 279, "armv7l": 385, "i686": 356}


def memfd_create(name: str) -> int:
    """A new anonymous file; the caller owns the descriptor. Raises OSError."""
    create = getattr(os, "memfd_create", None)
    if create is not None:
        return int(create(name))
    number = _SYSCALL.get(platform.machine())
    if number is None:
        raise OSError("memfd_create: unknown on {}".format(platform.machine()))
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(number, name.encode("utf-8"), _MFD_CLOEXEC)
    if fd < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "memfd_create")
    return int(fd)


class Slots:
    """The writer's side: makes the memory, and gives each slot's address to copy a picture to."""

    def __init__(self, slot_size: int) -> None:
        self.slot_size = (slot_size + _ALIGN - 1) // _ALIGN * _ALIGN
        self.fd = memfd_create("edge-pictures")
        self._map: Optional[mmap.mmap] = None
        try:
            os.ftruncate(self.fd, SLOTS * self.slot_size)
            self._map = mmap.mmap(self.fd, SLOTS * self.slot_size)
        except OSError:
            os.close(self.fd)
            raise
        self._anchor = ctypes.c_char.from_buffer(self._map)
        self._address = ctypes.addressof(self._anchor)

    def address(self, slot: int) -> int:
        """Where slot ``slot`` begins, as a pointer of this process."""
        return self._address + slot * self.slot_size

    def close(self) -> None:
        if self._map is not None:
            del self._anchor
            self._map.close()
            self._map = None
            os.close(self.fd)


class SlotReader:
    """The reader's side: maps what :class:`Slots` made. Owns ``fd`` from here on.

    Raises ValueError for memory that is smaller than ``slot_size`` says, OSError for what cannot be mapped.
    """

    def __init__(self, fd: int, slot_size: int) -> None:
        self.slot_size = slot_size
        try:
            # The size is checked before it is mapped: reading past the end of a file kills the process.
            found = os.fstat(fd).st_size
            if slot_size < 1 or found < SLOTS * slot_size:
                raise ValueError("shared memory of {} bytes, expected {}".format(found, SLOTS * slot_size))
            self._map = mmap.mmap(fd, SLOTS * slot_size, prot=mmap.PROT_READ)
        finally:
            os.close(fd)

    def view(self, slot: int) -> memoryview:
        """The bytes of slot ``slot``; the mapping lives as long as any view of it."""
        return memoryview(self._map)[slot * self.slot_size : (slot + 1) * self.slot_size]
