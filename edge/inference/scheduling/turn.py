"""One camera's place among the others: what it wishes, and how much it had."""

from typing import Container, Dict, List, Mapping, Optional, Sequence, Tuple

#: While something is tracked a camera's weight is so many times as large.
BOOST = 2.0
# Arrears that a camera may have, in turns of weight 1.
_LAG = 1.0


class Turn:
    """Times in seconds; ``clock``: of a model, the turns that a camera of weight 1 would have had there by now."""

    __slots__ = (
        "alive", "answered", "asked", "asked_at", "back", "behind", "cost", "counted", "due", "entry", "finish", "held",
        "home", "interval", "missed", "models", "number", "priority", "since",
    )  # fmt: skip

    def __init__(self, number: int, due: float) -> None:
        self.number = number
        self.interval = self.cost = 1.0
        self.priority = 0
        #: The models that it feeds, and those of them that are there.
        self.models: Sequence[int] = ()
        self.alive: Tuple[int, ...] = ()
        self.due = due
        #: Since when it could be asked again.
        self.back = due
        self.asked = False
        self.held = 0
        #: Which entry of a heap stands for it; another one is left over.
        self.entry = 0
        #: When it was asked, and whether its answer is counted as one that is on its way to the lanes.
        self.asked_at = 0.0
        self.counted = False
        #: By model, where on its clock this camera's next turn begins, and in whose row it stands.
        self.finish: Dict[int, float] = {}
        self.home = -1
        #: Since when the lanes, and nothing else, kept it from its turn; and how many turns that has cost it.
        self.since: Optional[float] = None
        self.missed = 0.0
        #: Of those the ones since it was last asked for, by model.
        self.behind: Dict[int, float] = {}

    def wish(self, fps: float, models: List[int], weight: float, priority: int, boost: bool) -> None:
        self.interval, self.models, self.priority = 1.0 / fps, models, priority
        self.cost = 1.0 / (weight * (BOOST if boost else 1.0))

    def meet(self, models: Container[int]) -> None:
        """These models are there."""
        self.alive = tuple(model for model in self.models if model in models)
        if self.home not in self.alive:
            self.home = self.alive[0] if self.alive else -1
        if not self.alive:
            self.since = None
        self.finish = {model: self.finish[model] for model in self.alive if model in self.finish}
        self.behind = {model: self.behind[model] for model in self.alive if model in self.behind}

    def start(self, model: int, clock: float) -> float:
        """Where on the clock its turn begins. One that was away begins where the others are; one that the lanes or its
        own way kept busy has its arrears."""
        return max(self.finish.get(model, 0.0), clock - (_LAG if self.back > self.due else 0.0))

    def narrowest(self, clocks: Mapping[int, float], load: Mapping[int, int], room: Mapping[int, int]) -> int:
        """The model that keeps it back: where it is the furthest ahead of the others, or where the most wait."""
        if len(self.alive) == 1:
            return self.alive[0]

        def narrow(model: int) -> Tuple[bool, float, float]:
            ahead = self.start(model, clocks[model]) - clocks[model]
            return not room[model], ahead, load[model] / (room[model] or 1.0)

        return max(self.alive, key=narrow)

    def account(self, now: float) -> None:
        """Count what the wait until now has cost."""
        if self.since is None:
            return
        # Up to one interval late costs nothing, since the turn after it stays where it was.
        lost = (now - max(self.since, self.due + self.interval)) / self.interval
        if lost > 0.0:
            self.missed += lost
            self.behind[self.home] = self.behind.get(self.home, 0.0) + lost
            self.since = now
