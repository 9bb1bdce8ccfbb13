"""The names of a network's classes, in the order of its outputs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

#: The 80 classes of COCO's detection challenge, as trained detectors number them (cocodataset.org).
KNOWN_LISTS: Dict[str, Path] = {"coco80": Path(__file__).with_name("coco80.txt")}

_MAX_LABELS = 10_000
_MAX_BYTES = 1024 * 1024
_BAD = re.compile(r"[/+#\x00-\x1f\x7f]")


def read_labels(labels: Union[str, Sequence[str]], folder: Path) -> List[str]:
    """The labels that a model.yaml in ``folder`` means: a known list's name, a list, or a file with one a line.

    Raises ValueError, with what is wrong and where.
    """
    if not isinstance(labels, str):
        return _checked(list(labels), "entry {}")
    path = KNOWN_LISTS.get(labels) or folder / os.path.expanduser(labels)
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
        lines = content.decode("utf-8-sig").splitlines()
    except FileNotFoundError:
        known = ", ".join(KNOWN_LISTS)
        raise ValueError(f"no file {path}; allowed: {known}, a list, or a text file with one label a line") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{path} is larger than 1 MiB: no list of labels")
    while lines and not lines[-1].strip():
        lines.pop()
    return _checked([line.strip() for line in lines], str(path) + ":{}")


def _checked(labels: List[str], place: str) -> List[str]:
    if not labels:
        raise ValueError("at least one label is needed")
    if len(labels) > _MAX_LABELS:
        raise ValueError(f"{len(labels)} labels, at most {_MAX_LABELS} are allowed")
    seen: Dict[str, int] = {}
    for number, label in enumerate(labels, 1):
        wrong: Optional[str] = None
        if not label:
            wrong = "is empty"
        elif _BAD.search(label):
            wrong = f"{label!r} has a character that cannot stand in an MQTT topic (/ + # or a control character)"
        elif label in seen:
            wrong = f"{label!r} is there already, as number {seen[label]}"
        if wrong:
            raise ValueError(place.format(number) + " " + wrong)
        seen[label] = number
    return labels
