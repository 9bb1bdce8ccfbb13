"""Which boards have a DLA, of which generation, and with which TensorRT.

The hardware's part is also in ``edge/boards``, which the workers use and this side must not import: a test holds both
together.
"""

from __future__ import annotations

import re
from typing import Dict, NamedTuple, Tuple, Union

from edge.config.nearest import nearest
from edge.errors import EdgeError

XAVIER, ORIN = "xavier", "orin"
GENERATIONS = {XAVIER: "Xavier's DLA", ORIN: "Orin's DLA"}
PRECISIONS = ("int8", "fp16")

Version = Tuple[int, ...]

#: The last TensorRT 10 with a DLA, and the first with one again, on AGX Orin with JetPack 7.2.2.
LAST_BEFORE_PAUSE: Version = (10, 7)
FIRST_AFTER_PAUSE: Version = (11, 4, 1)


class DlaBoard(NamedTuple):
    """``generation``: empty for a board without DLA. ``cores``: of the larger module where they differ.

    ``tensorrt``: of the newest JetPack that has its DLA, where it has one. ``releases``: JetPack and the TensorRT that
    comes with it, oldest first. ``after_pause``: whether TensorRT 11.4.1 and later have its DLA.
    """

    name: str
    generation: str
    cores: int
    tensorrt: Version
    releases: Tuple[Tuple[str, Version], ...]
    after_pause: bool = False


_JETPACK_4 = ("4.6", (8, 2))
_JETPACK_5 = (("5.0", (8, 4)), ("5.1", (8, 5)))
_JETPACK_6 = (("6.0", (8, 6)), ("6.1", (10, 3)))
_XAVIER_RELEASES = (_JETPACK_4, *_JETPACK_5)
_ORIN_RELEASES = (*_JETPACK_5, *_JETPACK_6)

BOARDS: Dict[str, DlaBoard] = {
    "nano": DlaBoard("Jetson Nano", "", 0, (8, 2), (_JETPACK_4,)),
    "tx2": DlaBoard("Jetson TX2", "", 0, (8, 2), (_JETPACK_4,)),
    "xavier-nx": DlaBoard("Jetson Xavier NX", XAVIER, 2, (8, 5), _XAVIER_RELEASES),
    "agx-xavier": DlaBoard("Jetson AGX Xavier", XAVIER, 2, (8, 5), _XAVIER_RELEASES),
    "orin-nano": DlaBoard("Jetson Orin Nano", "", 0, (10, 3), (_JETPACK_5[1], *_JETPACK_6)),
    "orin-nx": DlaBoard("Jetson Orin NX", ORIN, 2, (10, 3), (_JETPACK_5[1], *_JETPACK_6)),
    "agx-orin": DlaBoard("Jetson AGX Orin", ORIN, 2, (10, 3), _ORIN_RELEASES, after_pause=True),
    "thor": DlaBoard("Jetson Thor", "", 0, (10, 13), (("7.0", (10, 13)),)),
}


class Target(NamedTuple):
    """What a plan is for. ``generation``: empty where this board with this TensorRT has no DLA, and ``why`` says so."""

    board: str
    generation: str
    cores: int
    tensorrt: Version
    precision: str
    why: str = ""

    @property
    def dla(self) -> str:
        """The DLA's generation in words."""
        return GENERATIONS.get(self.generation, "no DLA")

    @property
    def bytes(self) -> int:
        """Of one number."""
        return 1 if self.precision == "int8" else 2


def parse_version(text: str) -> Version:
    """``8.5.2.2`` and ``8.5`` as numbers. Raises EdgeError."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,6}){0,4}", text):
        raise EdgeError(f"{text[:40]!r} is no version of TensorRT: give it as 8.5 or 10.3.0")
    return tuple(int(part) for part in text.split("."))


def target(board: str, tensorrt: Union[str, Version, None] = None, precision: str = "int8") -> Target:
    """For a board's name, or a DLA's generation (``xavier``, ``orin``). Raises EdgeError for what there is none of."""
    if precision not in PRECISIONS:
        raise EdgeError(f"a DLA computes in {' or '.join(PRECISIONS)}, not in {precision}")
    known = BOARDS.get({XAVIER: "agx-xavier", ORIN: "agx-orin"}.get(board, board))
    if known is None:
        near = nearest(board, list(BOARDS))
        raise EdgeError(
            f"no board {board!r} is known{f' (did you mean {near!r}?)' if near else ''}: {', '.join(BOARDS)}"
        )
    version = parse_version(tensorrt) if isinstance(tensorrt, str) else tensorrt or known.tensorrt
    why = _why_none(known, version)
    return Target(board, "" if why else known.generation, 0 if why else known.cores, version, precision, why)


def jetpacks(board: str) -> Tuple[Tuple[str, Version], ...]:
    """JetPack and TensorRT pairs of a board; nothing for what is no board."""
    return BOARDS[board].releases if board in BOARDS else ()


def written(version: Version) -> str:
    return ".".join(str(part) for part in version)


def _why_none(board: DlaBoard, version: Version) -> str:
    if not board.generation:
        return f"{board.name} has no DLA"
    paused = version[:2] > LAST_BEFORE_PAUSE
    if paused and version < FIRST_AFTER_PAUSE:
        again = ", and 11.4.1 the first with one again" if board.after_pause else ""
        return f"TensorRT {written(version)} has no DLA on a Jetson: 10.7 was the last{again}"
    if paused and not board.after_pause:
        return f"TensorRT {written(version)} has a DLA on AGX Orin alone: on {board.name} 10.7 was the last"
    return ""
