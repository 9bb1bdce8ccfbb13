"""What somebody could send who means no good."""

from __future__ import annotations

import json
import random
from typing import Any, Iterator, List

WORDS = ("enable", "disable", "snapshot", "reload")

#: In place of a camera's name.
NAMES = (
    "../../x", "..", ".", "/etc/passwd", "+", "#", "gate/../gate", "gate\0", "GATE", " gate", "gate ", "%2e%2e%2f",
    "<script>alert(1)</script>", "'; DROP TABLE events; --", "$(reboot)", "{{7*7}}", "\x1b[2J", "\u202egate",
    "ga\u200bte", "x" * 60_000, "ｇａｔｅ", "\ud7ff", "device", "command",
)  # fmt: skip
_SHORT = tuple(name for name in NAMES if len(name) < 100)

_IDS: List[Any] = [
    "", "7", "x" * 128, "x" * 129, "x" * 3900, "\0", "\x1b[31m", "<img src=x onerror=alert(1)>", "\ud800", "\u202e",
    "💥" * 128, "../../x", "\n", "a\nb",
    None, True, 7, -1, 1e308, float("nan"), float("inf"), [], {}, ["7"], {"id": "7"},
]  # fmt: skip
_RAW = [
    b"", b" ", b"\0", b"reload\0", b"\0reload", b"reload\n", b"\xef\xbb\xbfreload", b"enable;disable", b"RELOAD",
    b"enable disable", b"\xff\xfe\xfd", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"{" * 4000, b'{"a":' * 800, b"[" * 4096, b"{}", b"[]", b"null", b"true", b"1e999999",
    b'{"command":' + b"9" * 4000 + b"}", b'{"command":1e999}', b'{"command":"reload","id":-Infinity}',
    b'{"command":"reload","command":"reload"}', b'{"command":"reload"}x', b'{"command":"relo\\u0061d"}',
    b'{"__proto__":{}}', b"\xff\xd8\xff\xe0" + bytes(3000), b"x" * 4096, b"x" * 4097, b"reload" * 20_000,
    "ｒｅｌｏａｄ".encode(), b"${file:/etc/passwd}", b"!!python/object/apply:os.system [id]", b"%s%s%s%n",
    b'"reload"', b"'reload'",
]  # fmt: skip


def payloads(rng: random.Random, count: int) -> Iterator[bytes]:
    """So many, of every kind; the same for the same seed."""
    made = (_bytes, _near, _json, _broken, lambda r: r.choice(_RAW))
    for _ in range(count):
        yield rng.choice(made)(rng)


def _bytes(rng: random.Random) -> bytes:
    return bytes(rng.getrandbits(8) for _ in range(rng.choice((1, 3, 8, 40, 200))))


def _near(rng: random.Random) -> bytes:
    """A known word with a byte too many, too few, or another one."""
    word = bytearray(rng.choice(WORDS).encode())
    place = rng.randrange(len(word))
    change = rng.randrange(3)
    if change == 0:
        word[place] = rng.getrandbits(8)
    elif change == 1:
        del word[place]
    else:
        word.insert(place, rng.getrandbits(8))
    return bytes(word)


def _json(rng: random.Random) -> bytes:
    said = {"command": rng.choice((*WORDS, *_IDS, *_SHORT)), "id": rng.choice(_IDS)}
    if rng.random() < 0.2:
        said[rng.choice(("camera", "path", "__class__", "Command", ""))] = rng.choice(_SHORT)
    return json.dumps(said, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass")


def _broken(rng: random.Random) -> bytes:
    """JSON with a byte changed."""
    said = bytearray(_json(rng))
    said[rng.randrange(len(said))] = rng.getrandbits(8)
    return bytes(said)
