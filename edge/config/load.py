"""From files to a Config: the main file, the cameras beside it, references, and every check, all problems at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Type, Union

import pydantic

from edge.config import references, tree, words
from edge.config.camera import CameraConfig
from edge.config.config import Config
from edge.config.crosscheck import crosscheck
from edge.config.document import Document, tree_of, validate
from edge.config.files import CAMERA_FOLDER, Files, read_files
from edge.config.settings import ModelConfig
from edge.config.tree import Node, Place, one_line, problem_at
from edge.errors import ConfigError, Problem


def load(
    path: Union[str, Path], environment: Optional[Mapping[str, str]] = None, files: Optional[Files] = None
) -> Config:
    """The configuration at ``path`` with the cameras in ``cameras.d/*.yaml`` beside it.

    ``environment`` is what ``${env:NAME}`` refers to, else the process's. ``files`` is what ``read_files(path)`` gave
    at some time: it is taken in place of what stands on the disk now. Raises ConfigError with every problem.
    """
    config, problems = survey(path, environment, files)
    if problems:
        raise ConfigError(problems)
    return config


def survey(
    path: Union[str, Path], environment: Optional[Mapping[str, str]] = None, files: Optional[Files] = None
) -> Tuple[Config, List[Problem]]:
    """As ``load``, for a check: where there are problems, the config holds the models and cameras that have none."""
    files = read_files(Path(path)) if files is None else files
    loading = _Loading(files, os.environ if environment is None else environment)
    config = loading.load()
    order = {file: index for index, file in enumerate(files.contents)}
    found = sorted(dict.fromkeys(loading.problems), key=lambda p: (order.get(p.file, 0), p.line or 0, p.column or 0))
    return config, [p._replace(file=one_line(p.file), message=one_line(p.message)) for p in found]


class _Loading:
    def __init__(self, files: Files, environment: Mapping[str, str]) -> None:
        self.path = files.main
        self.contents = files.contents
        self.environment = environment
        self.problems: List[Problem] = []

    def load(self) -> Config:
        main = self.read(str(self.path))
        readable = main is not None
        if main is None:
            main = tree.Mapping(Place(str(self.path), 1, 1))
        self.add_cameras(main)
        self.problems.extend(references.resolve(main, self.environment))
        document = Document(self.path, main)
        config = None
        if readable:
            told = {(problem.file, problem.line, problem.column) for problem in self.problems}
            self.problems.extend(crosscheck(document))
            try:
                config = validate(document, Config)
            except ConfigError as error:  # an unresolved reference is told once
                self.problems.extend(p for p in error.problems if (p.file, p.line, p.column) not in told)
        if config is None:
            config = _salvage(document)
        config.bind(document)
        return config

    def read(self, file: str) -> Optional[tree.Mapping]:
        try:
            root, problems = tree_of(self.contents[file], file)
        except ConfigError as error:
            root, problems = None, error.problems
        self.problems.extend(problems)
        return root

    def add_cameras(self, main: tree.Mapping) -> None:
        """Put the cameras of all files beside the main one into its tree."""
        beside = [file for file in self.contents if file != str(self.path)]
        if not beside:
            return
        cameras = main.values.get("cameras")
        if cameras is None or (isinstance(cameras, tree.Scalar) and cameras.value is None):
            cameras = tree.Mapping(main.keys.get("cameras", Place(beside[0], 1, 1)))
            main.add("cameras", cameras.place, cameras)
        for file in beside:
            root = self.read(file)
            for name, place, node in self.cameras_in(root, file) if root is not None else []:
                if not isinstance(cameras, tree.Mapping):
                    continue  # the main file's cameras: are no mapping, which is told
                if name in cameras.keys:
                    first = cameras.keys[name]
                    message = f"this camera is there already, at {first.file}:{first.line}; give each its own name"
                    self.problems.append(problem_at(place, ("cameras", name), message))
                else:
                    cameras.add(name, place, node)

    def cameras_in(self, root: tree.Mapping, file: str) -> List[Tuple[str, Place, Node]]:
        """(name, its place, camera) of each: below ``cameras:``, by name at the root, or the root itself."""
        wrapped = root.values.get("cameras")
        if wrapped is not None:
            for key, place in root.keys.items():
                if key != "cameras":
                    message = f"does not belong here: beside cameras: a file in {CAMERA_FOLDER} holds nothing"
                    self.problems.append(problem_at(place, (key,), message))
            if not isinstance(wrapped, tree.Mapping):
                message = f"found {words.kind(wrapped)}; allowed: cameras, by name"
                self.problems.append(problem_at(wrapped.place, ("cameras",), message))
                return []
            root = wrapped
        elif _is_camera(root.values):
            return [(one_line(Path(file).stem), root.place, root)]
        return [(name, root.keys[name], node) for name, node in root.values.items()]


def _is_camera(values: Dict[str, Node]) -> bool:
    """Whether these are one camera's own keys, though ``source`` be forgotten, and not cameras by name."""
    if "source" in values:
        return isinstance(values["source"], tree.Scalar)
    named = any(isinstance(value, tree.Mapping) and "source" in value.keys for value in values.values())
    return not named and any(key in CameraConfig.model_fields for key in values)


def _salvage(document: Document) -> Config:
    """The models and cameras that are valid each by itself."""
    kinds: Dict[str, Type[pydantic.BaseModel]] = {"models": ModelConfig, "cameras": CameraConfig}
    valid: Dict[str, Any] = {section: {} for section in kinds}
    for section, kind in kinds.items():
        parts = document.data.get(section)
        for name, part in parts.items() if isinstance(parts, dict) else ():
            try:
                valid[section][name] = kind.model_validate(part)
            except pydantic.ValidationError:  # told already, from the whole
                continue
    config = Config.model_construct(device="", **valid)
    config.fill()
    return config
