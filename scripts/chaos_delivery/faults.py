"""What is done, one after the other: all of it follows from the seed, but for what the machine makes of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Callable, Dict, List, NamedTuple, Optional
from typing import Counter as Counts

from scripts.chaos_delivery.gate import CUTS
from scripts.chaos_delivery.site import Site

DAEMON, BROKER, CUT, BOTH = "daemon killed", "broker killed", "network cut", "both at once"
# Most kills are under load, some while the daemon still starts.
_EARLY, _STARTING_S, _LOAD_S = 0.2, (0.1, 2.5), (0.0, 2.5)
_AWAY_S, _CUT_S, _APART_S = (0.0, 3.0), (0.5, 10.0), 0.5
#: Waiting for load, or for the daemon to be connected again, has an end.
PATIENCE_S = 15.0


class Turn(NamedTuple):
    """``early``: while the daemon starts; ``after``: seconds; ``lasts``: of a cut, or that the broker is away;
    ``cut``: how, of a cut and of some where both happen; ``apart``: seconds between the two of both.
    """

    kind: str
    early: bool
    after: float
    lasts: float
    cut: str
    refused: bool
    apart: float


def turns(seed: int, wanted: Dict[str, int], longest_cut: float = _CUT_S[1]) -> List[Turn]:
    """So many of each kind, in an order that follows from the seed."""
    rng = random.Random(f"delivery/{seed}")
    kinds = [kind for kind, count in wanted.items() for _ in range(count)]
    rng.shuffle(kinds)
    return [_turn(kind, rng, longest_cut) for kind in kinds]


def _turn(kind: str, rng: random.Random, longest_cut: float) -> Turn:
    cut = rng.choice(CUTS) if kind == CUT or (kind == BOTH and rng.random() < 0.5) else ""
    lasts = rng.uniform(_CUT_S[0], longest_cut) if cut else rng.uniform(*_AWAY_S)
    early = kind in (DAEMON, BOTH) and rng.random() < _EARLY
    after = rng.uniform(*(_STARTING_S if early else _LOAD_S))
    return Turn(kind, early, after, lasts, cut, rng.random() < 0.5, rng.uniform(-_APART_S, _APART_S))


class Faults:
    """``run(turns)``: one after the other, until ``deadline`` (monotonic). ``done``: by kind; ``cuts``: by mode."""

    def __init__(self, site: Site, deadline: float, tell: Callable[[str], None]) -> None:
        self.done: Counts[str] = Counter()
        self.cuts: Counts[str] = Counter()
        #: Exit statuses of daemons that ended though nobody killed them.
        self.fallen: List[int] = []
        self._site, self._deadline, self._tell = site, deadline, tell

    def run(self, todo: List[Turn]) -> None:
        for turn in todo:
            if time.monotonic() > self._deadline:
                return
            self._until_load(turn)
            self._sleep(turn.after)
            if turn.kind == DAEMON:
                self._daemon()
            elif turn.kind != BOTH:
                self._outside(turn)
            else:
                self._both(turn)
            self.done[turn.kind] += 1
            if turn.cut:
                self.cuts[turn.cut] += 1

    def _until_load(self, turn: Turn) -> None:
        """What is hit is at work: events come, and (but for a kill of the daemon) arrive."""
        site = self._site
        told, delivered = site.tail.read(), len(site.gate.acked)
        until = time.monotonic() + PATIENCE_S
        while not turn.early and time.monotonic() < until:
            # A start and the state of each camera are events too, but no load.
            loaded = site.tail.read() > told + 10
            if loaded and (turn.kind == DAEMON or len(site.gate.acked) > delivered):
                return
            self._sleep(0.1)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            status = self._site.ended()
            if status is not None:
                self.fallen.append(status)
                self._site.start_daemon()
            self._tell("")
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(0.2, left))

    def _daemon(self) -> None:
        self._site.kill_daemon()
        self._site.start_daemon()

    def _outside(self, turn: Turn, meanwhile: Optional[Callable[[], None]] = None) -> None:
        """The broker dies or the network does, for a while; ``meanwhile`` happens ``turn.apart`` seconds later."""
        site = self._site
        if turn.cut:
            site.gate.set(turn.cut)
        else:
            site.broker.kill()
            if turn.refused:
                site.gate.set("refuse")
        if meanwhile is not None:
            self._sleep(turn.apart)
            meanwhile()
        self._sleep(turn.lasts)
        if turn.cut:
            site.gate.set("pass")
        else:
            site.start_broker()

    def _both(self, turn: Turn) -> None:
        """The daemon is killed first, or a little after; it starts at once and finds nobody."""
        if turn.apart > 0:
            self._outside(turn, self._daemon)
        else:
            self._daemon()
            self._sleep(-turn.apart)
            self._outside(turn)
