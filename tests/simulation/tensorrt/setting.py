"""A TensorRT made of doubles: modules ``tensorrt`` and ``pycuda`` that compute with ONNX Runtime on host memory.

What a process sees of them is its environment. ``order`` makes things fail while it runs, by lines of a control file:

    parse error [TEXT]          the parser refuses every network
    build none [TEXT]           a build gives None           build abort      the process dies in the build
    build seconds N             a build takes so long        dla reject LAYER the build puts this layer on the GPU
    dla wrong [FACTOR]          engines that are built with layers on the DLA give outputs times FACTOR (0)
    log SEVERITY TEXT           a line in each build's log: ERROR, WARNING, INFO, VERBOSE
    deserialize none [TEXT]     plans give None              context none     so does create_execution_context
    execute false [TEXT]        runs are refused             delay MS         everything in a stream takes longer
    oom                         no more device memory        memory free MIB  what is left of it
    device lost                 the GPU fails for good: every process that looks at it must go
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, Mapping, Optional, Union

import pytest

from tests.simulation.tensorrt.hosts import why_not

MODULES = Path(__file__).parent / "modules"
VERSIONS = ("8.2", "8.5", "8.6", "10.3", "11.1")
_OURS = ("tensorrt", "pycuda", "simulated_gpu", "simulated_trt")


class TensorRT:
    """``version``: one of VERSIONS. ``board``: a key of simulated_gpu.board.BOARDS. ``folder``: where its control file
    may lie."""

    def __init__(self, version: str, board: str, folder: Path) -> None:
        assert version in VERSIONS, version
        self.version = version
        self.board = board
        self.control = folder / "tensorrt-control"

    def environment(self, base: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        """``base`` (this process's own environment) as a process on the board has it."""
        environment = dict(os.environ if base is None else base)
        before = environment.get("PYTHONPATH")
        environment.update(
            PYTHONPATH=os.pathsep.join([str(MODULES), *([before] if before else [])]),
            EDGE_SIMULATED_TENSORRT=self.version,
            EDGE_SIMULATED_TENSORRT_BOARD=self.board,
            EDGE_SIMULATED_TENSORRT_CONTROL=str(self.control),
        )
        return environment

    def order(self, *lines: str) -> None:
        """From now on these hold, and none from before; without any, all works again."""
        half = self.control.with_suffix(".new")
        half.write_text("".join(line + "\n" for line in lines))
        half.replace(self.control)

    def installed(self, python: Union[str, Path] = sys.executable) -> bool:
        """Whether that interpreter has what the doubles stand on: numpy, onnx and onnxruntime."""
        return why_not(python) is None

    def skip_without(self, python: Union[str, Path] = sys.executable) -> None:
        """Skip the test where that interpreter lacks what the doubles stand on."""
        reason = why_not(python)
        if reason is not None:
            pytest.skip(f"{python}: {reason}")

    @contextmanager
    def here(self) -> Iterator[None]:
        """The modules in this very process: ``import tensorrt`` is the double within, and nobody's after it.

        What was imported within and keeps one of them (``edge.inference.tensorrt``, …) must be let go by the test.
        """
        environment = self.environment({})
        with pytest.MonkeyPatch.context() as patch:
            for name in [n for n in sys.modules if n.split(".")[0] in _OURS]:
                patch.delitem(sys.modules, name)
            patch.syspath_prepend(str(MODULES))
            for key, value in environment.items():
                if key != "PYTHONPATH":
                    patch.setenv(key, value)
            try:
                yield
            finally:
                gc.collect()  # memory of the GPU that is let go later, in whatever thread, would be complained of there
                _close()
                for name in [n for n in sys.modules if n.split(".")[0] in _OURS]:
                    del sys.modules[name]


def _close() -> None:
    """End the threads of the streams that are left."""
    streams = sys.modules.get("simulated_gpu.stream")
    if streams is not None:
        for queue in streams.live().values():
            queue.close()
