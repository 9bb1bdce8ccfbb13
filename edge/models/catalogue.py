"""Real models that can be fetched: ``models/catalogue.yaml``, each entry a model.yaml with a pinned download."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, Type, Union

from edge.config.document import Document, read, validate
from edge.config.tree import Mapping
from edge.errors import ConfigError
from edge.models.file import LaterFile, ModelFile, model_file_for
from edge.models.folders import installed_models

FILE_NAME = "catalogue.yaml"


class Catalogue:
    """The entries by name, validated one at a time, as they are asked for. Raises ConfigError for a broken file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        document = read(path)
        models = document.root.values.get("models")
        if not isinstance(models, Mapping):
            raise ConfigError([document.problem(("models",), "the catalogue needs models, by name")])
        self._models = models

    @property
    def names(self) -> List[str]:
        return list(self._models.values)

    def document(self, name: str) -> Document:
        """The entry as a document of its own, with its places in the catalogue's file."""
        entry = self._models.values[name]
        if not isinstance(entry, Mapping):
            raise ConfigError([Document(self.path, self._models).problem((name,), "an entry is keys and values")])
        return Document(self.path, entry)

    def entry(self, name: str) -> Union[ModelFile, LaterFile]:
        """The entry, a LaterFile where nothing here can run it yet. Raises KeyError, ConfigError."""
        document = self.document(name)
        model: Type[Union[ModelFile, LaterFile]] = LaterFile if "not_yet" in document.data else model_file_for(document)
        return validate(document, model)


def find_catalogue() -> Optional[Catalogue]:
    """The installation's catalogue; None where it has none."""
    path = installed_models() / FILE_NAME
    return Catalogue(path) if path.is_file() else None
