"""Where each layer of an engine runs: from the inspector, and from what the builder said while it decided.

The builder's word on a layer goes before what could be known before the build.
"""

import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from .api import Api
from .log import Log, checked
from .network import Network

_FALLBACKS = (
    re.compile(r"Default DLA is enabled but layer (?P<layer>.+?) is not supported on DLA, falling back to GPU"),
    re.compile(r"Layer '(?P<layer>.+?)' \(\w+\): Unsupported on DLA\. Switching this layer's device type to GPU"),
    re.compile(r"Validation failed for DLA layer: (?P<layer>.+?)\. Switching to GPU fallback"),
    re.compile(r"DLA Layer (?P<layer>.+?) does not support dynamic shapes in any dimension"),
)
_SPLIT = re.compile(r"Splitting DLA subgraph at: .+? because DLA validation failed")
_LISTED = re.compile(r"\[(?P<device>Dla|Gpu)Layer\] (?:[A-Z_0-9]+: )?(?P<name>.+)")
# What the inspector calls the format of a tensor holds its type, in one of several spellings.
_TYPES = (
    ("INT8", re.compile(r"\bint8\b", re.IGNORECASE)),
    ("FP16", re.compile(r"\bfp16\b|\bhalf\b|\bfloat16\b", re.IGNORECASE)),
    ("BF16", re.compile(r"\bbf16\b|\bbfloat16\b", re.IGNORECASE)),
    ("FP8", re.compile(r"\bfp8\b", re.IGNORECASE)),
    ("INT32", re.compile(r"\bint32\b", re.IGNORECASE)),
    ("INT64", re.compile(r"\bint64\b", re.IGNORECASE)),
    ("BOOL", re.compile(r"\bbool\b", re.IGNORECASE)),
    ("FP32", re.compile(r"\bfp32\b|\bfloat\b|\bfloat32\b", re.IGNORECASE)),
)
#: Layers of a network that no engine runs, and of an engine that compute nothing.
_NOT_RUN = ("CONSTANT",)
_GLUE = re.compile(r"^(reformat|noop|signal|wait|shape_call|constant)", re.IGNORECASE)
_MESSAGES_KEPT = 50
_MESSAGE_CHARACTERS = 200


class EngineLayer(NamedTuple):
    """As it is told: ``device`` is GPU or DLA; ``precision`` of what it puts out, empty where that is not told."""

    name: str
    type: str
    device: str
    precision: str


class Placement(NamedTuple):
    """``dla`` and ``gpu``: layers of the network; ``switches``: how often the work goes from one to the other;
    ``messages``: what the builder said of those that fell back."""

    dla: int
    gpu: int
    switches: int
    messages: List[str]


class Told:
    """What the builder says of placement: :meth:`hear` is a listener of the log."""

    def __init__(self) -> None:
        self.messages: List[str] = []
        #: Names of layers that fell back, and of blocks and layers in the builder's last list.
        self.fallen: Set[str] = set()
        self.dla: List[str] = []
        self.gpu: List[str] = []
        #: The layers that a verbose line of newer builders lists, with their types and formats.
        self.listed: List[Dict[str, Any]] = []

    def hear(self, _severity: str, text: str) -> None:
        for pattern in _FALLBACKS:
            found = pattern.search(text)
            if found:
                self.fallen.add(found.group("layer"))
                self._keep(text)
                return
        if _SPLIT.search(text):
            self._keep(text)
            return
        found = _LISTED.search(text)
        if found:
            (self.dla if found.group("device") == "Dla" else self.gpu).append(found.group("name").strip())
        elif text.startswith("Layers:\nName: "):
            self.listed = [_line(line) for line in text.split("\n")[1:] if line.startswith("Name: ")]

    def _keep(self, text: str) -> None:
        words = " ".join(text.split())[:_MESSAGE_CHARACTERS]
        if words not in self.messages and len(self.messages) < _MESSAGES_KEPT:
            self.messages.append(words)


def engine_layers(api: Api, log: Log, plan: Any, core: Optional[int], told: Told) -> Tuple[List[EngineLayer], str]:
    """The plan's layers in the order in which they run, and a warning when they cannot be told.

    ``core``: the DLA's, None for the GPU. Raises EngineError, OutOfMemory or DeviceLost for a plan that does not load.
    """
    mark = log.mark()
    runtime = api.trt.Runtime(log.logger)
    if core is not None:
        runtime.DLA_core = core
    engine: Any = checked(runtime.deserialize_cuda_engine(plan), log, mark, "the engine cannot be read back")
    inspector = engine.create_engine_inspector()
    try:
        text = inspector.get_engine_information(api.trt.LayerInformationFormat.JSON)
        entries = json.loads(text)["Layers"]
    except (AttributeError, TypeError, ValueError, KeyError):
        return [], "the engine's layers cannot be told: {}".format(log.errors_since(mark) or "no JSON comes of it")
    finally:
        # The one that was made last goes first.
        inspector = None
        engine = None
    return [_layer(entry, told) for entry in entries], ""


def listed_layers(told: Told) -> List[EngineLayer]:
    """What the builder's log lists, where the engine cannot be loaded: nothing, from older builders."""
    return [_layer(entry, told) for entry in told.listed]


def placement(network: Network, layers: Sequence[EngineLayer], told: Told) -> Placement:
    """Of a build for a DLA."""
    names = [layer.name for layer in network.layers() if layer.type not in _NOT_RUN]
    blocks = any(layer.device == "DLA" for layer in layers) or bool(told.dla)
    on_gpu = set(told.fallen)
    for fused in told.gpu:
        on_gpu.update(part.strip() for part in fused.split(" + "))
    devices = ["GPU" if name in on_gpu or not blocks else "DLA" for name in names]
    order = [layer.device for layer in layers if not _is_glue(layer)] if layers else devices
    switches = sum(1 for before, after in zip(order, order[1:]) if before != after)
    return Placement(devices.count("DLA"), devices.count("GPU"), switches, told.messages)


def _layer(entry: Any, told: Told) -> EngineLayer:
    """``entry``: a dict, or with less verbosity the name alone."""
    if not isinstance(entry, dict):
        return EngineLayer(str(entry), "", "DLA" if entry in told.dla else "GPU", "")
    name, kind = str(entry.get("Name", "")), str(entry.get("LayerType", ""))
    # A GPU's fused blocks are called ForeignNode too: the name says nothing.
    device = "DLA" if kind.upper() == "DLA" or name in told.dla else "GPU"
    outputs = entry.get("Outputs") or [{}]
    words = " ".join(str(outputs[0].get(key, "")) for key in ("Datatype", "DataType", "Format/Datatype", "Format"))
    return EngineLayer(name, kind, device, _type(words))


def _type(words: str) -> str:
    return next((name for name, pattern in _TYPES if pattern.search(words)), "")


def _is_glue(layer: EngineLayer) -> bool:
    return bool(_GLUE.match(layer.type)) or layer.name.startswith("Reformatting CopyNode")


def _line(line: str) -> Dict[str, Any]:
    """``Name: n, LayerType: t, Inputs: […], Constants: […], Outputs: [ { …, Datatype: Half, …`` as the inspector's."""
    name, _, rest = line[len("Name: ") :].partition(", LayerType: ")
    kind: str = rest.partition(",")[0]
    outputs: Optional[Any] = re.search(r"Outputs: \[ \{ .*?Datatype: (\w+)", rest)
    return {"Name": name, "LayerType": kind, "Outputs": [{"Datatype": outputs.group(1)}] if outputs else []}
