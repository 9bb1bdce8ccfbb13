"""``edge models profile``: how long each layer of a network takes."""

from typing import Any, Callable, Dict

from .backends import open_backend

_RUNS = 50


def profile(order: Dict[str, Any], send: Callable[[Dict[str, Any]], Any]) -> Dict[str, Any]:
    """The answer to {"op": "profile", "model": spec, "options": a lane's, "runs": 50}: each layer's mean milliseconds
    in the order in which they run, and its share of their sum. Raises EngineError."""
    runs = max(1, int(order.get("runs") or _RUNS))
    backend = open_backend(str(order["options"].get("backend", "onnxruntime")), order["model"], order["options"])
    try:
        send({"op": "progress", "phase": "profile", "done": None})
        layers = backend.layers(runs)
        total = sum(ms for _name, ms in layers) or 1.0
        return {
            "op": "profile",
            "backend": backend.name,
            "batch": backend.batch,
            "layers": [{"name": name, "ms": ms, "share": ms / total} for name, ms in layers],
            "runs": runs,
        }
    finally:
        backend.close()
