"""Who may send a picture now: weighted fair queueing with the wished rates as bounds.

A camera is due one interval after it was last due: more than its wish it never gets. Of those that are due at a model,
the one that has had the least for its weight comes first: each model has a clock that counts turns of weight 1, a
camera's turn begins where its last one ended or, if it was away, where the clock is, and takes 1 / weight of it
(start-time fair queueing: Goyal, Vin, Cheng, 1996). So whoever wishes less than its share has its wish at once, and the
others share the rest by weight.

A camera is asked only while every lane that it feeds has room: pictures then wait at the camera, where a newer one
replaces them, and not in a queue here, where they would grow old. One that feeds several models stands in the row of
the one that keeps it back, and each model has one place more for such cameras: those that become free one after the
other would else always be taken by cameras that need no more than that one. A credit that was not answered for a while
(nothing moves there) holds no room. A model that has failed is not waited for.
"""

from heapq import heappop, heappush
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from .coming import ANSWER_S, Coming
from .turn import Turn

#: A camera writes a new picture beside the one that is being read.
MOST_HELD = 1
# So many times the room may be asked for fresh pictures in one go: these come one by one.
_BURST = 4
# So many are moved to another model's row in one go; the rest has time until the next.
_MOST_MOVED = 8
# A camera is called limited when its lanes cost it more than this share of its turns.
_LIMITED = 0.1


class Grant(NamedTuple):
    """Give ``camera`` a credit. ``fresh``: nobody is behind, so the camera's next picture is worth waiting for."""

    camera: int
    fresh: bool


class Scheduler:
    """The turns of all cameras. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._turns: Dict[int, Turn] = {}
        self._entries = 0
        #: (due, entry, camera) of those whose turn is still to come.
        self._upcoming: List[Tuple[float, int, Turn]] = []
        #: By model (start, -priority, due, entry, camera) of those whose turn it is.
        self._ready: Dict[int, List[Tuple[float, int, float, int, Turn]]] = {}
        self._clocks: Dict[int, float] = {}
        self._coming = Coming()
        #: When those are looked at again that too many others were asked with.
        self._later = 0.0
        self._looked = 0.0

    @property
    def answer_s(self) -> float:
        """How long an answer to a credit takes, as measured."""
        return self._coming.answer_s

    def add(
        self, camera: int, fps: float, models: Iterable[int], now: float, weight: float = 1.0, priority: int = 0,
        boost: bool = False,
    ) -> None:  # fmt: skip
        """A camera is here, or what it wishes has changed; a credit it already has stays."""
        turn = self._turns.get(camera)
        if not self._turns:
            self._looked = now
        if turn is None:
            turn = self._turns[camera] = Turn(camera, now)
        turn.wish(fps, list(models), weight, priority, boost)
        turn.due = min(turn.due, now + turn.interval)
        self._coming.forget(turn)
        turn.meet(self._ready)
        self._queue(turn)

    def remove(self, camera: int) -> None:
        turn = self._turns.pop(camera, None)
        if turn is not None:
            self._coming.forget(turn)
            turn.entry = 0

    def arrived(self, camera: int, now: float) -> None:
        """The credit was answered; the picture is held until :meth:`released`."""
        turn = self._turns.get(camera)
        if turn is None:
            return
        self._coming.answered(turn, now)
        turn.asked = False
        turn.held += 1
        turn.back = now
        if turn.held > MOST_HELD and turn.since is None:
            turn.since = max(now, turn.due)
        self._queue(turn)

    def released(self, camera: int, now: float) -> None:
        """The lanes are done with one picture of this camera."""
        turn = self._turns.get(camera)
        if turn is None or not turn.held:
            return
        turn.held -= 1
        if turn.held == MOST_HELD and not turn.asked:
            turn.back = now
            self._queue(turn)

    def again(self, camera: int, now: float) -> None:
        """Nothing came of the last turn: it is this camera's once more."""
        turn = self._turns.get(camera)
        if turn is None:
            return
        for model in turn.alive:
            turn.finish[model] = turn.finish.get(model, 0.0) - turn.cost
        if not turn.asked:
            turn.due = min(turn.due - turn.interval, now)
            self._queue(turn)

    def any_due(self, now: float) -> bool:
        """Whether it is somebody's turn, so that :meth:`grants` is worth its while."""
        return any(self._ready.values()) or bool(self._upcoming and self._upcoming[0][0] <= now)

    def next_due(self, now: float) -> Optional[float]:
        """Seconds until time alone lets some camera be asked; None when none waits for that."""
        upcoming = self._upcoming
        while upcoming and upcoming[0][2].entry != upcoming[0][1]:
            heappop(upcoming)
        times = [upcoming[0][0]] if upcoming else []
        if any(self._ready.values()):
            expected = self._coming.next_at()
            if expected is not None:
                times.append(expected)
            if self._later > now:
                times.append(self._later)
        return max(0.0, min(times) - now) if times else None

    def grants(self, now: float, waiting: Mapping[int, int], room: Mapping[int, int]) -> List[Grant]:
        """The credits to give now. ``waiting``: pictures that wait at each model; ``room``: how many may.

        A model that still loads has no room. One that is not in ``room`` is gone and holds up nobody.
        """
        if room.keys() != self._ready.keys():
            self._settle(room)
        self._coming.expire(now)
        load = {model: waiting.get(model, 0) + count for model, count in self._coming.count.items()}
        upcoming = self._upcoming
        while upcoming and upcoming[0][0] <= now:
            _, entry, turn = heappop(upcoming)
            if turn.entry != entry:
                continue
            if turn.alive:
                self._line_up(turn, turn.narrowest(self._clocks, load, room))
                if not room[turn.home]:
                    turn.since = None  # a model that loads is not behind
                elif turn.since is None:
                    turn.since = now
            else:
                turn.due = now + turn.interval  # none of its models is there: that may change
                self._queue(turn)
        given: List[Grant] = []
        for model, row in self._ready.items():
            if row and load[model] <= room[model]:
                self._serve(model, now, load, room, given)
        return given

    def _serve(
        self, model: int, now: float, load: Dict[int, int], room: Mapping[int, int], given: List[Grant]
    ) -> None:
        row, places, moved, burst = self._ready[model], room[model], 0, 0
        while row and moved < _MOST_MOVED:
            _, _, _, entry, turn = row[0]
            if turn.entry != entry:
                heappop(row)
                continue
            several = len(turn.alive) > 1
            if not places or load[model] >= places + several:
                return
            # One that is late has a picture waiting, as a rule: throwing that away would cost it a turn.
            fresh = now - turn.due < turn.interval / 4 and not any(load[other] for other in turn.alive)
            burst += fresh
            if burst > _BURST * places:
                self._later = now + ANSWER_S
                return
            heappop(row)
            full = next((other for other in turn.alive if load[other] > room[other] or not room[other]), None)
            if several and full is not None:
                turn.account(now)
                self._line_up(turn, full)
                moved += 1
                continue
            given.append(self._give(turn, now, load, fresh))

    def _give(self, turn: Turn, now: float, load: Dict[int, int], fresh: bool) -> Grant:
        turn.account(now)
        turn.since = None
        for model in turn.alive:
            start = turn.start(model, self._clocks[model])
            self._clocks[model] = max(self._clocks[model], start)
            turn.finish[model] = start + turn.cost
            if not fresh:
                # It answers at once, so it counts as waiting there; a fresh one comes whenever its camera has one.
                load[model] += 1
        turn.asked, turn.asked_at, turn.entry = True, now, 0
        if not fresh:
            self._coming.asked(turn, now)
        # What was missed is not made up for: after a pause nobody has more than one turn in hand.
        turn.due = max(turn.due + turn.interval, now)
        return Grant(turn.number, fresh)

    def _queue(self, turn: Turn) -> None:
        """It waits for its turn, if anything can be asked of it."""
        turn.entry = 0
        if turn.models and not turn.asked and turn.held <= MOST_HELD:
            self._entries += 1
            turn.entry = self._entries
            heappush(self._upcoming, (turn.due, turn.entry, turn))

    def _line_up(self, turn: Turn, model: int) -> None:
        self._entries += 1
        turn.home, turn.entry = model, self._entries
        start = turn.start(model, self._clocks[model])
        heappush(self._ready[model], (start, -turn.priority, turn.due, turn.entry, turn))

    def _settle(self, room: Mapping[int, int]) -> None:
        """Other models than before."""
        for turn in self._turns.values():
            self._coming.forget(turn)
            turn.meet(room)
        self._upcoming, self._ready = [], {model: [] for model in room}
        self._clocks = {model: self._clocks.get(model, 0.0) for model in room}
        self._coming.reset(room)
        for turn in self._turns.values():
            self._queue(turn)

    def missed(self) -> Dict[int, int]:
        """By camera, the turns that the lanes had no room for."""
        return {camera: int(turn.missed) for camera, turn in self._turns.items()}

    def limits(self, now: float) -> Dict[int, int]:
        """By camera, the model whose lanes kept it back most since this was last asked; only where one did."""
        found: Dict[int, int] = {}
        lasted, self._looked = now - self._looked, now
        for camera, turn in self._turns.items():
            turn.account(now)
            if turn.behind:
                if sum(turn.behind.values()) * turn.interval > _LIMITED * lasted:
                    found[camera] = max(turn.behind, key=lambda model: turn.behind[model])
                turn.behind = {}
        return found
