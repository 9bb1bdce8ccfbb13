"""From what a configuration calls a model to the model.yaml that is meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List, NamedTuple

from edge.config.document import Document, read
from edge.config.nearest import nearest
from edge.errors import ModelError
from edge.models.catalogue import find_catalogue
from edge.models.folders import MODEL_FILE, search_folders


class Located(NamedTuple):
    """``reference``: what ``edge models`` finds it by. ``folder``: what relative paths in it are taken from."""

    name: str
    reference: str
    folder: Path
    document: Document


def locate(ref: str, base: Path) -> Located:
    """The model.yaml of ``ref``: a path relative to ``base``, a name in the search folders, or one of the catalogue.

    Raises ModelError when there is none, ConfigError when it cannot be read as YAML.
    """
    path = base / os.path.expanduser(ref)  # pathlib's own raise for an unknown user, or a name that is too long
    by_path = "/" in ref or ref in (".", "..") or ref.startswith("~")
    places = [path] if by_path else [path, *(folder / ref for folder in search_folders(base))]
    for place in places:
        file = place / MODEL_FILE if os.path.isdir(place) else place
        if os.path.isfile(file) and file.suffix in (".yaml", ".yml"):
            folder = file.parent
            name = folder.resolve().name if file.name == MODEL_FILE else file.stem
            return Located(name, ref if not by_path else str(place), folder, read(file))
    catalogue = find_catalogue()
    if catalogue is not None and ref in catalogue.names:
        return Located(ref, ref, catalogue.path.parent, catalogue.document(ref))
    if by_path:
        what = f"{path} has no {MODEL_FILE}" if os.path.isdir(path) else f"there is no {path}"
        raise ModelError(f"{what}: give a folder with a {MODEL_FILE}, or a model's name (edge models list)")
    near = nearest(ref, model_names(base))
    looked = ", ".join(str(place) for place in places)
    hint = f" (did you mean {near!r}?)" if near else ""
    raise ModelError(f"no model {ref!r}{hint}: no {MODEL_FILE} in {looked}, and none of that name in the catalogue")


def model_names(base: Path) -> List[str]:
    """Every name that ``locate`` would find, those of ``base`` first."""
    catalogue = find_catalogue()
    return [*folders_with_models(base), *(catalogue.names if catalogue else [])]


def folders_with_models(base: Path) -> Dict[str, Path]:
    """The folders with a model.yaml in the search folders, by name; the first of a name is the one that is found."""
    found: Dict[str, Path] = {}
    for folder in search_folders(base):
        if folder.is_dir():
            for file in sorted(folder.glob("*/" + MODEL_FILE)):
                found.setdefault(file.parent.name, file.parent)
    return found
