"""Loggers, and the callbacks into Python: what happens when one of them raises."""

import os
import sys
import time
import weakref
from typing import Any, Callable, List

from simulated_gpu import board

from .base import Native
from .enums import Severity


def call_back(function: Callable[..., Any], *args: Any) -> Any:
    """A call from C++ into Python. 8.2 ends the process when it raises; later versions take None for an answer."""
    try:
        return function(*args)
    except Exception as error:
        name = getattr(function, "__name__", "callback")
        text = f"{type(error).__name__}: {error}"
        if board.VERSION < (8, 5):
            sys.stderr.write(f"terminate called after throwing 'pybind11::error_already_set'\n  what(): {text}\n")
            sys.stderr.flush()
            os.abort()
        sys.stderr.write(f"[ERROR] Exception caught in {name}(): {text}\n")
        return None


class ILogger(Native):
    Severity = Severity

    def log(self, severity: Any, msg: str) -> None:
        raise RuntimeError('Tried to call pure virtual function "nvinfer1::ILogger::log"')


for _name, _member in Severity.__members__.items():
    setattr(ILogger, _name, _member)


class Logger(ILogger):
    def __init__(self, min_severity: Any = Severity.WARNING) -> None:
        super().__init__()
        self._min_severity = min_severity

    @property
    def min_severity(self) -> Any:
        return self._min_severity

    @min_severity.setter
    def min_severity(self, value: Any) -> None:
        self._min_severity = value

    def log(self, severity: Any, msg: str) -> None:
        if int(severity) <= int(self._min_severity):
            letter = "FEWIV"[int(severity)]
            stamp = time.strftime("%m/%d/%Y-%H:%M:%S")
            sys.stderr.write(f"[{stamp}] [TRT] [{letter}] {msg}\n")


_global: List[Any] = []


def register(logger: Any, caller: str) -> Any:
    """The first logger given becomes the library's; another one later is told so."""
    if not isinstance(logger, ILogger):
        raise TypeError(f"{caller}(): incompatible constructor arguments")
    first = _global[0]() if _global else None
    if first is None:
        _global[:] = [weakref.ref(logger)]
    elif first is not logger:
        say(
            logger,
            "WARNING",
            f"The logger passed into create{caller} differs from one already registered for an existing builder, "
            "runtime, or refitter. So the current new logger is ignored, and TensorRT will use the existing one which "
            "is returned by nvinfer1::getLogger() instead.",
        )
    return logger


def say(logger: Any, severity: str, text: str) -> None:
    call_back(logger.log, Severity.__members__[severity], text)


_KINDS = {
    1: "Cuda Runtime",
    2: "Internal Error",
    3: "API Usage Error",
    4: "Internal Error",
    6: "API Usage Error",
    9: "Internal Error",
    10: "Internal Error",
}


def fail(logger: Any, code: int, place: str, call: str, text: str, kind: str = "") -> None:
    """An error's line: with the source's place up to 8, with the interface's call from 10 on."""
    words = f"Error Code {code}: {kind or _KINDS[code]} ({text})"
    say(logger, "ERROR", f"{code}: [{place}] {words}" if board.VERSION < (10,) else f"{call}: {words}")
