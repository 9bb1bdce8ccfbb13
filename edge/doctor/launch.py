"""Elements as a ``gst-launch-1.0`` line that can be pasted into a shell."""

from __future__ import annotations

import re
import shlex
from typing import Any, Dict, Sequence

#: What stands in place of a secret, by the property: the shell puts it in.
VARIABLES = {"user-id": "CAMERA_USER", "user-pw": "CAMERA_PASSWORD"}
# What means something to gst-launch-1.0's own parser; spaces it takes care of itself.
_SPECIAL = re.compile(r'([\\"])')


def line(elements: Sequence[Dict[str, Any]]) -> str:
    """An element a line. Each is ``{"factory": …, "name": … or None, "properties": [[key, value], …]}``."""
    words, after_caps = [], True
    for element in elements:
        # Caps may stand bare between two elements, and nowhere else.
        bare = element["factory"] == "capsfilter" and not after_caps
        words.append(shlex.quote(str(dict(element["properties"])["caps"])) if bare else _told(element))
        after_caps = bare
    return "gst-launch-1.0 -v \\\n    " + " ! \\\n    ".join(words)


def _told(element: Dict[str, Any]) -> str:
    words = [element["factory"], *([f"name={element['name']}"] if element["name"] else [])]
    return " ".join([*words, *(f"{key}={_value(key, value)}" for key, value in element["properties"])])


def _value(key: str, value: object) -> str:
    if key in VARIABLES:
        return f'"${VARIABLES[key]}"'
    if isinstance(value, bool):
        return str(value).lower()
    text = _SPECIAL.sub(r"\\\1", str(value))
    # Within a text that has a quotation mark, gst-launch-1.0 takes spaces for the text's end unless all is quoted.
    return shlex.quote(f'"{text}"' if '"' in text else text)
