"""From a file's text to its tree: YAML's syntax, and what this project refuses of it."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Set, Tuple

import yaml

from edge.config.tree import MAX_DEPTH, MAX_NODES, Keys, Mapping, Node, Place, Scalar, Sequence, problem_at
from edge.errors import ConfigError, Problem

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")
_QUOTED = re.compile(r"'[^'<]{3,}'")  # a piece of the file in PyYAML's words: it may be a piece of a password


def compose(text: str, file: str) -> Tuple[Optional[Node], List[Problem]]:
    """The file's tree (None for a file that says nothing) and the problems that leave a tree to go on with.

    Raises ConfigError where none is left: broken syntax, too deep, too large.
    """
    return _Composer(text, file).compose()


class _Composer:
    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.problems: List[Problem] = []
        self.anchors: Dict[str, Node] = {}
        self.open: Set[str] = set()  # anchors whose node is being read
        self.nodes = 0
        self.loader: Any = None

    def compose(self) -> Tuple[Optional[Node], List[Problem]]:
        bad = _UNPRINTABLE.search(self.text)
        if bad:
            before = self.text[: bad.start()]
            place = Place(self.file, before.count("\n") + 1, bad.start() - before.rfind("\n"))
            raise ConfigError([problem_at(place, (), f"not a text file: holds the character U+{ord(bad.group()):04X}")])
        self.loader = yaml.SafeLoader(self.text)
        try:
            return self._document(), self.problems
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = self.place(mark) if mark else Place(self.file, 1, 1)
            problem = problem_at(place, (), _syntax_words(error, self.text.split("\n")[place.line - 1]))
        except (yaml.YAMLError, ValueError, OverflowError):  # an escape or a number that PyYAML cannot take
            problem = problem_at(self.place(self.loader.get_mark()), (), "not valid YAML near here")
        finally:
            self.loader.dispose()
        raise ConfigError([*self.problems, problem])

    def _document(self) -> Optional[Node]:
        self.loader.get_event()  # the stream's start
        if self.loader.check_event(yaml.StreamEndEvent):
            return None
        self.loader.get_event()  # the document's start
        root = self.node((), 0)
        self.loader.get_event()  # the document's end
        if not self.loader.check_event(yaml.StreamEndEvent):
            self.fatal(self.place(self.loader.peek_event().start_mark), (), "a second document: one file holds one")
        return root

    def place(self, mark: yaml.Mark) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def problem(self, place: Place, keys: Keys, message: str) -> None:
        self.problems.append(problem_at(place, keys, message))

    def fatal(self, place: Place, keys: Keys, message: str) -> None:
        raise ConfigError([*self.problems, problem_at(place, keys, message)])

    def count(self, place: Place, keys: Keys, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self.fatal(place, keys, f"too much in one file: more than {MAX_NODES} values (aliases count each time)")

    def node(self, keys: Keys, depth: int) -> Node:
        event = self.loader.get_event()
        place = self.place(event.start_mark)
        if depth > MAX_DEPTH:
            self.fatal(place, keys[:4], f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(str(event.anchor), place, keys)
        self.count(place, keys, 1)
        if event.anchor:
            if event.anchor in self.anchors or event.anchor in self.open:
                self.problem(place, keys, "an anchor of this name (&name) is there already")
            self.open.add(event.anchor)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event, place, keys)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.refuse_tag(event.tag, place, keys)
            node = Sequence(place)
            while not self.loader.check_event(yaml.SequenceEndEvent):
                node.add(self.node((*keys, len(node.items)), depth + 1))
            self.loader.get_event()
        else:
            self.refuse_tag(event.tag, place, keys)
            node = self.mapping(place, keys, depth)
        if event.anchor:
            self.open.discard(event.anchor)
            self.anchors[event.anchor] = node
        return node

    def alias(self, anchor: str, place: Place, keys: Keys) -> Node:
        target = self.anchors.get(anchor)
        if target is None:
            if anchor in self.open:
                self.problem(place, keys, "an alias (*name) inside the value that it stands for")
            else:
                self.problem(place, keys, "an alias (*name) without its anchor (&name); text with * goes in quotes")
            return Scalar(place, "", plain=True)
        self.count(place, keys, target.size)
        return target

    def refuse_tag(self, tag: Optional[str], place: Place, keys: Keys) -> None:
        if tag is not None and tag not in _TEXT_TAGS:
            self.problem(
                place,
                keys,
                "YAML tags (!name) mean nothing here: a secret is written ${env:NAME} or ${file:/path}, "
                "and text that begins with ! in quotes",
            )

    def scalar(self, event: yaml.ScalarEvent, place: Place, keys: Keys) -> Scalar:
        text = str(event.value)
        self.refuse_tag(event.tag, place, keys)
        bad = _UNPRINTABLE.search(text)
        if bad:  # by an escape: "\0"
            self.problem(place, keys, f"holds the character U+{ord(bad.group()):04X}, which is no text")
            text = ""
        return Scalar(place, text, plain=event.tag is None and bool(event.implicit[0]))

    def mapping(self, place: Place, keys: Keys, depth: int) -> Mapping:
        node = Mapping(place)
        merged: List[Mapping] = []
        while not self.loader.check_event(yaml.MappingEndEvent):
            key = self.node(keys, depth + 1)
            if not isinstance(key, Scalar) or key.value is None:
                self.problem(key.place, keys, "a key must be plain text, followed by a colon")
                self.node(keys, depth + 1)
                continue
            path = (*keys, key.text)
            value = self.node(path, depth + 1)
            if key.text == "<<" and key.plain:
                sources = value.items if isinstance(value, Sequence) else [value]
                merged.extend(source for source in sources if isinstance(source, Mapping))
                if not all(isinstance(source, Mapping) for source in sources):
                    self.problem(value.place, path, "merges a mapping (<<: *name), or a list of mappings")
            elif key.text in node.keys:
                first = node.keys[key.text]
                self.problem(key.place, path, f"stands here a second time: the first is at {first.file}:{first.line}")
            else:
                node.add(key.text, key.place, value)
        self.loader.get_event()
        for source in merged:
            for name in source.keys:
                if name not in node.keys:
                    node.add(name, source.keys[name], source.values[name])
        return node


_SYNTAX = (
    ("could not find expected ':'", "a key without its colon, or text over several lines without quotes"),
    ("mapping values are not allowed here", "a colon where none can be: check the indentation, or put text in quotes"),
    ("cannot start any token", "text that begins with this character goes in quotes (and tabs do not indent)"),
    ("unexpected end of stream", "the quotes are not closed"),
    ("did not find expected <document start>", "ends what came before: check the indentation"),
    ("expected <block end>", "does not fit what came before: check the indentation, or put the text in quotes"),
    ("expected ',' or", "a comma or the closing bracket is missing"),
    ("expected alphabetic or numeric character", "text that begins with * or & goes in quotes"),
)


def _syntax_words(error: yaml.MarkedYAMLError, line: str) -> str:
    problem = error.problem or error.context or ""
    if "${" in line:
        return "not valid YAML: text with ${...} goes in quotes where it stands inside { } or [ ]"
    for sign, words in _SYNTAX:
        if sign in problem:
            return f"not valid YAML: {words}"
    return "not valid YAML: " + _QUOTED.sub("'...'", problem)
