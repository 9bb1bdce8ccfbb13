"""Reading one YAML file, and holding it against a pydantic model, with a place for every problem."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Optional, Tuple, Type, TypeVar, cast

import pydantic

from edge.config import words
from edge.config.compose import compose
from edge.config.files import MAX_BYTES, Content, Unreadable, read_file
from edge.config.tree import Keys, Mapping, Node, Place, Scalar, Sequence, child, problem_at, to_data
from edge.errors import ConfigError, Problem

Model = TypeVar("Model", bound=pydantic.BaseModel)


class Document:
    """A file's content: ``data`` in plain dicts, lists and scalars, ``root`` as the tree that knows the places."""

    def __init__(self, path: Path, root: Mapping) -> None:
        self.path = path
        self.root = root
        self.data = cast(Dict[str, object], to_data(root))

    def node(self, keys: Keys) -> Optional[Node]:
        """The node at ``keys``, if there is one."""
        node: Optional[Node] = self.root
        for key in keys:
            node = child(node, key) if node is not None else None
        return node

    def position(self, keys: Keys) -> Place:
        """(file, line, column) of the value at ``keys``.

        Of the key, where the value is a mapping or left empty; of the nearest parent's key, where there is nothing.
        """
        node = self.node(keys)
        if isinstance(node, Sequence) or (isinstance(node, Scalar) and (node.text or not node.plain)):
            return node.place
        return self.key_position(keys)

    def key_position(self, keys: Keys) -> Place:
        """(file, line, column) of the key or list entry at ``keys``, or of the nearest parent that is there."""
        place = self.root.place
        node: Optional[Node] = self.root
        for key in keys:
            below = child(node, key) if node is not None else None
            if below is None:
                break
            place = node.keys[key] if isinstance(node, Mapping) and isinstance(key, str) else below.place
            node = below
        return place

    def problem(self, keys: Keys, message: str) -> Problem:
        """A problem with the value at ``keys``."""
        return problem_at(self.position(keys), keys, message)


def read(path: Path) -> Document:
    """Read ``path``. Raises ConfigError: unreadable, no UTF-8, broken YAML, a key twice, no mapping at the root."""
    root, problems = tree_of(read_file(path), str(path))
    if problems:
        raise ConfigError(problems)
    return Document(path, root)


def tree_of(content: Content, file: str) -> Tuple[Mapping, List[Problem]]:
    """The tree of what ``file`` holds, and the problems that leave one to go on with.

    Raises ConfigError where none is left.
    """
    root, problems = compose(_text(content, file), file)
    if isinstance(root, Mapping):
        return root, problems
    if root is None:
        raise ConfigError([*problems, Problem(file, 1, 1, "", "the file is empty")])
    message = f"found {words.kind(root)}; allowed: keys and values (key: value)"
    raise ConfigError([*problems, problem_at(root.place, (), message)])


def validate(document: Document, model: Type[Model]) -> Model:
    """``document`` as ``model``. Raises ConfigError with every problem found, each with its place.

    A validator of the model says by ``ValueError("...")`` what is allowed (the message becomes "found 'x'; allowed:
    ..."), and by ``Fault`` anything else, also about values below its own.
    """
    try:
        return model.model_validate(document.data)
    except pydantic.ValidationError as error:
        raise ConfigError(words.problems(error, document, model)) from None


def _text(content: Content, file: str) -> str:
    if isinstance(content, Unreadable):
        raise ConfigError([Problem(file, None, None, "", content.reason)])
    if len(content) > MAX_BYTES:
        raise ConfigError([Problem(file, 1, 1, "", f"larger than {MAX_BYTES // 1024} KiB: no configuration")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")  # error.object: without the byte order mark
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"not UTF-8: holds the byte 0x{error.object[error.start]:02x}. Save the file as UTF-8"
        raise ConfigError([Problem(file, line, column, "", message)]) from None
