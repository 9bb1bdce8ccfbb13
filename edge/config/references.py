"""``${env:NAME}`` and ``${file:/path}`` in a file's values: what they name takes their place.

What came out of a reference is a secret from then on, and no message shows it. ``$${`` stands for a plain ``${``.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import List, Mapping, Set

from edge.config import tree
from edge.config.tree import Keys, Node, Scalar, problem_at
from edge.errors import Problem

MAX_SECRET_BYTES = 16 * 1024

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class _Unresolved(Exception):
    """A reference that names nothing; the text says why, without the value around it."""


def resolve(root: Node, environment: Mapping[str, str]) -> List[Problem]:
    """Replace every reference below ``root``, in place, and return those that name nothing."""
    problems: List[Problem] = []
    seen: Set[int] = set()  # a node that aliases share is resolved once

    def visit(node: Node, keys: Keys) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, tree.Mapping):
            for key, value in node.values.items():
                visit(value, (*keys, key))
        elif isinstance(node, tree.Sequence):
            for index, item in enumerate(node.items):
                visit(item, (*keys, index))
        elif "${" in node.text:
            try:
                _replace(node, environment)
            except _Unresolved as error:
                problems.append(problem_at(node.place, keys, str(error)))

    visit(root, ())
    return problems


def _replace(node: Scalar, environment: Mapping[str, str]) -> None:
    def value(match: re.Match[str]) -> str:
        if match.group() == "$${":
            return "${"
        source, colon, name = (match.group(1) or "").partition(":")
        if source == "env" and colon:
            return _variable(name, environment)
        if source == "file" and colon:
            return _file(name, Path(node.place.file).parent)
        raise _Unresolved("has a ${...} that is neither ${env:NAME} nor ${file:/path}; for a plain ${ write $${")

    secret = any(match.group() != "$${" for match in _REFERENCE.finditer(node.text))
    text = _REFERENCE.sub(value, node.text)
    node.text, node.plain, node.secret = text, False, secret


def _variable(name: str, environment: Mapping[str, str]) -> str:
    if not _VARIABLE.fullmatch(name):
        raise _Unresolved("${env:...} takes the name of an environment variable: letters, digits and _")
    value = environment.get(name)
    if value is None:
        raise _Unresolved(f"the environment variable {name} is not set")
    if _CONTROL.search(value):
        raise _Unresolved(f"the environment variable {name} holds more than one line of UTF-8 text")
    return value


def _file(name: str, folder: Path) -> str:
    path = folder / name
    try:
        if not name or not stat.S_ISREG(os.stat(path).st_mode):
            raise _Unresolved(f"${{file:{name}}} names no file")
        with open(path, "rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        raise _Unresolved(f"the file {path} cannot be read: {reason}") from None
    if len(content) > MAX_SECRET_BYTES:
        raise _Unresolved(f"the file {path} is larger than {MAX_SECRET_BYTES // 1024} KiB: no secret")
    text = content.decode("utf-8-sig", errors="replace").rstrip("\r\n")
    if _CONTROL.search(text) or "\ufffd" in text:
        raise _Unresolved(f"the file {path} holds more than one line of UTF-8 text")
    return text
