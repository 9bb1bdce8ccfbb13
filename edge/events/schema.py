"""The JSON Schema (2020-12) of events, made from ``Event`` and ``KINDS``.

python -m edge.events.schema [FILE]     writes it, to docs/event.schema.json of the source tree if no file is named
"""

from __future__ import annotations

import json
import sys
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Dict, List, get_type_hints

from typing_extensions import get_args, get_origin

from edge.events.event import Event, EventAttribute, EventObject
from edge.events.kinds import COMMON, KINDS, Kind

FILE = Path(__file__).resolve().parents[2] / "docs" / "event.schema.json"

_DEFINED: Dict[Any, str] = {EventObject: "object", EventAttribute: "attribute"}
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema() -> Dict[str, Any]:
    """One shape for each type of event, told apart by ``type``; a field that is not named is refused."""
    properties = _properties(Event)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:jetson-edge:event:1",
        "title": "An event of jetson-edge",
        "type": "object",
        "required": [*COMMON],
        "properties": {"type": {"enum": [*KINDS]}},
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in KINDS],
        "$defs": {
            "object": _shape(EventObject),
            "attribute": _shape(EventAttribute),
            **{name: _kind(name, kind, properties) for name, kind in KINDS.items()},
        },
    }


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _kind(name: str, kind: Kind, properties: Dict[str, Any]) -> Dict[str, Any]:
    required = [*COMMON, *kind.fields]
    shape = _closed({key: properties[key] for key in [*required, *kind.optional]}, required)
    shape["properties"]["type"] = {"description": kind.meaning, "const": name}
    return {"title": name, "description": kind.meaning, **shape}


def _shape(of: Any) -> Dict[str, Any]:
    """A dataclass whose fields are there unless they have a default."""
    return _closed(_properties(of), [f.name for f in fields(of) if f.default is MISSING])


def _closed(properties: Dict[str, Any], required: List[str]) -> Dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _properties(of: Any) -> Dict[str, Any]:
    """By the fields of a dataclass: their types, and what their metadata says."""
    hints = get_type_hints(of)
    return {f.name: _property(hints[f.name], dict(f.metadata)) for f in fields(of)}


def _property(hint: Any, said: Dict[str, Any]) -> Dict[str, Any]:
    arguments = [argument for argument in get_args(hint) if argument is not type(None)]
    origin = get_origin(hint)
    if origin is list:
        return {**said, "type": "array", "items": _property(arguments[0], said.get("items", {}))}
    if origin is not None and len(arguments) == 2:  # a mapping of names to something
        return {**said, "type": "object", "additionalProperties": _property(arguments[1], {})}
    if origin is not None:  # Optional: the field is left out, never null
        return _property(arguments[0], said)
    if is_dataclass(hint):
        return {**said, "$ref": f"#/$defs/{_DEFINED[hint]}"}
    return {**said, "type": _PLAIN[hint]}


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    file.write_text(text(), encoding="utf-8")
