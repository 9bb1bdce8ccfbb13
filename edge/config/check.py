"""Checks that need more than the configuration files: the models' labels, and files on disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Iterator, List, Mapping, Sequence, Tuple

from edge.config.camera import CameraConfig
from edge.config.config import Config
from edge.config.nearest import hint, listed
from edge.config.tree import Keys, problem_at
from edge.errors import Problem


def check_labels(config: Config, labels_by_model: Mapping[str, Sequence[str]]) -> List[Problem]:
    """Labels that cameras, zones, lines and second stages name and that no model of theirs knows.

    A camera of which a model is missing in ``labels_by_model`` is passed over.
    """
    problems: List[Problem] = []

    def check(keys: Keys, label: str, models: Sequence[str]) -> None:
        known = list(dict.fromkeys(label for model in models for label in labels_by_model[model]))
        if label not in known:
            message = f"no label {label!r}{hint(label, known)}; {', '.join(models)} knows: {listed(known)}"
            problems.append(problem_at(config.origin(keys), keys, message))

    for name, model in config.models.items():
        if model.boxes is not None and model.boxes.of in labels_by_model:
            for index, label in enumerate(model.boxes.objects):
                check(("models", name, "boxes", "objects", index), label, [model.boxes.of])
    for name, camera in config.cameras.items():
        if all(model in labels_by_model for model in camera.models):
            # What a second stage finds is told of an object, and is none.
            second = {name for name, model in config.models.items() if model.boxes is not None}
            first = [model for model in camera.models if model not in second]
            for keys, label in _labels(name, camera):
                check(keys, label, first)
    return problems


def _labels(name: str, camera: CameraConfig) -> Iterator[Tuple[Keys, str]]:
    for label in camera.objects:
        yield ("cameras", name, "objects", label), label
    for zone in camera.zones:
        for index, label in enumerate(camera.zones[zone].objects or ()):
            yield ("cameras", name, "zones", zone, "objects", index), label
    for line in camera.lines:
        for index, label in enumerate(camera.lines[line].objects or ()):
            yield ("cameras", name, "lines", line, "objects", index), label


def check_files(config: Config) -> List[Problem]:
    """Sources that are files and are not there. The daemon starts all the same: their cameras wait for them."""
    problems: List[Problem] = []
    for name, camera in config.cameras.items():
        path = camera.source_url().path
        if path is None:
            continue
        fault = _file_fault(path)
        if fault:
            keys: Keys = ("cameras", name, "source")
            problems.append(problem_at(config.origin(keys), keys, fault))
    return problems


def _file_fault(path: Path) -> str:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return f"no file {path}"
    except (OSError, ValueError) as error:  # a name that is too long, say
        return f"{path} cannot be read: {(getattr(error, 'strerror', None) or 'not a path').lower()}"
    if not stat.S_ISREG(mode):
        return f"{path} is no file"
    return "" if os.access(path, os.R_OK) else f"{path} cannot be read: no permission"
