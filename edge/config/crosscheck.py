"""Whether the parts of a configuration fit together: names that one part uses and another defines.

Works on the files' plain data, so that it also speaks where something else in them is wrong.
"""

from __future__ import annotations

from typing import Collection, Dict, List

from edge.config.document import Document
from edge.config.nearest import hint, listed
from edge.config.tree import Keys, shown_name
from edge.config.values import as_written
from edge.errors import Problem


def crosscheck(document: Document) -> List[Problem]:
    """Cameras that name models which are not there, zones and lines that name labels their camera does not look for."""
    problems: List[Problem] = []
    models = _mapping(document.data.get("models"))
    for name, value in _mapping(document.data.get("cameras")).items():
        camera, keys = _mapping(value), ("cameras", name)
        if camera:
            problems.extend(_models(document, keys, camera.get("models"), models))
            for kind in ("zones", "lines"):
                for area, settings in _mapping(camera.get(kind)).items():
                    wanted, known = _mapping(settings).get("objects"), _mapping(camera.get("objects"))
                    if known and isinstance(wanted, list):
                        where = (*keys, kind, area, "objects")
                        problems.extend(_labels(document, where, wanted, known))
    return problems


def _models(document: Document, keys: Keys, used: object, known: Collection[str]) -> List[Problem]:
    if used is None or used == []:
        if len(known) == 1:
            return []
        if known:
            message = f"several models are defined; name the ones for this camera: models: [{listed(sorted(known))}]"
        else:
            message = "no model is defined: add one under models: (name: {spec: folder})"
        return [document.problem((*keys, "models"), message)]
    problems = []
    defined = f"defined are: {listed(sorted(known))}" if known else "none is defined under models:"
    for index, entry in enumerate(used if isinstance(used, list) else []):
        name = as_written(entry)
        if isinstance(name, str) and name not in known:
            message = f"no model {shown_name(name)}{hint(name, known)}; {defined}"
            problems.append(document.problem((*keys, "models", index), message))
    return problems


def _labels(document: Document, keys: Keys, wanted: List[object], known: Collection[str]) -> List[Problem]:
    problems = []
    there = listed(sorted(known))
    for index, entry in enumerate(wanted):
        label = as_written(entry)
        if isinstance(label, str) and label not in known:
            message = f"{shown_name(label)} is not among the camera's objects ({there}): add it there"
            problems.append(document.problem((*keys, index), message))
    return problems


def _mapping(value: object) -> Dict[str, object]:
    return value if isinstance(value, dict) else {}
