"""Which interpreters the doubles can run on."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path
from typing import Optional, Union


@functools.lru_cache(maxsize=None)
def why_not(python: Union[str, Path]) -> Optional[str]:
    """What an interpreter lacks to run the doubles; None when it has all."""
    done = subprocess.run(
        [str(python), "-c", "import numpy, onnx, onnxruntime"], capture_output=True, text=True, timeout=150
    )
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]
