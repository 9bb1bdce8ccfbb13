"""Where the calibration of a network is: pictures of the user's own cameras, and the ranges TensorRT found by them.

By the network's content: another network, or new weights, need a calibration of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional

from edge.models.engines.platform import Platform
from edge.models.folders import state_folder
from edge.models.onnx_data import network_sha256


class Calibration(NamedTuple):
    """``pictures``: prepared ones, as the builder takes them. ``ranges``: TensorRT's calibration cache, by release."""

    folder: Path

    @property
    def pictures(self) -> Path:
        return self.folder / "pictures.npy"

    def ranges(self, platform: Platform) -> Path:
        return self.folder / f"entropy2-{platform.tensorrt}.cache"

    def found(self, platform: Platform) -> Optional[Path]:
        """The ranges, where the network was calibrated with this TensorRT."""
        path = self.ranges(platform)
        return path if path.is_file() and path.stat().st_size else None


def calibration_of(onnx: Path) -> Calibration:
    """Where it is, or is to be put. Raises ModelError where the network cannot be read."""
    return Calibration(state_folder() / "calibration" / network_sha256(onnx)[:32])
