"""``edge models bench``: trtexec's figures, with trtexec's definitions, for every backend.

A query is one run of the largest batch. After a warm-up of 200 ms there are at least 10 of them and for at least 3 s,
two under way at a time. Latency is the sum of a query's three spans on the device (input copied, computed, outputs
copied) and no wall time; throughput is queries by wall time. Percentile p of N sorted values is number
max(N - 1 - int((1 - p / 100) * N), 0).
(https://github.com/NVIDIA/TensorRT, samples/common/sampleReporting.cpp)
"""

import time
from typing import Any, Callable, Dict, List, NamedTuple, Sequence

from .backends import Backend, Query, open_backend

_IN_FLIGHT = 2
_WARM_UP_S = 0.2
_LEAST_QUERIES = 10
_SECONDS = 3.0
_PERCENTILES = (90, 95, 99)
#: Above these trtexec warns.
_ENQUEUE_SHARE = 0.8
_VARIATION = 1.0
_PROGRESS_S = 0.25


class _Times(NamedTuple):
    """Milliseconds of one query."""

    enqueue: float
    h2d: float
    compute: float
    d2h: float

    @property
    def latency(self) -> float:
        return self.h2d + self.compute + self.d2h


def bench(order: Dict[str, Any], send: Callable[[Dict[str, Any]], Any]) -> Dict[str, Any]:
    """The answer to {"op": "bench", "model": spec, "options": a lane's, "seconds": 3, "warm_up": 0.2}, progress sent
    meanwhile. Raises EngineError."""
    seconds = float(order.get("seconds") or _SECONDS)
    warm_up = order.get("warm_up")
    backend = open_backend(str(order["options"].get("backend", "onnxruntime")), order["model"], order["options"])
    try:
        queries = backend.queries(_IN_FLIGHT)
        _run(queries, _WARM_UP_S if warm_up is None else float(warm_up), 1, lambda done: None)
        told = [0.0]

        def progress(done: float) -> None:
            now = time.perf_counter()
            if now - told[0] > _PROGRESS_S:
                told[0] = now
                send({"op": "progress", "phase": "bench", "done": min(1.0, done)})

        began = time.perf_counter()
        times = _run(queries, seconds, _LEAST_QUERIES, progress)
        return dict(_report(times, time.perf_counter() - began, backend), op="bench")
    finally:
        backend.close()


def _run(queries: Sequence[Query], seconds: float, least: int, progress: Callable[[float], None]) -> List[_Times]:
    """Keep all queries under way for so long and so many; their times."""
    times: List[_Times] = []
    enqueued = [0.0] * len(queries)
    began = time.perf_counter()
    under_way: List[int] = []
    started = 0
    while True:
        elapsed = time.perf_counter() - began
        more = elapsed < seconds or started < least
        if more and len(under_way) < len(queries):
            number = started % len(queries)
            enqueued[number] = queries[number].start()
            under_way.append(number)
            started += 1
            continue
        if not under_way:
            return times
        number = under_way.pop(0)
        times.append(_Times(enqueued[number], *queries[number].finish()))
        progress(elapsed / seconds)


def _report(times: List[_Times], wall_s: float, backend: Backend) -> Dict[str, Any]:
    compute = [one.compute for one in times]
    return {
        "backend": backend.name,
        "batch": backend.batch,
        "input": list(backend.input_shape),
        "queries": len(times),
        "seconds": round(wall_s, 3),
        "throughput": len(times) / wall_s,
        "pictures_per_s": len(times) * backend.batch / wall_s,
        "latency": _summary([one.latency for one in times]),
        "enqueue": _summary([one.enqueue for one in times]),
        "h2d": _summary([one.h2d for one in times]),
        "compute": _summary(compute),
        "d2h": _summary([one.d2h for one in times]),
        "compute_total_s": sum(compute) / 1000,
        "warnings": warnings(times, backend.on_host),
        "note": backend.note,
    }


def _summary(values: Sequence[float]) -> Dict[str, float]:
    """In ms."""
    ordered = sorted(values)
    found = {
        "min": ordered[0],
        "max": ordered[-1],
        "mean": sum(ordered) / len(ordered),
        "median": _median(ordered),
    }
    found.update(("p{}".format(p), percentile(ordered, p)) for p in _PERCENTILES)
    return found


def percentile(ordered: Sequence[float], p: float) -> float:
    """trtexec's, of sorted values."""
    return ordered[max(len(ordered) - 1 - int((100 - p) * len(ordered) / 100.0), 0)]


def _median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def warnings(times: Sequence[Any], on_host: bool) -> List[str]:
    """What makes the figures less than they seem. ``times``: of each query."""
    compute = sorted(one.compute for one in times)
    median = _median(compute)
    found = []
    if not on_host:
        enqueue = _median(sorted(one.enqueue for one in times))
        if enqueue > _ENQUEUE_SHARE * median:
            found.append(
                "the processor may be the bound: enqueueing takes {:.3g} ms where the device computes for {:.3g} ms; "
                "a larger batch helps".format(enqueue, median)
            )
        for name, what in (("h2d", "to the device"), ("d2h", "from the device")):
            copy = _median(sorted(getattr(one, name) for one in times))
            if copy > median:
                found.append("the copies {} ({:.3g} ms) take longer than computing ({:.3g} ms)".format(
                    what, copy, median))  # fmt: skip
    mean = sum(compute) / len(compute)
    variance = sum((value - mean) ** 2 for value in compute) / len(compute)
    variation = 100 * variance**0.5 / mean if mean else 0.0
    if variation > _VARIATION:
        found.append(
            "the time to compute is not stable (coefficient of variation {:.1f} %): are the clocks fixed, and does "
            "nothing else run here?".format(variation)
        )
    return found
