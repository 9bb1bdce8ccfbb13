"""Values of a configuration as people see them: as they would write them, short, and with no secret in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Optional

from pydantic.fields import FieldInfo
from typing_extensions import get_args

from edge.config.redact import redact
from edge.config.section import Section
from edge.config.tree import Keys, shown_name
from edge.config.values import Bytes, Seconds, Size, show_bytes, show_duration

if TYPE_CHECKING:
    from edge.config.config import Config

NOTHING = "-"
HIDDEN = "***"
_LONGEST = 60  # characters of a list
_LONGEST_TEXT = 200  # of a path or a URL
_HOST = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#@\s]+)([/?#][^@]*)?")


def shown(config: Config, keys: Keys, value: Any, info: Optional[FieldInfo] = None) -> str:
    """``value``, which stands at ``keys`` of ``config``, in a field of that ``info``."""
    if value is None:
        return NOTHING
    if isinstance(value, Section):
        return _section(config, keys, value)
    if info is not None and not info.repr:
        return HIDDEN
    if config.fetched(keys):
        return _fetched(value)
    text = _written(value, info)
    longest = _LONGEST_TEXT if isinstance(value, str) else _LONGEST
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _section(config: Config, keys: Keys, section: Section) -> str:
    """What the section cannot do without; where it can do without anything, what is not as by default."""
    fields = type(section).model_fields
    needed = [name for name, info in fields.items() if info.is_required()]
    if needed:
        return " ".join(shown(config, (*keys, name), section.meaning(name), fields[name]) for name in needed)
    parts = [
        f"{name}: {shown(config, (*keys, name), section.meaning(name), info)}"
        for name, info in fields.items()
        if getattr(section, name) != info.get_default(call_default_factory=True)
    ]
    return "{" + ", ".join(parts) + "}"


def _fetched(value: object) -> str:
    """Of a URL its host, since user and password are taken out of it by now; of anything else nothing."""
    url = _HOST.fullmatch(value) if isinstance(value, str) else None
    if url is None:
        return HIDDEN
    return url.group(1) + (f"/{HIDDEN}" if url.group(2) else "")


def _written(value: Any, info: Optional[FieldInfo] = None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return show_duration(value) if info is not None and _holds(Seconds, info) else f"{value:.12g}"
    if isinstance(value, int) and info is not None and _holds(Bytes, info):
        return show_bytes(value)
    if isinstance(value, Size):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(map(shown_name, value))}}}"
    return redact(str(value))


def _holds(kind: type, what: Any) -> bool:
    """Whether a field, or an annotation, is one of that kind of values."""
    if isinstance(what, FieldInfo):
        return any(_holds(kind, part) for part in (*what.metadata, what.annotation))
    return isinstance(what, kind) or any(_holds(kind, part) for part in get_args(what))
