"""The errors a user can cause, as one tree.

    EdgeError
    ├── ConfigError      a file says something that cannot be: carries every problem found, with its place
    ├── ModelError       a model's files are missing, broken or not what they claim to be
    ├── SourceError      a camera: Unreachable, Unauthorized, Stalled, Ended, Unsupported
    ├── EngineError      a network cannot be loaded or run: Incompatible, OutOfMemory
    └── PublishError     the broker cannot be reached or refuses

A message says what happened, to which file, camera or model, and what to do. Bugs are not EdgeErrors: they keep
their traceback. Written for Python 3.6, since workers raise these too; it imports nothing of the package.
"""

from typing import List, NamedTuple, Optional, Sequence


class EdgeError(Exception):
    """Base of every error that a user can cause and mend."""


class Problem(NamedTuple):
    """One thing wrong in a file. ``line`` and ``column`` count from 1; ``key`` is dotted (``cameras.square.fps``)."""

    file: str
    line: Optional[int]
    column: Optional[int]
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else "{}:{}".format(self.file, self.line)
        if self.line is not None and self.column is not None:
            place = "{}:{}".format(place, self.column)
        return "{}: {}: {}".format(place, self.key, self.message) if self.key else "{}: {}".format(place, self.message)


class ConfigError(EdgeError):
    """Every problem found in a configuration, at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: List[Problem] = list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class ModelError(EdgeError):
    """A model's files are missing, broken, or not what their hash says."""


class SourceError(EdgeError):
    """A camera delivers no pictures. ``state`` is the camera state that follows from it."""

    state = "unreachable"


class Unreachable(SourceError):
    """Nothing answers, or not as a camera does."""


class Unauthorized(SourceError):
    """The camera refuses the user or the password."""

    state = "unauthorized"


class Stalled(SourceError):
    """Connected, but no picture came for too long."""

    state = "stalled"


class BrokenDecoder(Stalled):
    """A hardware's decoder, ``decoder``, that does not work with this source; another one may."""

    def __init__(self, decoder: str, words: str) -> None:
        super().__init__("the decoder {} {}".format(decoder, words))
        self.decoder = decoder


class Ended(SourceError):
    """The source said it is over."""

    state = "ended"


class Unsupported(SourceError):
    """The source sends something that cannot be decoded here."""

    state = "unsupported"


class EngineError(EdgeError):
    """A network cannot be loaded or run."""


class Incompatible(EngineError):
    """The network's inputs or outputs do not fit what its model.yaml says."""


class BuildFailed(EngineError):
    """No engine could be built of this network with what was asked for."""


class DeviceLost(EngineError):
    """The GPU or the DLA reported what poisons its process for good: only a new process can go on."""


class OutOfMemory(EngineError):
    """The device has no memory left for the network."""


class PublishError(EdgeError):
    """The broker cannot be reached or refuses."""
