"""The builder process as the daemon starts it, and orders for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

import numpy as np

from tests.support.worker import WorkerHarness


class Builder(WorkerHarness):
    """One order, one process."""

    def __init__(
        self, python: Union[Path, str] = sys.executable, environment: Optional[Dict[str, str]] = None
    ) -> None:
        super().__init__("edge.inference.build", "edge: build", python, environment)

    def order(self, **order: Any) -> Dict[str, Any]:
        """Send it; the answer, when the process has ended as it should after one."""
        self.control.send(order)
        while True:
            message = self.hear()
            if message is not None and message["op"] != "progress":
                break
        assert self.process.wait(100) == 0
        return message


def build_order(onnx: Path, folder: Path, **changes: Any) -> Dict[str, Any]:
    """An order to build ``onnx`` for the GPU as fp32, with its files in ``folder``."""
    order: Dict[str, Any] = {
        "op": "build",
        "module": "tensorrt",
        "onnx": str(onnx),
        "plan": str(folder / "engine.plan.tmp"),
        "name": onnx.stem,
        "input": {"color": "bgr", "layout": "nchw"},
        "precision": "fp32",
        "device": "gpu",
        "core": 0,
        "batch": {"min": 1, "opt": 1, "max": 1},
        "workspace_mib": None,
        "dla_pools": {"sram_kib": 1024, "local_dram_mib": 1024, "global_dram_mib": 512},
        "timing_cache": "",
        "calibration": None,
        "plugins": [],
        "optimization_level": None,
        "gpu_fallback": True,
        "memory_limit_mib": None,
        "log": str(folder / "build.log"),
        "compare": None,
    }
    order.update(changes)
    return order


def pictures(path: Path, count: int, item: Tuple[int, ...] = (3, 288, 384)) -> str:
    """Noise, as an ``.npy`` or ``.npz`` file; its path."""
    array = np.random.default_rng(1).random((count, *item)).astype(np.float32)
    if path.suffix == ".npz":
        np.savez(str(path), *array)
    else:
        np.save(str(path), array)
    return str(path)
