"""What boards do a second: edge/boards/rates.yaml, read.

It is read as a file: this side must not import the workers' tables that it lies beside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

import yaml

import edge
from edge.config.nearest import nearest
from edge.errors import EdgeError

FILE = Path(edge.__file__).parent / "boards" / "rates.yaml"
#: Megapixels a second of one stream of 1920x1080 at 30 pictures/s.
STREAM_MP_S = 1920 * 1080 * 30 / 1e6


class Figure(NamedTuple):
    """From ``low`` to ``high``. ``origin``: published, measured or estimate; ``where``: the source, or how it was
    derived."""

    low: float
    high: float
    origin: str
    where: str

    def times(self, factor: float) -> Figure:
        return self._replace(low=self.low * factor, high=self.high * factor)


class BoardRates(NamedTuple):
    """One module by its memory. ``decode`` by codec and ``vic`` in megapixels/s, ``bandwidth`` in GB/s; ``gpu`` and
    ``dla`` (of one core) in 10^12 operations/s by precision, None where no figure was found. ``unknown``: why there is
    none, by what is unknown (``gpu int8``)."""

    key: str
    name: str
    memory_mib: int
    gpu_kind: str
    cores: Figure
    core_speed: Figure
    decode: Dict[str, Figure]
    vic: Figure
    bandwidth: Figure
    gpu: Dict[str, Optional[Figure]]
    dla_cores: int
    dla: Dict[str, Optional[Figure]]
    unknown: Dict[str, str]


class Rates:
    """The whole file."""

    def __init__(self, file: Path = FILE) -> None:
        self._data: Dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        self.sources: Dict[str, Dict[str, str]] = self._data["sources"]

    @property
    def boards(self) -> List[str]:
        return list(self._data["boards"])

    def sizes(self, board: str) -> List[int]:
        """Of memory in MiB, smallest first."""
        return [variant["memory_mib"] for variant in self._data["boards"][board]["variants"]]

    def general(self, section: str, name: str = "") -> Figure:
        """What holds for every board: ``shares``, ``costs``, ``memory``, ``traffic``, ``layer_us``."""
        told = self._data[section]
        return self._figure(told[name] if name else told)

    def board(self, key: str, memory_mib: Optional[int] = None) -> BoardRates:
        """The module of that size; the smallest where none is given. Raises EdgeError for what there is not."""
        if key not in self._data["boards"]:
            near = nearest(key, self.boards)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise EdgeError(f"no board {key!r} is known{hint}: {', '.join(self.boards)}")
        sizes = self.sizes(key)
        if memory_mib is not None and memory_mib not in sizes:
            there = ", ".join(f"{size // 1024}" for size in sizes)
            raise EdgeError(f"{key} is not made with {memory_mib // 1024} GB: {there}")
        own = self._data["boards"][key]
        variant = own["variants"][0 if memory_mib is None else sizes.index(memory_mib)]
        return self._board(key, {**own, **variant})

    def _board(self, key: str, told: Mapping[str, Any]) -> BoardRates:
        unknown: Dict[str, str] = {}
        best = self._figure(told["decode"]["h265"])
        decode = {codec: self._figure(figure, best) for codec, figure in told["decode"].items()}
        dla = told.get("dla", {})

        def peaks(engine: str, found: Mapping[str, Any]) -> Dict[str, Optional[Figure]]:
            figures: Dict[str, Optional[Figure]] = {}
            for precision in ("fp16", "int8"):
                figure = found.get(precision)
                if figure is None or "unknown" in figure:
                    figures[precision] = None
                    unknown[f"{engine} {precision}"] = figure["unknown"] if figure else "there is none"
                else:
                    figures[precision] = self._figure(figure)
            return figures

        return BoardRates(
            key, told["name"], told["memory_mib"], told["gpu_kind"], self._figure(told["cores"]),
            self._figure(told["core_speed"]),
            {codec: figure.times(STREAM_MP_S) for codec, figure in decode.items()},
            self._figure(told["vic"], best).times(STREAM_MP_S), self._figure(told["bandwidth"]),
            peaks("gpu", told["gpu"]), dla.get("cores", 0), peaks("dla", dla) if dla else {}, unknown,
        )  # fmt: skip

    def _figure(self, told: Mapping[str, Any], base: Optional[Figure] = None) -> Figure:
        if "times" in told:
            assert base is not None
            low, high = (factor * end for factor, end in zip(told["times"], (base.low, base.high)))
        elif "value" in told:
            low = high = told["value"]
        else:
            low, high = told["low"], told["high"]
        where = self.sources[told["source"]]["title"] if "source" in told else str(told["how"])
        return Figure(float(low), float(high), str(told["origin"]), where)
