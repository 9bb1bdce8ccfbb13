"""Templates for Home Assistant, which it evaluates with each message. All that stands in them is ours; what comes from
elsewhere is a key in quotes, with every character written as a code that is not plainly harmless.

A payload may be empty, or lack what is asked for: the answer then is ``None``, which Home Assistant shows as unknown.
"""

from __future__ import annotations

import re
from typing import Iterable, Sequence, Union

_PLAIN = re.compile(r"[A-Za-z0-9_.-]")
#: A name in an object, or a place in a list.
Step = Union[str, int]
_JSON = "(value_json if value_json is mapping else {})"


def literal(text: str) -> str:
    """``text`` as a string in a template: Jinja decodes the codes, and nothing in it can end the string."""
    return '"' + "".join(c if _PLAIN.match(c) else f"\\U{ord(c):08x}" for c in text) + '"'


def value(*path: Step) -> str:
    """An expression: what stands in the JSON payload at ``path``, by names and places in lists."""
    expression = _JSON
    for step, following in zip(path, (*path[1:], None)):
        if isinstance(step, int):  # behind the last of a list comes nothing, no error
            expression = f"({expression}[{step}:] or [{{}}])[0]"
        elif following is None:
            expression = f"{expression}.get({literal(step)})"
        else:
            expression = f"{expression}.get({literal(step)}, {'[]' if isinstance(following, int) else '{}'})"
    return expression


def says(*path: Step) -> str:
    """What stands there, as it is."""
    return f"{{{{ {value(*path)} }}}}"


def scaled(factor: float, digits: int, *path: Step) -> str:
    """A number, times ``factor``."""
    return f"{{% set n = {value(*path)} %}}{{{{ (n * {factor!r}) | round({digits}) if n is number else none }}}}"


def percent(part: Sequence[Step], whole: Sequence[Step]) -> str:
    """How much the number at ``part`` is of that at ``whole``."""
    return (
        f"{{% set n = {value(*part)} %}}{{% set all = {value(*whole)} %}}"
        "{{ (100 * n / all) | round(1) if n is number and all is number and all > 0 else none }}"
    )


def total(words: Iterable[str], *path: Step) -> str:
    """The sum of the numbers that stand at ``path`` under these names."""
    return "{{ " + " + ".join(f"({value(*path, word)} or 0)" for word in words) + " }}"


def either(condition: str, yes: str, no: str) -> str:
    """One of two words."""
    return f"{{{{ {literal(yes)} if {condition} else {literal(no)} }}}}"


def among(words: Iterable[str], yes: str, no: str, *path: Step) -> str:
    """One of two words, by whether one of ``words`` stands there; neither where nothing does: a camera that goes has
    no problem."""
    known = f"[{', '.join(map(literal, words))}]"
    return (
        f"{{% set s = {value(*path)} %}}"
        f"{{{{ none if s is none else {literal(yes)} if s in {known} else {literal(no)} }}}}"
    )


def is_among(words: Iterable[str], *path: Step) -> str:
    """A condition: one of ``words`` stands there."""
    return f"{value(*path)} in [{', '.join(map(literal, words))}]"


def holds(word: str, *path: Step) -> str:
    """A condition: ``word`` is in the list that stands there."""
    return f"{literal(word)} in ({value(*path)} or [])"


def attributes(*names: str, **called: str) -> str:
    """A JSON object of what stands under these names, or under those that it is ``called`` by another."""
    pairs = ", ".join(f"{literal(new)}: {value(old)}" for new, old in {**dict(zip(names, names)), **called}.items())
    return f"{{{{ {{{pairs}}} | to_json }}}}"


def part(*path: Step) -> str:
    """The JSON object that stands there."""
    return f"{{{{ ({value(*path)} or {{}}) | to_json }}}}"


#: Of a count's bare number: whether there is anything. Not a number: neither.
OCCUPIED = '{% set n = value | int(-1) %}{{ "ON" if n > 0 else "OFF" if n == 0 else none }}'


def event(types: Iterable[str]) -> str:
    """An event of one of these types as Home Assistant's event entity wants it; nothing for others, and for one that
    may be old: what waited for the broker must not ring the bell an hour late."""
    names = ("time", "id", "zone", "line", "direction", "reason", "snapshot", "clip")
    pairs = [f"{literal('event_type')}: {value('type')}", f"{literal('label')}: {value('object', 'label')}"]
    pairs += [f"{literal(name)}: {value(name)}" for name in names]
    return (
        f"{{% if {is_among(types, 'type')} and not {value('replayed')} %}}"
        f"{{{{ dict({{{', '.join(pairs)}}}.items() | rejectattr(1, 'none')) | to_json }}}}{{% endif %}}"
    )
