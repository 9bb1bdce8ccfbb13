"""Keeping passwords out of messages."""

from __future__ import annotations

import re
from typing import Union

_SECRET_KEY = re.compile(r"pass|pwd|secret|token|credential", re.IGNORECASE)
_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://")
_PARAMETER = re.compile(r"(\b\w*(?:pass|pwd|secret|token|auth)\w*=|\b\w*pas=)[^&\s]*", re.IGNORECASE)


def is_secret(key: Union[str, int]) -> bool:
    """Whether a value under this key, rightly or wrongly spelt, may be a secret."""
    return isinstance(key, str) and (bool(_SECRET_KEY.search(key)) or key.lower() in ("pw", "pin"))


def redact(text: str) -> str:
    """``text`` with what may be a user and a password in a URL replaced: ``rtsp://***@host/path?password=***``.

    All up to the last @ goes, since a password that was not percent-encoded may hold an @ or a / itself.
    """
    scheme = _SCHEME.match(text)
    start = scheme.group() if scheme else ""
    if "@" in text[len(start) :]:
        text = f"{start}***@{text.rpartition('@')[2]}"
    return _PARAMETER.sub(r"\1***", text)
