"""How a validator says what is wrong where "found x; allowed: y" would not do."""

from __future__ import annotations

from typing import List, Tuple

from edge.config.tree import Keys


class Fault(ValueError):
    """Problems below the value that is being validated: each the keys from there on, and a whole statement."""

    def __init__(self, statement: str, *keys: str) -> None:
        super().__init__(statement)
        self.found: List[Tuple[Keys, str]] = [(keys, statement)]

    @classmethod
    def several(cls, found: List[Tuple[Keys, str]]) -> Fault:
        fault = cls("; ".join(statement for _, statement in found))
        fault.found = list(found)
        return fault
