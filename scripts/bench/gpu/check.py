"""The kernel against the definitions: random pictures of every format, random inputs, every type of tensor."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

from edge.inference.cuda import Device, Function
from edge.inference.cuda.compiler import code_for
from edge.inference.cuda.pictures import ARGUMENTS, ENTRIES, CudaPreprocessor, Staging
from edge.inference.picture import Picture

from .reference import Case, draw_input, unnormalised
from .row import Row

_ROUNDS = 25
_BATCH = 7


def kernels(device: Device, folder: str) -> Dict[str, Function]:
    """By the type of the tensor. The device is current."""
    code = code_for(device.compute_capability, folder)
    return dict(zip(ENTRIES, device.functions(code, list(ENTRIES.values()), ARGUMENTS)))


def picture(case: Case) -> Picture:
    return Picture(case.kind, case.width, case.height, case.planes, case.matrix, case.full)


def measure(device: Device, folder: str, rounds: int = _ROUNDS) -> List[Row]:
    rng = np.random.default_rng()
    rows: List[Row] = []
    with device:
        functions = kernels(device, folder)
        for dtype, function in functions.items():
            worst: Dict[str, float] = dict.fromkeys(Case.kinds, 0.0)
            for _ in range(rounds):
                for kind, error in _round(device, function, rng, dtype):
                    worst[kind] = max(worst[kind], error)
            for kind, error in worst.items():
                rows.append(Row(f"{kind} to {dtype}: largest error", error, "of 255", most=1.0))
    rows.append(Row("pictures compared", rounds * len(functions) * _BATCH, ""))
    return rows


def _round(device: Device, function: Function, rng: Any, dtype: str) -> List[Tuple[str, float]]:
    """One batch, one picture of each kind, sides odd and even; each one's largest error."""
    input = draw_input(rng, dtype)
    size = (int(rng.integers(1, 700)), int(rng.integers(1, 700)))
    longest = int(rng.choice([8, 100, 1920]))
    cases = [Case(rng, kind, *(int(n) for n in rng.integers(1, longest + 1, 2))) for kind in Case.kinds]
    stream, staging = device.stream(), Staging(device, len(cases))
    work = CudaPreprocessor(device, function, input, size, dtype)
    out = device.pinned((len(cases) + 1, *work.item_shape), dtype)
    out[:] = 77
    tensor = device.alloc(out.nbytes)
    device.to_device(tensor.address, out, stream)
    fits = work.write([picture(case) for case in cases], staging, tensor.address, stream)
    device.from_device(out, tensor.address, stream)
    stream.synchronize()
    assert len(fits) == len(cases)
    assert (out[-1] == 77).all(), "the kernel has written behind the batch"
    errors = []
    for case, item in zip(cases, out):
        found = unnormalised(item, input)
        errors.append((case.kind, float(np.abs(found - case.expected(input, size)).max())))
        assert np.isfinite(found).all()
    staging.close()
    tensor.free()
    device.free(out)
    stream.close()
    return errors
