"""Whether the parts of a configuration fit together: names that one part uses and another defines.

Works on the files' plain data, so that it also speaks where something else in them is wrong.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional

from edge.config.document import Document
from edge.config.nearest import hint, listed
from edge.config.tree import Keys, shown_name
from edge.config.values import as_written
from edge.errors import Problem


def crosscheck(document: Document) -> List[Problem]:
    """Cameras that name models which are not there, zones and lines that name labels their camera does not look for."""
    problems: List[Problem] = []
    models = _mapping(document.data.get("models"))
    problems.extend(_second_stages(document, models))
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


def _models(document: Document, keys: Keys, used: object, known: Mapping[str, object]) -> List[Problem]:
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
    names = [as_written(entry) for entry in used] if isinstance(used, list) else []
    for index, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if name not in known:
            message = f"no model {shown_name(name)}{hint(name, known)}; {defined}"
            problems.append(document.problem((*keys, "models", index), message))
        first = _first_stage(known.get(name))
        if first is not None and first in known and first not in names:
            message = f"{shown_name(name)} looks at the objects of {shown_name(first)}: add that here"
            problems.append(document.problem((*keys, "models", index), message))
    return problems


def _second_stages(document: Document, models: Mapping[str, object]) -> List[Problem]:
    problems = []
    for name, model in models.items():
        first = _first_stage(model)
        if first is None:
            continue
        if first not in models:
            message = f"no model {shown_name(first)}{hint(first, models)}; defined are: {listed(sorted(models))}"
        elif first == name:
            message = "a model cannot look at its own objects: name the one that finds them"
        elif _first_stage(models[first]) is not None:
            message = f"{shown_name(first)} looks at boxes itself: a second stage has no stage after it"
        else:
            continue
        problems.append(document.problem(("models", name, "boxes", "of"), message))
    return problems


def _first_stage(model: object) -> Optional[str]:
    """The model whose objects this one looks at."""
    first = as_written(_mapping(_mapping(model).get("boxes")).get("of"))
    return first if isinstance(first, str) else None


def _labels(document: Document, keys: Keys, wanted: List[object], known: Mapping[str, object]) -> List[Problem]:
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
