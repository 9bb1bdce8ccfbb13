"""What an engine is to be, and the key that follows from it: another for any other ingredient."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from edge.errors import ModelError
from edge.models.engines.platform import Platform
from edge.models.onnx_data import network_sha256
from edge.models.verify import known_sha256

#: Grows when the builder makes another engine of the same ingredients.
_FORMAT = 1
_CHANNELS = {"bgr": 3, "rgb": 3, "gray": 1}


class Batch(NamedTuple):
    """Pictures in one run: the least, what is tuned for, the most. Equal where the network or the DLA fixes them."""

    min: int
    opt: int
    max: int


class DlaPools(NamedTuple):
    """The memory that each piece of a network may take on a DLA, in KiB and MiB; powers of two."""

    sram_kib: int = 1024
    local_dram_mib: int = 1024
    global_dram_mib: int = 512


class Recipe(NamedTuple):
    """``name`` is for people: it changes nothing. ``input``: the model's input section with its size filled in.

    ``device`` is gpu or dla, whichever core of it: an engine runs on each. ``calibration``: the file of a calibration
    cache that INT8 needs. ``workspace_mib``: None leaves it to the builder.
    """

    name: str
    onnx: Path
    input: Dict[str, Any]
    precision: str
    device: str
    batch: Batch
    plugins: Tuple[Path, ...] = ()
    calibration: Optional[Path] = None
    workspace_mib: Optional[int] = None
    dla_pools: DlaPools = DlaPools()
    optimization_level: Optional[int] = None
    gpu_fallback: bool = True

    @property
    def shapes(self) -> List[List[int]]:
        """The input's shape for the least, the usual and the largest batch."""
        width, height = self.input["size"]
        channels = _CHANNELS[self.input.get("color", "bgr")]
        nchw = self.input.get("layout", "nchw") == "nchw"
        item = [channels, height, width] if nchw else [height, width, channels]
        return [[count, *item] for count in self.batch]

    def ingredients(self, platform: Platform) -> Dict[str, Any]:
        """All that the engine depends on, as plain values. Raises ModelError where a file of it cannot be read."""
        on_dla = self.device == "dla"
        return {
            "format": _FORMAT,
            "network": network_sha256(self.onnx),
            "plugins": sorted(_sha256(path) for path in self.plugins),
            "module": platform.module,
            "tensorrt": platform.tensorrt,
            "cuda": platform.cuda,
            "compute_capability": platform.compute_capability,
            "gpu": platform.gpu,
            "board": platform.board,
            "l4t": platform.l4t,
            "device": self.device,
            "dla": {"pools": list(self.dla_pools), "gpu_fallback": self.gpu_fallback} if on_dla else None,
            "precision": self.precision,
            "calibration": None if self.calibration is None else _sha256(self.calibration),
            "profile": self.shapes,
            "workspace_mib": self.workspace_mib,
            "optimization_level": self.optimization_level,
        }

    def order(self) -> Dict[str, Any]:
        """What the builder process is told of it; ``engines.build`` adds the files."""
        return {
            "onnx": str(self.onnx),
            "name": self.name,
            "input": self.input,
            "precision": self.precision,
            "device": self.device,
            "core": 0,
            "batch": self.batch._asdict(),
            "workspace_mib": self.workspace_mib,
            "dla_pools": self.dla_pools._asdict(),
            "plugins": [str(path) for path in self.plugins],
            "optimization_level": self.optimization_level,
            "gpu_fallback": self.gpu_fallback,
        }


def engine_key(ingredients: Dict[str, Any]) -> str:
    """The name of the engine that is made of these."""
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _sha256(path: Path) -> str:
    try:
        return known_sha256(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
