"""Who may send a picture now: a pure decision over a small state, with the time given from outside.

Each camera has a wished rate. It is due one interval after it was last due; among those that are due, the longest due
comes first, so that a lane which cannot serve all serves each as often as the others. A camera is asked only while
every lane that it feeds has room: pictures then wait at the camera, where a newer one replaces them, and not in a
queue here, where they would grow old. A lane that has failed is not waited for.
"""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple


class Grant(NamedTuple):
    """Give ``camera`` a credit. ``fresh``: nobody is behind, so the camera's next picture is worth waiting for."""

    camera: int
    fresh: bool


class _Turn:
    """One camera. Times in seconds."""

    def __init__(self, fps: float, lanes: List[int], now: float) -> None:
        self.interval = 1.0 / fps
        self.lanes = lanes
        self.due = now
        self.asked = False
        self.held = 0
        #: Since when the lanes, and nothing else, kept it from its turn; and how many turns that has cost it.
        self.blocked: Optional[float] = None
        self.missed = 0.0


class Scheduler:
    """The turns of all cameras. Times are seconds of one monotonic clock."""

    #: A camera writes a new picture beside the one that is being read.
    most_held = 1

    def __init__(self) -> None:
        self._turns: Dict[int, _Turn] = {}

    def add(self, camera: int, fps: float, lanes: Iterable[int], now: float) -> None:
        """A camera is here, or what it wishes has changed; a credit it already has stays."""
        turn = self._turns.get(camera)
        if turn is None:
            self._turns[camera] = _Turn(fps, list(lanes), now)
        else:
            turn.interval, turn.lanes, turn.due = 1.0 / fps, list(lanes), min(turn.due, now + 1.0 / fps)

    def remove(self, camera: int) -> None:
        self._turns.pop(camera, None)

    def arrived(self, camera: int) -> None:
        """The credit was answered; the picture is held until :meth:`released`."""
        turn = self._turns.get(camera)
        if turn is not None:
            turn.asked = False
            turn.held += 1

    def released(self, camera: int) -> None:
        """The lanes are done with one picture of this camera."""
        turn = self._turns.get(camera)
        if turn is not None and turn.held:
            turn.held -= 1

    def any_due(self, now: float) -> bool:
        """Whether it is somebody's turn, so that :meth:`grants` is worth its while."""
        return any(turn.due <= now and not turn.asked for turn in self._turns.values())

    def grants(self, now: float, waiting: Mapping[int, int], room: Mapping[int, int]) -> List[Grant]:
        """The credits to give now. ``waiting``: pictures that wait at each lane; ``room``: how many may.

        A lane that still loads has no room. One that is not in ``room`` is gone and holds up nobody.
        """
        load = dict(waiting)
        given: List[Grant] = []
        place_kept = False
        for due, camera, lanes in self._candidates(now, room):
            turn = self._turns[camera]
            full = any(load.get(lane, 0) >= room[lane] for lane in lanes)
            if full or turn.held > self.most_held:
                if turn.blocked is None:
                    turn.blocked = now
                if full and not place_kept and all(room[lane] for lane in lanes):
                    # The longest due keeps a place in each of its lanes: those that become free one after the other
                    # would else always be taken by cameras that need no more than that one.
                    place_kept = True
                    _add_one(load, lanes)
                continue
            if turn.blocked is not None:
                # Up to one interval late costs nothing, since the turn after it stays where it was.
                turn.missed += max(0.0, now - max(turn.blocked, due + turn.interval)) / turn.interval
                turn.blocked = None
            # One that is late has a picture waiting, as a rule: throwing that away would cost it a turn.
            fresh = now - due < turn.interval / 4 and not any(load.get(lane, 0) for lane in lanes)
            if not fresh:
                # It answers at once, so it counts as waiting there; a fresh one comes whenever its camera has one.
                _add_one(load, lanes)
            turn.asked = True
            # What was missed is not made up for: after a pause nobody has more than one turn in hand.
            turn.due = max(due + turn.interval, now)
            given.append(Grant(camera, fresh))
        return given

    def _candidates(self, now: float, room: Mapping[int, int]) -> List[Tuple[float, int, List[int]]]:
        """(due, camera, lanes that are there) of those whose turn it is, the longest due first."""
        due = [
            (turn.due, camera, [lane for lane in turn.lanes if lane in room])
            for camera, turn in self._turns.items()
            if turn.due <= now and not turn.asked
        ]
        return sorted(candidate for candidate in due if candidate[2])

    def missed(self) -> Dict[int, int]:
        """By camera, the turns that the lanes had no room for."""
        return {camera: int(turn.missed) for camera, turn in self._turns.items()}

    def next_due(self, now: float) -> Optional[float]:
        """Seconds until some camera that could be asked becomes due; None when none waits for that."""
        dues = [turn.due for turn in self._turns.values() if not turn.asked and turn.due > now and turn.lanes]
        return min(dues) - now if dues else None


def _add_one(load: Dict[int, int], lanes: Iterable[int]) -> None:
    for lane in lanes:
        load[lane] = load.get(lane, 0) + 1
