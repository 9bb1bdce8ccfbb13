"""Which names each version's bindings define, from names.txt."""

import os
from typing import Dict, Set

Names = Dict[str, Dict[str, Set[str]]]


def read() -> Names:
    """By class, then by name: the versions that have it."""
    found: Names = {}
    here: Dict[str, Set[str]] = {}
    with open(os.path.join(os.path.dirname(__file__), "names.txt"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("    "):
                versions, names = line.split(":")
                for name in names.split():
                    here.setdefault(name, set()).update(versions.split())
            elif line.strip() and not line.startswith("#"):
                here = found.setdefault(line.strip(), {})
    return found


NAMES = read()


def of(class_name: str, version: str) -> Set[str]:
    return {name for name, versions in NAMES.get(class_name, {}).items() if version in versions}
