"""What an edit of the configuration takes: the smallest steps from one Config to another.

Nothing here knows a field by its name, ``enabled`` of a camera aside: each field says by its ``apply`` mark what an
edit of it takes, and the fields are found by walking both configurations. What is not marked ``live`` makes its owner
anew.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from pydantic.fields import FieldInfo

from edge.config.config import Config
from edge.config.section import APPLY, Section
from edge.config.shown import NOTHING, shown
from edge.config.tree import Keys, dotted

# The parts that come and go by name: the field of Config, and the section of a step.
_NAMED = {"cameras": "camera", "models": "model"}
# What else there is: by the mark, the section and the op of its step. Anything else takes a restart.
_SHARED = {"reconnect-mqtt": ("mqtt", "reconnect"), "reload-engine": ("workers", "reload")}
_RECREATE = {"camera": "rebuild", "model": "reload"}
# What goes, goes first; what others need comes before them; what comes, comes last.
_ORDER = (
    ("logging", "live"), ("mqtt", "reconnect"), ("camera", "remove"), ("camera", "rename"), ("camera", "disable"),
    ("workers", "reload"), ("model", "add"), ("model", "reload"), ("model", "live"),
    ("camera", "rebuild"), ("camera", "live"), ("model", "remove"), ("camera", "enable"), ("camera", "add"),
)  # fmt: skip
_SIGNS = {"add": "+", "remove": "-", "reconnect": "!", "restart": "!"}


class Change(NamedTuple):
    """One value that differs. ``keys``: the path from the root. ``before`` and ``after`` are for people: no secret."""

    keys: Keys
    apply: str
    before: str
    after: str


class Step(NamedTuple):
    """One thing to do.

    ========  =====================================================================
    section   op
    ========  =====================================================================
    camera    add, remove, rename (to ``new_name``), live, rebuild, enable, disable
    model     add, remove, live, reload
    mqtt      reconnect
    workers   reload
    logging   live
    device    restart: everything anew, and no other step beside it
    ========  =====================================================================

    A camera that is enabled or disabled may have other changes as well: it is enabled with what the new config says.
    """

    op: str
    section: str
    name: str
    changes: Tuple[Change, ...]
    new_name: str = ""

    def lines(self) -> List[str]:
        """In words, a line a change."""
        sign = _SIGNS.get(self.op, "!" if self.section == "workers" else "~")
        if self.name:
            head = f"{sign} {self.section} {self.name}"
            if self.op == "remove":
                return [head]
            if self.op == "add":
                return [f"{head}: {self.changes[0].after}"]
            if self.op == "rename":
                return [f"{head}: renamed to {self.new_name} (live)"]
            return [f"{head}: {self._words(change, change.keys[2:])}" for change in self.changes]
        return [f"{sign} {change.keys[0]}: {self._words(change, change.keys[1:])}" for change in self.changes]

    def _words(self, change: Change, keys: Keys) -> str:
        if self.op in ("enable", "disable") and keys == ("enabled",):
            return f"{self.op}d"
        key, mark = dotted(keys), f"({change.apply.partition('-')[0]})"
        if change.before == NOTHING:
            return f"{key} added {mark}" if change.after == "{}" else f"{key} added: {change.after} {mark}"
        if change.after == NOTHING:
            return f"{key} removed {mark}"
        if change.before == change.after:  # a secret, or a difference in what is not shown
            return f"{key} changed {mark}".lstrip()
        return f"{key} {change.before} → {change.after} {mark}".lstrip()


class Plan(NamedTuple):
    """The steps, in the order in which they are to be taken. False where there is nothing to do."""

    steps: Tuple[Step, ...]

    def __bool__(self) -> bool:
        return bool(self.steps)

    def lines(self) -> List[str]:
        """In words, for people."""
        return [line for step in self.steps for line in step.lines()]


def plan(old: Config, new: Config) -> Plan:
    """The steps from ``old`` to ``new``. Where nothing but order, comments, or the ways to write a value differ: none.

    A camera that is gone and one that came, alike in everything but their names, are one that was renamed.
    """
    walk = _Walk(old, new)
    shared: List[Change] = []
    steps: List[Step] = []
    for name, info in Config.model_fields.items():
        changes = list(walk.value(getattr(old, name), getattr(new, name), (name,), info, mark(info, name)))
        if name in _NAMED:
            steps.extend(walk.named(name, changes))
        else:
            shared.extend(changes)
    steps.extend(_shared_steps(shared))
    everything = [change for step in steps for change in step.changes if _restarts(step, change)]
    if everything:
        return Plan((Step("restart", "device", "", tuple(everything)),))
    order = {where: rank for rank, where in enumerate(_ORDER)}
    return Plan(tuple(sorted(steps, key=lambda step: order.get((step.section, step.op), 0))))


def mark(info: FieldInfo, name: str) -> str:
    """The field's ``apply``. LookupError for a field that has none: a bug."""
    extra = info.json_schema_extra
    apply = extra.get("apply") if isinstance(extra, dict) else None
    if apply not in APPLY:
        raise LookupError(f"the field {name} has no apply mark: one of {', '.join(APPLY)}")
    return str(apply)


class _Walk:
    """Through two configurations at once."""

    def __init__(self, old: Config, new: Config) -> None:
        self.old = old
        self.new = new

    def value(self, old: Any, new: Any, keys: Keys, info: Optional[FieldInfo], apply: str) -> Iterator[Change]:
        """The changes at ``keys`` and below. ``apply`` is the mark of the nearest field."""
        if isinstance(old, Section) and isinstance(new, Section):
            for name, field in type(new).model_fields.items():
                here = (*keys, name)
                yield from self.value(old.meaning(name), new.meaning(name), here, field, mark(field, dotted(here)))
        elif isinstance(old, dict) and isinstance(new, dict):
            for key in dict.fromkeys([*old, *new]):
                yield from self.value(old.get(key), new.get(key), (*keys, key), None, apply)
        elif not _same(old, new):
            yield Change(keys, apply, shown(self.old, keys, old, info), shown(self.new, keys, new, info))

    def named(self, field: str, changes: Sequence[Change]) -> List[Step]:
        """The steps of the cameras, or of the models."""
        section, before, after = _NAMED[field], getattr(self.old, field), getattr(self.new, field)
        by_name: Dict[str, List[Change]] = {}
        for change in changes:
            by_name.setdefault(str(change.keys[1]), []).append(change)
        renamed = self._renamed(before, after) if section == "camera" else {}
        steps = []
        for name in reversed([n for n in before if n not in after]):
            if name in renamed:
                keys, to = (field, name), renamed[name]
                steps.append(Step("rename", section, name, (Change(keys, "live", name, to),), to))
            else:
                steps.append(Step("remove", section, name, tuple(by_name[name])))
        for name in after:
            if name in before and name in by_name:
                steps.append(Step(_op(section, by_name[name], after[name]), section, name, tuple(by_name[name])))
            elif name not in before and name not in renamed.values():
                steps.append(Step("add", section, name, tuple(by_name[name])))
        return steps

    def _renamed(self, before: Dict[str, Any], after: Dict[str, Any]) -> Dict[str, str]:
        """New names by old ones."""
        found: Dict[str, str] = {}
        for name in sorted(n for n in before if n not in after):
            for to in sorted(n for n in after if n not in before and n not in found.values()):
                if not any(self.value(before[name], after[to], (), None, "")):
                    found[name] = to
                    break
        return found


def _op(section: str, changes: Sequence[Change], after: Any) -> str:
    if section == "camera" and any(change.keys[2:] == ("enabled",) for change in changes):
        return "enable" if after.enabled else "disable"
    return "live" if all(change.apply == "live" for change in changes) else _RECREATE[section]


def _shared_steps(changes: Sequence[Change]) -> Iterator[Step]:
    """The steps of what all cameras have in common: one for each section and mark."""
    kinds: Dict[Tuple[str, str], List[Change]] = {}
    for change in changes:
        live = (str(change.keys[0]), "live") if change.apply == "live" else ("device", "restart")
        kinds.setdefault(_SHARED.get(change.apply, live), []).append(change)
    for (section, op), together in kinds.items():
        yield Step(op, section, "", tuple(together))


def _restarts(step: Step, change: Change) -> bool:
    return step.op == "restart" or change.apply == "restart"


def _same(old: object, new: object) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=1e-9)  # 300ms and 0.3
    return old == new
