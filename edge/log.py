"""Structured log lines: what happened, and to what.

``event(logger, "camera online", camera="square")`` becomes, on a terminal::

    12:03:44.120 info    camera online  camera=square

and in the journal an entry with ``EDGE_CAMERA=square`` as a field of its own. Users and passwords in URLs are taken out
of whatever is said, by any library too. One line a state change, none a frame.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from typing import Dict, Mapping, Optional, TextIO

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# syslog(3) priorities, as the journal and the <n> prefix of sd-daemon(3) want them.
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_COLOUR = {logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "31;1"}

# To the last @, since a password that nobody percent-encoded may hold an @ or a / itself.
_USERINFO = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*://)[^\s\"'<>]*@")
_PARAMETER = re.compile(r"(\b\w*(?:pass|pwd|secret|token|auth)\w*=|\b\w*pas=)[^&\s\"'<>]*", re.IGNORECASE)
_BARE = re.compile(r"[^\s\"=\\]+")


def redact(text: str) -> str:
    """``text`` without users and passwords in the URLs that stand in it."""
    return _PARAMETER.sub(r"\1***", _USERINFO.sub(r"\1***@", text))


def event(logger: logging.Logger, message: str, level: int = logging.INFO, **fields: object) -> None:
    """Log ``message`` with what it is about. A field that is None is left out."""
    if logger.isEnabledFor(level):
        given = {k: v for k, v in fields.items() if v is not None}
        logger.log(level, message, extra={"fields": given}, stacklevel=2)


def set_up(level: str = "info", stream: Optional[TextIO] = None) -> None:
    """Send everything logged to the journal or to ``stream`` (stderr), in place of what was set up before."""
    out = sys.stderr if stream is None else stream
    handler = _journal(out)
    if handler is None:
        handler = logging.StreamHandler(out)
        handler.setFormatter(_formatter(out))
    handler.addFilter(_Redact())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    set_level(level)


def set_level(level: str) -> None:
    """``debug``, ``info``, ``warning`` or ``error``: the least important message of ours that is shown."""
    logging.getLogger("edge").setLevel(LEVELS[level])


class _Redact(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        fields = getattr(record, "fields", {})
        record.fields = {key: redact(_text(value)) for key, value in fields.items()}
        return True


class _Line(logging.Formatter):
    """``time level message  key=value …``, then the traceback if there is one."""

    def __init__(self, colour: bool = False, times: bool = True) -> None:
        super().__init__()
        self._colour, self._times = colour, times

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour and code else text

    def _stamp(self, record: logging.LogRecord) -> str:
        raise NotImplementedError

    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, str] = getattr(record, "fields", {})
        # An escaped newline, so that a line of the log is a line of ours.
        message = record.getMessage().replace("\n", "\\n")
        pairs = [self._paint(key + "=", "2") + _quoted(value) for key, value in fields.items()]
        line = "  ".join([self._stamp(record) + self._paint(message, _COLOUR.get(record.levelno, "")), " ".join(pairs)])
        if record.exc_info:
            line += "\n" + redact(self.formatException(record.exc_info))
        return line.rstrip()


class _TerminalLine(_Line):
    def _stamp(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = self._paint(f"{record.levelname.lower():<7}", _COLOUR.get(record.levelno, "2"))
        return f"{self._paint(f'{clock}.{int(record.msecs):03}', '2')} {level} "


class _FileLine(_Line):
    def _stamp(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{clock}.{int(record.msecs):03}Z {record.levelname.lower():<7} "


class _PriorityLine(_Line):
    """For a journal that reads our stderr: it knows the time itself."""

    def _stamp(self, record: logging.LogRecord) -> str:
        return f"<{_priority(record)}>"


class _Journal(logging.Handler):
    """Entries with fields, by systemd's own library."""

    def emit(self, record: logging.LogRecord) -> None:
        from systemd import journal

        try:
            fields: Dict[str, str] = {
                f"EDGE_{key.upper()}": value for key, value in getattr(record, "fields", {}).items()
            }
            message = record.getMessage()
            if record.exc_info:
                trace = logging.Formatter().formatException(record.exc_info)
                message += "\n" + redact(trace)
            pairs = " ".join(f"{k}={_quoted(v)}" for k, v in getattr(record, "fields", {}).items())
            journal.send(
                f"{message}  {pairs}".rstrip(),
                PRIORITY=str(_priority(record)),
                SYSLOG_IDENTIFIER="edge",
                LOGGER=record.name,
                # Where it was logged; left out, the library names this line.
                CODE_FILE=record.pathname,
                CODE_LINE=record.lineno,
                CODE_FUNC=record.funcName,
                **fields,
            )
        except Exception:
            self.handleError(record)


def _formatter(out: TextIO) -> logging.Formatter:
    if _to_journal(out):
        return _PriorityLine()
    if out.isatty():
        return _TerminalLine(colour=not os.environ.get("NO_COLOR"))
    return _FileLine()


def _journal(out: TextIO) -> Optional[logging.Handler]:
    if not _to_journal(out):
        return None
    try:
        import systemd.journal  # noqa: F401
    except ImportError:
        return None
    return _Journal()


def _to_journal(out: TextIO) -> bool:
    """systemd names the device and inode of the stream that it reads; ours may have been sent elsewhere since."""
    try:
        status = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _priority(record: logging.LogRecord) -> int:
    return _PRIORITY.get(record.levelno, 6)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _quoted(value: str) -> str:
    return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
