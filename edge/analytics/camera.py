"""All that one camera's pictures say: tracks, zones, lines, counts. Nothing here knows of events, MQTT or clocks."""

from __future__ import annotations

import itertools
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from edge.analytics import lives
from edge.analytics.camera_rules import CameraRules
from edge.analytics.detections import Detections
from edge.analytics.happening import Happening
from edge.analytics.lines import LineWatch
from edge.analytics.looks import Look, Looked, choose, learn
from edge.analytics.settings import DEFAULTS, TrackerSettings
from edge.analytics.start_rules import DEFAULT_MIN_SCORE, StartRules
from edge.analytics.track import Track
from edge.analytics.tracker import Ended, Tracker
from edge.analytics.zones import ZoneWatch


class CameraAnalytics:
    """One camera, with a tracker for each of its models; ids are the camera's.

    Everything moves on by the pictures' capture times: between two pictures nothing happens, however long that takes,
    and a result that does not come is not taken for an empty picture.
    """

    def __init__(
        self, camera: CameraRules, models: Mapping[str, Sequence[str]],
        min_scores: Optional[Mapping[str, float]] = None, ids: Optional[Iterator[int]] = None,
        settings: TrackerSettings = DEFAULTS, looks: Optional[Mapping[str, Looked]] = None,
    ) -> None:  # fmt: skip
        """``models`` are the labels of each model by name; ``min_scores`` the models' own, for labels without one.
        ``looks``: the second models that look at what those find, by name.

        ``ids`` numbers the objects, from 1 on if left out: hand it on when a camera is built anew, and no number comes
        twice.
        """
        self._ids = itertools.count(1) if ids is None else ids
        self._settings = settings
        self._camera = camera
        self._labels = {model: list(labels) for model, labels in models.items()}
        self._min_scores = dict(min_scores or {})
        self._looks = dict(looks or {})
        self._trackers = {model: self._tracker(model) for model in self._labels}
        self._zones = ZoneWatch(camera.zones)
        self._lines = LineWatch(camera.lines)
        self._time = 0.0

    def update(self, model: str, detections: Detections) -> List[Happening]:
        """What one picture's boxes say. A model that the camera does not have (any more) says nothing.

        Order: who started, lines, zones, updates, ends, counts.
        """
        tracker = self._trackers.get(model)
        if tracker is None:
            return []
        step = tracker.update(detections)
        time = self._time = detections.time
        out: List[Happening] = []
        if step.seen:
            told = self._lines.update(step.seen, time)
            told += self._zones.update(step.seen, time)
            out = lives.started(step.started, time)  # after the zones, so that it names those it starts in
            out += told
            out += lives.updated(step.seen, time)
        for ended in step.ended:
            self._end(ended, time, out)
        out += self._zones.changed_counts(time)
        return out

    def look(self, model: str, time: float) -> List[Look]:
        """What of the picture of ``time``, which :meth:`update` was given, second models are to look at."""
        tracker = self._trackers.get(model)
        if tracker is None or not self._looks:
            return []
        return choose(self._looks, model, [track for track in tracker.confirmed if track.seen == time], time)

    def found(self, second: str, number: int, rows: NDArray[np.float32]) -> List[Happening]:
        """What a second model has found at a look at the object of that number: (N, 6), as Detections' rows."""
        looked = self._looks.get(second)
        tracker = None if looked is None else self._trackers.get(looked.of)
        if looked is None or tracker is None:
            return []
        track = next((track for track in tracker.confirmed if track.id == number), None)
        if track is None or not learn(track, second, looked, rows):
            return []
        return lives.updated([track], track.seen)

    def update_config(
        self, camera: CameraRules, models: Optional[Mapping[str, Sequence[str]]] = None,
        min_scores: Optional[Mapping[str, float]] = None, looks: Optional[Mapping[str, Looked]] = None,
    ) -> List[Happening]:  # fmt: skip
        """Other objects, zones, lines and (where given) models from the next picture on.

        The tracks of models that stay go on.

        What follows at once is told, for the reason "config": objects end whose label is not wanted any more or whose
        model is gone or knows other labels now, and who stands in a zone that is gone leaves it.
        """
        self._camera = camera
        self._min_scores = self._min_scores if min_scores is None else dict(min_scores)
        self._change_looks(self._looks if looks is None else dict(looks))
        labels = self._labels if models is None else {model: list(known) for model, known in models.items()}
        out: List[Happening] = []
        for model in [model for model in self._trackers if labels.get(model) != self._labels[model]]:
            for ended in self._trackers.pop(model).end_all("config"):
                self._end(ended, self._time, out)
        self._labels = labels
        self._trackers = {model: self._trackers.get(model) or self._tracker(model) for model in labels}
        for model, tracker in self._trackers.items():
            tracker.rules = self._rules(model)
            for ended in tracker.end_labels(lambda label: not camera.objects or label in camera.objects, "config"):
                self._end(ended, self._time, out)
        tracks = self._tracks()
        out += self._zones.change(camera.zones, tracks, self._time)
        self._lines.change(camera.lines, tracks)
        out += self._zones.changed_counts(self._time)
        return out

    def flush(self, time: float, reason: str) -> List[Happening]:
        """Ends everything there is, for ``reason``: the camera is gone, or the daemon stops."""
        out: List[Happening] = []
        for tracker in self._trackers.values():
            for ended in tracker.end_all(reason):
                self._end(ended, time, out)
        out += self._zones.changed_counts(time)
        return out

    def counts(self) -> Dict[Tuple[str, str], int]:
        """(zone, label) -> objects in it, with a 0 for every label that the configuration names."""
        zones, wanted = self._camera.zones, self._camera.objects
        named = {(name, label): 0 for name, zone in zones.items() for label in zone.objects or wanted}
        return {**named, **self._zones.counts()}

    def objects(self) -> int:
        """How many objects there are now, hidden ones with them."""
        return len(self._tracks())

    def _change_looks(self, looks: Dict[str, Looked]) -> None:
        """What a model said that is gone, or means other labels now, is said no more."""
        gone = [name for name, was in self._looks.items() if name not in looks or looks[name].labels != was.labels]
        for track in self._tracks() if gone else ():
            for name in gone:
                track.looks.pop(name, None)
                track.attributes.pop(name, None)
        self._looks = looks

    def _tracks(self) -> List[Track]:
        return [track for tracker in self._trackers.values() for track in tracker.confirmed]

    def _tracker(self, model: str) -> Tracker:
        return Tracker(model, self._labels[model], self._rules(model), lambda: next(self._ids), self._settings)

    def _rules(self, model: str) -> StartRules:
        return StartRules(self._labels[model], self._camera, self._min_scores.get(model, DEFAULT_MIN_SCORE))

    def _end(self, ended: Ended, time: float, out: List[Happening]) -> None:
        out += self._lines.end(ended.track, time)
        out += self._zones.end(ended.track, time, ended.reason)
        out.append(lives.ended(ended.track, time, ended.reason))
