"""What every part of the configuration has in common: no unknown keys, and a mark at every field."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple, cast

import pydantic

from edge.config.fault import Fault
from edge.config.tree import Keys

# What an edit of the field takes to come into force.
APPLY = ("live", "rebuild-camera", "reload-engine", "reconnect-mqtt", "restart")

_NO_DEFAULT: Any = ...


class Section(pydantic.BaseModel):
    """A mapping in the file. Errors never carry its values: they may be secrets."""

    model_config = pydantic.ConfigDict(extra="forbid", hide_input_in_errors=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, data: object) -> object:
        """``zones:`` with nothing below it, or all below commented out, is as good as left out."""
        if not isinstance(data, dict):
            return data
        sections = {name for name, info in cls.model_fields.items() if info.default_factory is not None}
        return {key: value for key, value in data.items() if value is not None or key not in sections}

    def meaning(self, name: str) -> object:
        """The value of the field ``name``, as it compares between two configurations."""
        return getattr(self, name)


def field(
    description: str,
    apply: str,
    default: object = _NO_DEFAULT,
    *,
    factory: Optional[Callable[[], object]] = None,
    min_length: Optional[int] = None,
    secret: bool = False,
) -> Any:
    """A field of a Section. ``apply`` is one of APPLY; ``secret`` keeps it out of the repr."""
    extra = cast(Dict[str, Any], {"apply": apply})
    common: Dict[str, Any] = {"description": description, "json_schema_extra": extra, "repr": not secret}
    if min_length is not None:
        common["min_length"] = min_length
    if factory is not None:
        return pydantic.Field(default_factory=cast(Any, factory), **common)
    return pydantic.Field(cast(Any, default), **common)


def take_credentials(section: Any, username: Optional[str], password: Optional[str]) -> None:
    """Move user and password out of a section's URL into its ``username`` and ``password``.

    Raises Fault where they are given twice, or a password without a user.
    """
    twice: List[Tuple[Keys, str]] = [
        ((name,), f"stands in the URL as well: give the {name} once")
        for name, value in (("username", username), ("password", password))
        if value is not None and getattr(section, name) is not None
    ]
    if twice:
        raise Fault.several(twice)
    if username is not None:
        section.username = username
    if password is not None:
        section.password = pydantic.SecretStr(password)
    if section.password is not None and section.username is None:
        raise Fault("a password needs a username beside it", "password")
