"""Files that are there whole or not at all."""

import os
from typing import Any

from ...errors import EngineError


def write_file(path: str, data: Any) -> int:
    """Write and flush to the disk; bytes written. Raises EngineError."""
    try:
        with open(path, "wb") as file:
            view = memoryview(data)
            file.write(view)
            file.flush()
            os.fsync(file.fileno())
            return view.nbytes
    except OSError as error:
        raise EngineError("{}: cannot be written ({})".format(path, error.strerror)) from None


def read_file(path: str) -> bytes:
    """All of it. Raises EngineError."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise EngineError("{}: cannot be read ({})".format(path, error.strerror)) from None


def replace_file(path: str, data: Any, temporary: str) -> None:
    """Write ``data`` as ``temporary`` and make that ``path``. The temporary name is the plan's: a build that is killed
    leaves nothing under any other. Raises EngineError."""
    write_file(temporary, data)
    try:
        os.replace(temporary, path)
    except OSError as error:
        raise EngineError("{}: cannot be written ({})".format(path, error.strerror)) from None
    finally:
        remove(temporary)


def remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
