"""The configured models: their specs loaded, and what the workers and the analytics need of each."""

from __future__ import annotations

import os
from typing import Any, Dict, List, NamedTuple, Tuple, Union

from edge.config import Config, ModelConfig
from edge.errors import ConfigError, ModelError, Problem
from edge.models.spec import load_spec

#: The most pictures in one run of a network that leaves its batch open; more gains nothing on a CPU.
CPU_BATCH = 4


class Model(NamedTuple):
    """``number`` names it between the processes."""

    number: int
    name: str
    labels: List[str]
    min_score: float
    worker: Dict[str, Any]


def load_models(config: Config) -> Tuple[Dict[str, Model], List[Problem]]:
    """The models that could be loaded by name, and what is wrong with the others."""
    models: Dict[str, Model] = {}
    problems: List[Problem] = []
    for number, (name, entry) in enumerate(config.models.items(), 1):
        try:
            models[name] = _load(number, name, entry)
        except ConfigError as error:
            problems += error.problems
        except ModelError as error:
            place = config.origin(("models", name, "spec"))
            problems.append(Problem(place[0], place[1], place[2], f"models.{name}.spec", str(error)))
    return models, problems


def _load(number: int, name: str, entry: ModelConfig) -> Model:
    spec = load_spec(entry.spec, entry.folder)
    min_score = spec.min_score if entry.min_score is None else entry.min_score
    worker = {**spec.worker_dict(), "name": name}
    return Model(number, name, list(spec.labels), min_score, worker)


def engine_options(threads: Union[int, str]) -> Dict[str, Any]:
    """What the lanes are told. ``auto`` leaves half of the cores to the decoders."""
    count = max(1, len(os.sched_getaffinity(0)) // 2) if threads == "auto" else int(threads)
    return {"backend": "onnxruntime", "threads": count, "batch": CPU_BATCH}
