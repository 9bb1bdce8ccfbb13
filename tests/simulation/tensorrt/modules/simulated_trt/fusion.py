"""The engine's layers: what the network's became. Activations join their convolution, a DLA block is one."""

from typing import Dict, List, NamedTuple, Set

from .graph import Graph, Layer, layer_type

_JOINED = ("Relu", "LeakyRelu", "Clip", "Sigmoid", "BatchNormalization", "Tanh")


class Step(NamedTuple):
    """``work``: its share of the multiplications, for what a profiler is told."""

    name: str
    kind: str
    device: str
    precision: str
    inputs: List[str]
    outputs: List[str]
    work: int


def name_of_block(block: List[Layer]) -> str:
    if len(block) == 1:
        return "{ForeignNode[" + block[0].name + "]}"
    return "{ForeignNode[" + block[0].name + "..." + block[-1].name + "]}"


def steps_of(graph: Graph, parts: List[List[Layer]], on_dla: Set[str], precisions: Dict[str, str]) -> List[Step]:
    """In the order in which they run."""
    found: List[Step] = []
    maker: Dict[str, int] = {}
    ends = {t.name for t in graph.inputs}, {t.name for t in graph.outputs}
    for part in parts:
        inside = {name for layer in part for name in layer.outputs}
        inputs = [
            n for layer in part for n in layer.inputs if n and n not in inside and not graph.is_constant(n)
        ]  # fmt: skip
        outputs = [
            n for n in inside if n in ends[1] or any(c.name not in {p.name for p in part} for c in graph.consumers(n))
        ]
        work = sum(graph.multiplications(layer) for layer in part)
        if part[0].name in on_dla:
            for name in inputs:
                found.append(Step(f"{name} to nvm", "REFORMAT", "GPU", "FP16", [name], [name], 1))
            how = "INT8" if any(precisions[layer.name] == "INT8" for layer in part) else "FP16"
            found.append(Step(name_of_block(part), "DLA", "DLA", how, inputs, sorted(outputs), work))
            for name in sorted(outputs):
                found.append(Step(f"{name} from nvm", "REFORMAT", "GPU", "FP16", [name], [name], 1))
            continue
        layer = part[0]
        source = layer.inputs[0] if layer.inputs else ""
        if layer.op in _JOINED and source in maker and len(graph.consumers(source)) == 1 and source not in ends[1]:
            place = maker[source]
            before = found[place]
            joined = before._replace(name=before.name + " + " + layer.name, outputs=list(layer.outputs))
            found[place] = joined._replace(work=before.work + work)
            maker[layer.outputs[0]] = place
            continue
        kind = layer_type(layer.op) or "PLUGIN_V2"
        if kind in ("CONVOLUTION", "FULLY_CONNECTED", "DECONVOLUTION"):
            maker[layer.outputs[0]] = len(found)
        found.append(Step(layer.name, kind, "GPU", precisions[layer.name], inputs, sorted(outputs), work))
    return found
