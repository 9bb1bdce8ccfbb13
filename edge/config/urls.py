"""Taking URLs apart as cameras' manuals write them: passwords with an @, a missing port, IPv6 in brackets."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Tuple
from urllib.parse import unquote

from edge.config.fault import Fault

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?(.*)", re.DOTALL)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%25[\w.-]+)?\]|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?)(?::(\d{0,5}))?")


class Authority(NamedTuple):
    """``host`` keeps the brackets of an IPv6 address; ``tail`` is the path and what follows it."""

    username: Optional[str]
    password: Optional[str]
    host: str
    port: Optional[int]
    tail: str


def split_scheme(text: str) -> Optional[Tuple[str, bool, str]]:
    """(scheme in lower case, whether // follows, the rest) or None where ``text`` is no URL."""
    match = _URL.fullmatch(text.strip())
    return (match.group(1).lower(), bool(match.group(2)), match.group(3)) if match else None


def split_authority(rest: str) -> Authority:
    """What stands after ``scheme://``. Raises Fault, whose words show no part of user and password."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    tail = rest[len(authority) :]
    userinfo, at, hostport = authority.rpartition("@")
    match = _HOST.fullmatch(hostport)
    if not match:
        if "@" in tail:
            raise Fault(
                "no host after the @: a password with / ? or # in it goes to a key of its own (password: ...), "
                "or write these percent-encoded (%2F %3F %23)"
            )
        raise Fault("no host: expected scheme://[user:password@]host[:port]/..., the port a number")
    if any(c.isspace() for c in tail):
        raise Fault("a space inside the URL: write %20")
    port = int(match.group(3)) if match.group(3) else None
    if port is not None and not 1 <= port <= 65535:
        raise Fault(f"the port {port} is not one from 1 to 65535")
    username, colon, password = userinfo.partition(":")
    return Authority(
        unquote(username) if at and username else None,
        unquote(password) if colon else None,
        match.group(1),
        port,
        tail,
    )
