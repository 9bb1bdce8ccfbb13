"""The models in use: their specs loaded, what the workers and the analytics need of each, and how one takes the place
of another.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Union

from edge.analytics import Look, Looked
from edge.config import BoxesConfig, CameraConfig, Config, ModelConfig
from edge.daemon.builder import Progress
from edge.daemon.engines import Engines, Given
from edge.daemon.inference import Inference
from edge.daemon.model_state import ModelState
from edge.errors import ConfigError, ModelError, Problem
from edge.models.engines.resolve import EngineWish
from edge.models.spec import load_spec


class Model(NamedTuple):
    """``number`` names it between the processes; 0 until it is used. ``worker`` is what the inference process needs,
    ``engine`` what is asked of what runs it. ``boxes``: it looks at what another model finds, not at pictures.
    """

    number: int
    name: str
    labels: List[str]
    min_score: float
    worker: Dict[str, Any]
    engine: EngineWish = EngineWish()
    boxes: Optional[BoxesConfig] = None

    @property
    def looked(self) -> Optional[Looked]:
        """How it looks at boxes, where it does."""
        if self.boxes is None:
            return None
        boxes, boxed = self.boxes, self.worker["output"]["decoder"] != "classify"
        objects = frozenset(boxes.objects) or None
        return Looked(
            boxes.of, self.labels, objects, boxes.every, boxes.margin, boxes.min_size, self.min_score, boxed
        )  # fmt: skip


def load_models(config: Config) -> Tuple[Dict[str, Model], List[Problem]]:
    """The models that could be loaded by name, and what is wrong with the others."""
    models: Dict[str, Model] = {}
    problems: List[Problem] = []
    for name, entry in config.models.items():
        try:
            models[name] = _load(name, entry)
        except ConfigError as error:
            problems += error.problems
        except ModelError as error:
            place = config.origin(("models", name, "spec"))
            problems.append(Problem(place[0], place[1], place[2], f"models.{name}.spec", str(error)))
    return models, problems


def _load(name: str, entry: ModelConfig) -> Model:
    spec = load_spec(entry.spec, entry.folder)
    min_score = spec.min_score if entry.min_score is None else entry.min_score
    worker = {**spec.worker_dict(), "name": name}
    return Model(0, name, list(spec.labels), min_score, worker, EngineWish.of(entry), entry.boxes)


class ModelSet:
    """Models by name. One whose files are others now is loaded beside the old one, which works on until that is ready;
    where the new one cannot be run, the old one stays.

    ``exchanged(names)`` is called when cameras that use these models must be told of other numbers or labels.
    """

    def __init__(
        self,
        inference: Inference,
        engines: Engines,
        exchanged: Callable[[Set[str]], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.used: Dict[str, Model] = {}
        self._inference, self._engines = inference, engines
        self._changed = changed
        inference.refused = self._refused
        self._coming: Dict[str, Model] = {}
        self._names: Dict[int, str] = {}
        self._last_number = 0
        self._exchanged = exchanged

    def name(self, number: int) -> Optional[str]:
        """The model of that number, as long as it is the one in use."""
        return self._names.get(number)

    def labels(self, camera: CameraConfig) -> Dict[str, List[str]]:
        """Of the models that look at its pictures: what a second stage finds is no object."""
        return {model.name: model.labels for model in self._of(camera) if model.boxes is None}

    def min_scores(self, camera: CameraConfig) -> Dict[str, float]:
        return {model.name: model.min_score for model in self._of(camera) if model.boxes is None}

    def looks(self, camera: CameraConfig) -> Dict[str, Looked]:
        """Of its second stages, by name."""
        found = {model.name: model.looked for model in self._of(camera)}
        return {name: looked for name, looked in found.items() if looked is not None and looked.of in self.used}

    def _of(self, camera: CameraConfig) -> Iterator[Model]:
        return (self.used[name] for name in camera.models if name in self.used)

    def wanted(self, looks: Mapping[str, Looked]) -> Dict[int, Dict[str, Any]]:
        """What the inference process holds pictures for: by the first model's number, of which boxes, and for whom."""
        wanted: Dict[int, Dict[str, Any]] = {}
        for name, looked in looks.items():
            first, second = self.used.get(looked.of), self.used.get(name)
            if first is None or second is None:
                continue
            kept = wanted.setdefault(first.number, {"classes": [], "min_size": looked.min_size, "by": {}})
            known = [n for n, label in enumerate(first.labels) if looked.objects is None or label in looked.objects]
            kept["classes"] = sorted({*kept["classes"], *known})
            kept["min_size"] = min(kept["min_size"], looked.min_size)
            kept["by"][second.number] = [second.min_score] * len(second.labels)
        return wanted

    def look(self, camera: int, model: int, sequence: int, looks: Sequence[Look]) -> Dict[str, Any]:
        """The order that answers a held picture: by whom which of its boxes are looked at."""
        told = [[self.used[look.by].number, look.object, *look.box] for look in looks if look.by in self.used]
        return {"op": "look", "camera": camera, "model": model, "sequence": sequence, "looks": told}

    def numbered(self, floors: Mapping[str, List[float]]) -> Dict[int, List[float]]:
        """Floors by the models' numbers."""
        return {self.used[name].number: floor for name, floor in floors.items() if name in self.used}

    def change(self, wanted: Mapping[str, Model]) -> Set[str]:
        """Begin to use ``wanted`` where that is new or another. The names of those whose labels or scores are now
        others for the cameras that use them; what is not wanted any more goes by :meth:`drop`."""
        touched: Set[str] = set()
        for name, model in wanted.items():
            old = self.used.get(name)
            if old is None:
                self.used[name] = self._load(model)
                self._names[self.used[name].number] = name
                touched.add(name)
                continue
            coming = self._coming.get(name)
            if coming is not None and (coming.worker, coming.engine) == (model.worker, model.engine):
                self._coming[name] = coming._replace(min_score=model.min_score, boxes=model.boxes)
                continue  # what is being loaded, or built for minutes already, is what is wanted
            self._abandon(name)
            if (old.worker, old.engine) != (model.worker, model.engine):
                self._coming[name] = self._load(model)
            elif (old.min_score, old.boxes) != (model.min_score, model.boxes):
                self.used[name] = old._replace(min_score=model.min_score, boxes=model.boxes)
                touched.add(name)
        return touched

    def set_threads(self, threads: Union[int, str]) -> None:
        """Another number of threads for the lanes on the processor."""
        self._engines.threads = threads
        for model in [*self.used.values(), *self._coming.values()]:
            lanes = self._engines.at_once(model.engine)
            if lanes is not None:
                self._state(model).lanes = lanes
        self._inference.rebuild()

    def drop(self, wanted: Mapping[str, Model]) -> None:
        """End the models that are not among ``wanted``; no camera uses them any more."""
        for name in [name for name in self.used if name not in wanted]:
            self._abandon(name)
            self._end(self.used.pop(name))

    def heard(self, state: ModelState) -> None:
        """The inference process has told how a model fares."""
        if state.state == "ready":
            self._engines.forgive(state.number)
        model = self._coming.get(state.name)
        if model is None or model.number != state.number or state.state not in ("ready", "failed"):
            return
        del self._coming[state.name]
        old = self.used[state.name]
        if state.state == "failed":
            self._end(model)
            self._state(old).reason = f"the new version cannot be run, the old one works on: {state.reason}"
            return
        self.used[state.name] = model
        self._names.pop(old.number, None)
        self._names[model.number] = state.name
        self._exchanged({state.name})
        self._end(old)

    def _load(self, model: Model) -> Model:
        self._last_number += 1
        loaded = model._replace(number=self._last_number)
        lanes = self._engines.at_once(loaded.engine)
        state = ModelState(loaded.number, loaded.name, loaded.worker, lanes)
        self._inference.load(state)
        if lanes is None:
            self._get_engines(state, loaded.engine)
        return loaded

    def _refused(self, state: ModelState, lane: int, error: str, reason: str) -> bool:
        """A lane could not be opened. What is wrong with its engine is mended by building it anew, once."""
        model = next((m for m in [*self.used.values(), *self._coming.values()] if m.number == state.number), None)
        if model is None or state.lanes is None or error != "Incompatible":
            return False
        if not self._engines.refuse(state.number, state.lanes[lane], reason):
            return False
        self._inference.build_anew(state.number)
        self._get_engines(state, model.engine)
        return True

    def _get_engines(self, state: ModelState, wish: EngineWish) -> None:
        def told(progress: Progress) -> None:
            before, state.progress = state.progress, progress
            if before is None or before.phase != progress.phase or _tenth(before) != _tenth(progress):
                self._changed()

        def done(given: Given) -> None:
            state.notes = given.notes
            if given.lanes:
                self._inference.provide(state.number, given.lanes)
            else:
                self._inference.fail(state.number, given.reason)

        self._engines.want(state.number, state.spec, wish, told, done)

    def _abandon(self, name: str) -> None:
        """A newer version is loaded than the one that was coming, or none at all."""
        model = self._coming.pop(name, None)
        if model is not None:
            self._end(model)

    def _end(self, model: Model) -> None:
        self._names.pop(model.number, None)
        self._engines.drop(model.number)
        self._inference.unload(model.number)

    def _state(self, model: Model) -> ModelState:
        return self._inference.models[model.number]


def _tenth(progress: Progress) -> Optional[int]:
    """How far it is, as closely as the state tells everybody."""
    return None if progress.done is None else int(10 * progress.done)
