"""Pictures that were asked for and are expected any moment: they have a place at the models that they go to."""

from collections import deque
from typing import Deque, Dict, Iterable, Optional, Tuple

from .turn import Turn

# So long a picture that was asked for is expected. What takes longer waits for something to move, and holds no place.
ANSWER_S = 0.05
# How much of the measured answer time the last answer is.
_NEWS = 0.05


class Coming:
    """Times in seconds."""

    def __init__(self) -> None:
        #: How long an answer to a credit takes, as measured.
        self.answer_s = 0.01
        #: By model, how many are on their way.
        self.count: Dict[int, int] = {}
        self._asked: Deque[Tuple[float, Turn]] = deque()

    def asked(self, turn: Turn, now: float) -> None:
        """A camera that has a picture was asked for it."""
        turn.counted = True
        for model in turn.alive:
            self.count[model] += 1
        self._asked.append((now, turn))

    def answered(self, turn: Turn, now: float) -> None:
        """Its picture is here."""
        if turn.counted:
            self.answer_s += _NEWS * (min(now - turn.asked_at, ANSWER_S) - self.answer_s)
            self.forget(turn)

    def forget(self, turn: Turn) -> None:
        """Its picture is no longer expected."""
        if turn.counted:
            turn.counted = False
            for model in turn.alive:
                self.count[model] -= 1

    def expire(self, now: float) -> None:
        """Forget those that should have been here by now."""
        while self._asked:
            at, turn = self._asked[0]
            if turn.counted and turn.asked_at == at:
                if now < at + ANSWER_S:
                    return
                self.forget(turn)
            self._asked.popleft()

    def next_at(self) -> Optional[float]:
        """When the first of them is no longer expected."""
        return self._asked[0][0] + ANSWER_S if self._asked else None

    def reset(self, models: Iterable[int]) -> None:
        """None is on its way to these models."""
        self.count = dict.fromkeys(models, 0)
