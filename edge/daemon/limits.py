"""Which cameras get less than they wish because a model's lanes are behind."""

from __future__ import annotations

from collections import Counter, deque
from typing import Deque, Dict, Mapping, Optional, Tuple

#: What was longer ago says nothing of now.
SPAN_S = 10.0


class Limits:
    """What the inference process said of each camera in the last seconds. Times in seconds of one clock."""

    def __init__(self) -> None:
        self._said: Dict[int, Deque[Tuple[float, int]]] = {}

    def heard(self, now: float, limits: Mapping[str, int]) -> None:
        """By camera, the model whose lanes kept it back since the last time."""
        for camera, model in limits.items():
            said = self._said.setdefault(int(camera), deque())
            said.append((now, model))
            while said[0][0] < now - SPAN_S:
                said.popleft()

    def of(self, camera: int, now: float) -> Optional[int]:
        """The model that keeps this camera back most; None where none does."""
        models = Counter(model for at, model in self._said.get(camera, ()) if at >= now - SPAN_S)
        return models.most_common(1)[0][0] if models else None

    def forget(self, camera: int) -> None:
        self._said.pop(camera, None)
