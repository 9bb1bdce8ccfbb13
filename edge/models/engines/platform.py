"""What the workers' Python and the machine say of themselves, as far as an engine depends on it."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional, Tuple


class Platform(NamedTuple):
    """As the builder process tells it (its answer to ``platform``). ``compute_capability``: ``8.7``; empty where no GPU
    can be asked. ``dla_cores``: those that this TensorRT can use. ``fast_fp16``, ``fast_int8``: None where this
    TensorRT does not say. ``board``: its name in ``edge.boards``; ``l4t``: NVIDIA's release (``35.4.1``).
    ``missing``: why no engine could be run here; empty where one can.
    """

    tensorrt: str
    cuda: str = ""
    compute_capability: str = ""
    gpu: str = ""
    dla_cores: int = 0
    memory_mib: int = 0
    fast_fp16: Optional[bool] = None
    fast_int8: Optional[bool] = None
    module: str = "tensorrt"
    board: str = ""
    l4t: str = ""
    missing: str = ""

    @classmethod
    def told(cls, message: Mapping[str, Any]) -> Platform:
        """From the builder's message, whatever else stands in it."""
        return cls(**{name: message[name] for name in cls._fields if name in message})

    @property
    def release(self) -> Tuple[int, int]:
        """Major and minor number of TensorRT."""
        numbers = [int(part) for part in self.tensorrt.split(".")[:2] if part.isdigit()] + [0, 0]
        return numbers[0], numbers[1]

    @property
    def strongly_typed(self) -> bool:
        """Precision is the network's own, and there are no flags for it: TensorRT 11, and all of TensorRT-RTX."""
        return self.module == "tensorrt_rtx" or self.release[0] >= 11
