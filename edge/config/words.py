"""pydantic's errors in this project's words: what stood there, what is allowed, the nearest known key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Type, Union

import pydantic
from typing_extensions import Annotated, get_args, get_origin

from edge.config import tree
from edge.config.fault import Fault
from edge.config.nearest import hint
from edge.config.redact import is_secret, redact
from edge.config.tree import Keys, problem_at
from edge.config.values import MAX_TEXT
from edge.errors import Problem

if TYPE_CHECKING:
    from edge.config.document import Document

_SHOWN = 60  # characters of a value in a message

# By pydantic's error type: what is allowed; {names} are pydantic's own context.
_ALLOWED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "keys and values (key: value)",
    "finite_number": "a number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "literal_error": "{expected}",
    "model_type": "keys and values (key: value)",
    "model_attributes_type": "keys and values (key: value)",
    "string_pattern_mismatch": "text like {pattern}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "string_type": "text",
    "too_long": "at most {max_length} entries",
    "too_short": "at least {min_length} entries",
    "tuple_type": "a list",
}


def kind(node: Optional[tree.Node]) -> str:
    """What a value is, for a message. Its text only where it is one value and no secret."""
    if isinstance(node, tree.Mapping):
        return "keys and values"
    if isinstance(node, tree.Sequence):
        return f"a list of {len(node.items)}" if node.items else "an empty list"
    if node is None or (node.plain and node.value is None):
        return "nothing"
    if node.secret:
        return "what a reference fetched (not shown)"
    if len(node.text) > MAX_TEXT:
        return f"{len(node.text)} characters"
    text = redact(node.text)
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return text if node.plain and not isinstance(node.value, str) else repr(text)


def problems(error: pydantic.ValidationError, document: Document, model: Type[pydantic.BaseModel]) -> List[Problem]:
    """Every error as a Problem, in the order of the files' lines. Alternatives of a union become one problem."""
    found: List[Problem] = []
    allowed: Dict[Keys, List[str]] = {}
    for item in error.errors(include_url=False):
        keys, at_key = _keys(document, item["loc"])
        kind_of_error, context = item["type"], item.get("ctx", {})
        fault = context.get("error")
        if isinstance(fault, Fault):
            found.extend(_faults(document, keys, fault))
        elif kind_of_error == "missing":
            name = str(item["loc"][-1])
            message = f"is missing{_description(model, keys, name)}"
            found.append(problem_at(document.position(keys), (*keys, name), message))
        elif kind_of_error == "extra_forbidden":
            found.append(problem_at(document.key_position(keys), keys, _unknown(model, keys)))
        elif at_key:
            message = f"is no name to use here; allowed: {_phrase(kind_of_error, item['msg'], context)}"
            found.append(problem_at(document.key_position(keys), keys, message))
        else:
            allowed.setdefault(keys, []).append(_phrase(kind_of_error, item["msg"], context))
    for keys, phrases in allowed.items():
        choice = " or ".join(dict.fromkeys(phrases))
        message = f"found {_found(document, keys)}; allowed: {choice}{_hint(document, keys)}"
        found.append(document.problem(keys, message))
    return sorted(found, key=lambda problem: (problem.file, problem.line or 0, problem.column or 0))


def _faults(document: Document, keys: Keys, fault: Fault) -> Iterator[Problem]:
    for below, statement in fault.found:
        path = (*keys, *below)
        node = document.node(path)
        if isinstance(node, tree.Scalar) and node.secret:  # the statement may quote it
            statement = f"{kind(node)} is not allowed here"
        yield document.problem(path, statement)


def _keys(document: Document, loc: Tuple[Union[str, int], ...]) -> Tuple[Keys, bool]:
    """pydantic's location less what is not in the file (names of union members), and whether it means a key itself."""
    keys: Keys = ()
    for part in loc:
        if document.node((*keys, part)) is not None:
            keys = (*keys, part)
    return keys, bool(loc) and loc[-1] == "[key]" and keys[-1:] != ("[key]",)


def _phrase(kind_of_error: str, message: str, context: Mapping[str, Any]) -> str:
    if kind_of_error == "value_error":
        return str(context["error"])
    phrase = _ALLOWED.get(kind_of_error)
    return phrase.format(**context) if phrase else message[:1].lower() + message[1:]


def _found(document: Document, keys: Keys) -> str:
    node = document.node(keys)
    if isinstance(node, tree.Scalar) and node.value is not None and any(map(is_secret, keys)):
        return "a value (not shown)"
    return kind(node)


def _hint(document: Document, keys: Keys) -> str:
    node = document.node(keys)
    if not isinstance(node, tree.Scalar) or node.secret or not node.plain or any(map(is_secret, keys)):
        return ""
    if isinstance(node.value, bool):
        return " (in quotes, if text is meant)"
    if re.fullmatch(r"[-+]?0[0-9_]+", node.text):
        return " (no leading zero: YAML readers differ on what it means)"
    if re.fullmatch(r"[-+]?[0-9]+,[0-9]+", node.text):
        return " (with a point, not a comma)"
    return ""


def _unknown(model: Type[pydantic.BaseModel], keys: Keys) -> str:
    known = sorted(fields_at(model, keys[:-1]))
    return f"unknown key{hint(str(keys[-1]), known)}; allowed: {', '.join(known)}"


def _description(model: Type[pydantic.BaseModel], keys: Keys, name: str) -> str:
    field = fields_at(model, keys).get(name)
    return f": {field.description}" if field and field.description else ""


def fields_at(model: Any, keys: Sequence[Union[str, int]]) -> Mapping[str, Any]:
    """The pydantic fields that a mapping at ``keys`` below ``model`` may have, by name."""
    origin, args = get_origin(model), get_args(model)
    if origin is Annotated:
        return fields_at(args[0], keys)
    if origin is Union:
        return next((fields for fields in (fields_at(arg, keys) for arg in args) if fields), {})
    if isinstance(model, type) and issubclass(model, pydantic.BaseModel):
        if not keys:
            return model.model_fields
        field = model.model_fields.get(str(keys[0]))
        return fields_at(field.annotation, keys[1:]) if field else {}
    return fields_at(args[-1], keys[1:]) if keys and origin in (dict, list, tuple) else {}
