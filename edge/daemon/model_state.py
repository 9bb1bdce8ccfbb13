"""What is known of a model that is in use, or on its way to be."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from edge.daemon.builder import Progress
from edge.daemon.rates import CounterRate


class ModelState:
    """A model as the inference process last described it. ``spec`` and ``lanes`` are what that process is told; None
    until its engines are there: ``building``, with how far that is.
    """

    def __init__(
        self, number: int, name: str, spec: Dict[str, Any], lanes: Optional[List[Dict[str, Any]]] = None
    ) -> None:
        self.number, self.name, self.spec, self.lanes = number, name, spec, lanes
        self.state = "building" if lanes is None else "loading"
        self.reason, self.backend = "", ""
        self.progress: Optional[Progress] = None
        #: What is not as one might expect, in words.
        self.notes: Tuple[str, ...] = ()
        #: How each lane fared, by its place in ``lanes``: ``ready`` or ``failed``, and what is to be said of it.
        self.fared: Dict[int, Tuple[str, str]] = {}
        self.input: List[int] = []
        self.pictures = CounterRate()
        self.busy = CounterRate()
