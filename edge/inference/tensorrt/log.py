"""What TensorRT says: the only place where it tells why something failed.

The lines are kept, bounded, for the errors that follow from them, and written to a file, bounded too. Verbose lines are
too many to keep (hundreds of thousands in one build): they reach the listeners and no more.
"""

import hashlib
import os
import re
import threading
from collections import deque
from typing import Any, Callable, Deque, List, Optional, Tuple, TypeVar

from ...errors import EngineError, OutOfMemory
from ..cuda.faults import fault
from .api import Api, enum_name

_ERRORS = ("INTERNAL_ERROR", "ERROR")
_KEPT_LINES = 4000
_KEPT_ERRORS = 100
_LINE_CHARACTERS = 2000
_FILE_BYTES = 4 << 20
_REASON_CHARACTERS = 400
# What TensorRT, cuBLAS, cuDNN and the C++ library call it.
_OUT_OF_MEMORY = re.compile(
    r"out of memory|OutOfMemory|bad_alloc|ALLOC_FAILED|could not be allocated|failed to allocate|"
    r"unable to allocate|insufficient memory to",
    re.IGNORECASE,
)

T = TypeVar("T")


class Log:
    """``logger`` goes to every TensorRT object, and must outlive them all: keep this object until they are gone."""

    def __init__(self, api: Api, path: str = "") -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._lines: Deque[Tuple[int, str, str]] = deque(maxlen=_KEPT_LINES)
        # A build goes on talking after what made it fail: that must not be pushed out.
        self._errors: Deque[Tuple[int, str]] = deque(maxlen=_KEPT_ERRORS)
        self._listeners: List[Callable[[str, str], None]] = []
        self._digest = hashlib.sha256()
        self._room = _FILE_BYTES
        self._file: Optional[int] = None
        if path:
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise EngineError("{}: the builder's log cannot be written ({})".format(path, error.strerror)) from None
        self.logger = _make_logger(api, self._take)

    @property
    def lines(self) -> List[Tuple[str, str]]:
        """The last lines, (severity, text): all but the verbose ones."""
        with self._lock:
            return [(severity, text) for _number, severity, text in self._lines]

    def mark(self) -> int:
        """A place in the log, for the next two."""
        return self._count

    def since(self, mark: int) -> List[str]:
        """What was said after ``mark``."""
        with self._lock:
            return [text for number, _severity, text in self._lines if number >= mark]

    def errors_since(self, mark: int) -> str:
        """The errors after ``mark`` on one line, the first ones first: the others mostly follow from them."""
        with self._lock:
            found = [text for number, text in self._errors if number >= mark]
        words = "; ".join(line for i, line in enumerate(found) if line not in found[:i])
        return words if len(words) <= _REASON_CHARACTERS else words[: _REASON_CHARACTERS - 1] + "…"

    def out_of_memory_since(self, mark: int) -> bool:
        """Whether one of the errors after ``mark`` was that memory ran out."""
        with self._lock:
            return any(number >= mark and _OUT_OF_MEMORY.search(text) for number, text in self._errors)

    def listen(self, listener: Callable[[str, str], None]) -> None:
        """Call ``listener(severity, text)`` for every line, in whatever thread says it; what it raises is lost."""
        self._listeners.append(listener)

    def digest(self) -> str:
        """SHA-256 of all lines so far but the verbose ones."""
        with self._lock:
            return self._digest.hexdigest()

    def say(self, severity: str, text: str) -> None:
        """A line of our own among TensorRT's."""
        self._take(severity, text)

    def close(self) -> None:
        """No more lines are written to the file."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _take(self, severity: str, text: str) -> None:
        """In any thread. Nothing may come out of it: an exception in a callback ends the process on TensorRT 8.2."""
        try:
            for listener in self._listeners:
                try:
                    listener(severity, text)
                except Exception:
                    pass
            if severity == "VERBOSE":
                return
            # One line each, whatever a layer may be called.
            line = " ".join(text.split())[:_LINE_CHARACTERS]
            with self._lock:
                self._lines.append((self._count, severity, line))
                if severity in _ERRORS:
                    self._errors.append((self._count, line))
                self._count += 1
                data = "{}: {}\n".format(severity, line).encode("utf-8", "replace")
                self._digest.update(data)
                self._write(data)
        except BaseException:
            pass

    def _write(self, data: bytes) -> None:
        if self._file is None or self._room <= 0:
            return
        self._room -= len(data)
        if self._room <= 0:
            data = b"(more was said than is kept here)\n"
        os.write(self._file, data)


def make_log(api: Api, path: str = "") -> Log:
    """A log for this process. Raises EngineError when ``path`` cannot be written."""
    return Log(api, path)


def checked(result: Optional[T], log: Log, mark: int, what: str) -> T:
    """``result``, when it is something. For None and False raises EngineError with the log's errors since ``mark``:
    OutOfMemory or DeviceLost when that is what they say."""
    if result is not None and result is not False:
        return result
    raise failed(log, mark, what)


def failed(log: Log, mark: int, what: str) -> EngineError:
    """The error to raise when ``what`` failed, with the log's error lines since ``mark``."""
    words = log.errors_since(mark)
    if log.out_of_memory_since(mark):
        return OutOfMemory("{}: {}".format(what, words))
    return fault(words or "TensorRT does not say why", what)


def _make_logger(api: Api, take: Callable[[str, str], None]) -> Any:
    base: Any = api.trt.ILogger

    class Logger(base):  # type: ignore[misc]
        def __init__(self) -> None:
            # The bindings' classes want it said: without it the process ends at the first line.
            base.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            try:
                take(enum_name(severity), str(message))
            except BaseException:
                pass

    return Logger()
