"""Which layers of a build go to the DLA, and what is said of the others."""

from typing import Any, List, Set

from simulated_gpu import board, faults

from . import placement
from .enums import BuilderFlag, DeviceType
from .graph import Graph, Layer, layer_type
from .log import say
from .progress import Refused


class Placing:
    """``layers``: the network's, as the config knows them."""

    def __init__(self, layers: List[Any], config: Any, logger: Any) -> None:
        self._layers, self._config, self._logger = layers, config, logger

    def choose(self, graph: Graph) -> Set[str]:
        """The names of the layers that go to the DLA. Logs the others, and refuses them without GPU_FALLBACK."""
        width, names = placement.width_of(self._config), set()
        rejected = set(faults.all_ordered("dla", "reject"))
        for layer, handle in zip(graph.layers, self._layers):
            if self._config.get_device_type(handle) != DeviceType.DLA or (layer.constant and layer.op == "Constant"):
                continue
            reason = placement.refusal(graph, layer, width)
            if not reason and layer.name in rejected:
                text = f"Validation failed for DLA layer: {layer.name}. Switching to GPU fallback."
                say(self._logger, "WARNING", text)
                continue
            if not reason:
                names.add(layer.name)
                continue
            if reason.startswith("DLA "):
                say(self._logger, "WARNING", reason)
            self._fall_back(layer, self._config.is_device_type_set(handle))
        return names

    def _fall_back(self, layer: Layer, by_hand: bool) -> None:
        word = "Default DLA is enabled but layer"
        if not self._config.get_flag(BuilderFlag.GPU_FALLBACK):
            text = f"{word} {layer.name} is not supported on DLA and falling back to GPU is not enabled."
            raise Refused(9, "standardEngineBuilder.cpp::buildEngine::2326", text)
        if board.VERSION < (8, 6) and not by_hand:
            say(self._logger, "WARNING", f"{word} {layer.name} is not supported on DLA, falling back to GPU.")
        else:
            kind = layer_type(layer.op) or "PLUGIN_V2"
            text = f"Layer '{layer.name}' ({kind}): Unsupported on DLA. Switching this layer's device type to GPU."
            say(self._logger, "WARNING", text)

    def limited(self, parts: List[List[Layer]], on_dla: Set[str]) -> List[List[Layer]]:
        """Blocks beyond what a core holds go to the GPU."""
        kept: List[List[Layer]] = []
        count = 0
        for part in parts:
            count += part[0].name in on_dla
            if part[0].name in on_dla and count > board.RELEASE.loadables:
                if not self._config.get_flag(BuilderFlag.GPU_FALLBACK):
                    raise Refused(9, "dlaUtils.cpp::limit::88", "too many DLA subgraphs and no GPU fallback")
                for layer in part:
                    text = f"DLA supports only {board.RELEASE.loadables} subgraphs per DLA core. Switching to GPU for"
                    say(self._logger, "WARNING", f"{text} layer {layer.name}")
                    on_dla.discard(layer.name)
                    kept.append([layer])
            else:
                kept.append(part)
        return kept
