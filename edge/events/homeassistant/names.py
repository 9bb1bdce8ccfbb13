"""Names that people gave, made into ids, topics and words that are safe in Home Assistant. They are data: none of them
ever stands in a template but as a literal in which nothing has a meaning.
"""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^A-Za-z0-9-]")
_LONGEST_ID = 120
_LONGEST_SHOWN = 80
_CONFIG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]*/device/[A-Za-z0-9_-]+/config\Z")


def safe_id(*parts: str) -> str:
    """An id of letters, digits, ``_`` and ``-``: another one for every other ``parts``.

    They are joined by ``_``. Where that does not tell them apart any more, because a character was replaced or a part
    has the joint in it, a hash of them stands behind ``--``.
    """
    joined = "_".join(_UNSAFE.sub("_", part) for part in parts)
    if all(part and not _UNSAFE.search(part) and "--" not in part for part in parts) and len(joined) <= _LONGEST_ID:
        return joined
    # Each with its length: no two lists of names give the same bytes. A name may hold half a surrogate pair.
    exact = b"".join(b"%d:%s" % (len(part), part.encode("utf-8", "surrogatepass")) for part in parts)
    return f"{joined[:_LONGEST_ID]}--{hashlib.sha256(exact).hexdigest()[:10]}"


def shown(*words: str) -> str:
    """The words as an entity's name: one line that Home Assistant can store, of a bounded length."""
    text = " ".join(" ".join(words).encode("utf-8", "replace").decode().split())
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def is_usable(topic: str) -> bool:
    """Whether Home Assistant takes the topic. One that it does not would cost the whole payload.

    It wants UTF-8 of up to 65,535 bytes without control characters and what Unicode calls no characters.
    """
    try:
        long = len(topic.encode()) > 65535
    except UnicodeError:
        return False
    return not long and not any(
        character <= "\x1f" or "\x7f" <= character <= "\x9f" or "\ufdd0" <= character <= "\ufdef"
        or ord(character) & 0xFFFE == 0xFFFE
        for character in topic
    )  # fmt: skip


def is_config_topic(topic: object) -> bool:
    """Whether it is the topic of a device's discovery payload, as they are made here."""
    return isinstance(topic, str) and len(topic) < 2000 and _CONFIG.match(topic) is not None
