"""What an engine says of one of its inputs or outputs."""

from typing import Any, NamedTuple, Tuple

import numpy as np


class Tensor(NamedTuple):
    """``shape`` has -1 where it is open. ``plain``: on the device, row after row, and no shape tensor."""

    name: str
    is_input: bool
    shape: Tuple[int, ...]
    dtype: "np.dtype[Any]"
    plain: bool
