"""What this board's DLA says of each layer of a network before anything is built: it overrules what tables say."""

from typing import Any, Dict

from .api import load
from .config import Config, Target, check_core
from .log import make_log
from .network import parse
from .platform import make_builder
from .plugins import load_plugins
from .precision import Precision


def can_run_on_dla(order: Dict[str, Any]) -> Dict[str, Any]:
    """The answer to ``{"op": "placement"}``, for which a build order's module, plugins, onnx, input, batch, precision
    and core count. Raises EngineError, Incompatible where there is no DLA."""
    api = load(order.get("module", "tensorrt"))
    log = make_log(api)
    load_plugins(api, log, order.get("plugins", []))
    builder = make_builder(api, log)
    target = Target(int(order.get("core") or 0), True)
    check_core(api, builder, target.core or 0)
    network = parse(api, log, builder, order["onnx"], order["input"], order["batch"])
    config = Config(api, log, builder)
    if not api.strongly_typed:
        # INT8 asks for more than FP16, and which layers it takes does not depend on the scales.
        config.precision(Precision({"FP16": True, "INT8": order["precision"] == "int8"}, False, []), None)
    config.device(target, order.get("dla_pools") or {})
    layers = [{"name": layer.name, "type": layer.type, "dla": bool(config.handle.can_run_on_DLA(layer.handle))}
              for layer in network.layers()]  # fmt: skip
    network.close()
    return {"op": "placement", "layers": layers}
