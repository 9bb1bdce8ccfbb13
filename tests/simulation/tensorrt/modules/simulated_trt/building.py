"""One build, step by step."""

import os
import time
from typing import Any, Dict, List, NamedTuple, Set, Tuple

from simulated_gpu import board, faults, memory
from simulated_gpu.errors import CudaFault

from . import placement
from .calibrate import CalibrationFailed, scales_of
from .enums import DeviceType, has_flag
from .fusion import Step, steps_of
from .graph import Graph, with_shapes
from .log import fail, say
from .placing import Placing
from .plan import pack
from .precision import WEIGHTED, lowered
from .progress import Progress, Refused
from .sizes import activation_bytes, array_bytes

#: What CUDA's own libraries take of the device's memory while they build.
_LIBRARIES = 160 << 20
Shapes = Dict[str, Tuple[int, ...]]


class Outcome(NamedTuple):
    """Where every layer runs and how."""

    on_dla: Set[str]
    precisions: Dict[str, str]
    steps: List[Step]


class Build:
    def __init__(self, network: Any, config: Any, logger: Any, strongly_typed: bool) -> None:
        self._network, self._config, self._logger = network, config, logger
        self._typed = strongly_typed
        self._fp16 = has_flag(config.flags, "FP16") and not strongly_typed
        self._int8 = has_flag(config.flags, "INT8") and not strongly_typed
        self._reserved = 0

    def run(self) -> bytes:
        """The plan. Raises Refused."""
        self._check()
        profiles = self._profiles()
        optimum: Shapes = {name: three[1] for name, three in profiles[0].items()}
        largest: Shapes = {name: three[2] for name, three in profiles[0].items()}
        dynamic = any(a != c for profile in profiles for a, _, c in profile.values())
        graph: Graph = with_shapes(self._network._graph.model, optimum)
        rules = self._network._graph if dynamic else graph
        placing = Placing(self._network._layers, self._config, self._logger)
        on_dla = placing.choose(rules)
        with Progress(self._config, self._logger, len(graph.layers)) as progress:
            progress.step("Graph optimization")
            scales = self._scales(graph, optimum)
            progress.step("Calibration")
            precisions = self._precisions(graph, on_dla, scales)
            parts = placing.limited(placement.blocks(graph, on_dla), on_dla)
            steps = steps_of(graph, parts, on_dla, precisions)
            self._memory(graph, with_shapes(self._network._graph.model, largest))
            try:
                self._tell(steps, progress)
            finally:
                memory.release(self._reserved)
        return self._packed(profiles, largest, graph, Outcome(on_dla, precisions, steps), scales)

    def _check(self) -> None:
        if self._network._graph is None or not self._network.num_outputs:
            raise Refused(4, "network.cpp::validate::3062", "Network must have at least one output")
        for line in faults.all_ordered("log"):
            severity, _, text = line.partition(" ")
            say(self._logger, severity.upper(), text)
        if faults.ordered("build", "abort") is not None:
            os.abort()
        if self._typed and self._config.flags and board.VERSION < (11,):
            for word in ("FP16", "INT8", "BF16", "FP8"):
                if has_flag(self._config.flags, word):
                    text = f"The {word} flag must not be set for a strongly typed network."
                    raise Refused(3, "", text)
        wanted = self._config.default_device_type == DeviceType.DLA or DeviceType.DLA in self._config._devices.values()
        if wanted and not (0 <= max(self._config.DLA_core, 0) < board.DLA_CORES):
            core = max(self._config.DLA_core, 0)
            text = f"DLA core {core} was asked for, but this platform has {board.DLA_CORES}."
            raise Refused(4, "dlaUtils.cpp::checkCore::71", text)
        if self._int8 and not board.BOARD.fast_int8:
            say(self._logger, "WARNING", "Int8 support requested on hardware without native Int8 support, performance "
                "will be negatively affected.")  # fmt: skip

    def _profiles(self) -> List[Dict[str, Tuple[Tuple[int, ...], ...]]]:
        """By profile and input: min, opt and max. An input of settled shape needs none."""
        found = []
        for profile in self._config._profiles or [None]:
            shapes = {}
            for tensor in self._network._graph.inputs:
                given = profile._shapes.get(tensor.name) if profile is not None else None
                if given is None:
                    if -1 in tensor.shape:
                        what = "has no" if profile is None else "lacks the input's shapes in an"
                        text = f"Network has dynamic or shape inputs, but {what} optimization profile: {tensor.name}"
                        raise Refused(4, "network.cpp::validate::3011", text + " has been defined.")
                    given = (tensor.shape,) * 3
                for shape in given:
                    if len(shape) != len(tensor.shape) or any(a not in (-1, b) for a, b in zip(tensor.shape, shape)):
                        text = f"{tensor.name}: a profile's {shape} does not fit the network's {tensor.shape}"
                        raise Refused(4, "network.cpp::validate::2959", text)
                shapes[tensor.name] = tuple(given)
            found.append(shapes)
        return found

    def _scales(self, graph: Graph, optimum: Shapes) -> Dict[str, float]:
        """INT8's scale of each tensor: the ranges given by hand, or the calibrator's."""
        if not self._int8 or any(layer.op == "QuantizeLinear" for layer in graph.layers):
            return {}
        known = self._network._tensors
        by_hand = {n: max(abs(t._range[0]), abs(t._range[1])) / 127 for n, t in known.items() if t._range}
        calibrator = self._config.int8_calibrator
        if calibrator is None:
            if not by_hand:
                say(self._logger, "WARNING", "Calibrator is not being used. Users must provide dynamic range for all "
                    "tensors that are not Int32 or Bool.")  # fmt: skip
            return by_hand
        shapes = optimum
        if self._config._calibration_profile is not None:
            given = self._config._calibration_profile._shapes
            shapes = {name: given[name][1] if name in given else shape for name, shape in optimum.items()}
        elif any(-1 in t.shape for t in self._network._graph.inputs):
            text = "Calibration Profile is not defined. Running calibration with Profile 0"
            say(self._logger, "INFO", text)
        try:
            found = scales_of(with_shapes(graph.model, shapes), shapes, calibrator, self._logger)
        except CalibrationFailed:
            raise Refused() from None
        return {**found, **by_hand}

    def _precisions(self, graph: Graph, on_dla: Set[str], scales: Dict[str, float]) -> Dict[str, str]:
        """FP32, FP16 or INT8 by layer."""
        found = {}
        half = self._fp16
        obeyed = any(has_flag(self._config.flags, w + "_PRECISION_CONSTRAINTS") for w in ("OBEY", "PREFER"))
        words = {"FLOAT": "FP32", "HALF": "FP16", "INT8": "INT8"}
        for layer, handle in zip(graph.layers, self._network._layers):
            how = "FP16" if half or layer.name in on_dla else "FP32"
            source = next((name for name in layer.inputs if not graph.is_constant(name)), "")
            if self._int8 and source in scales and layer.op in WEIGHTED:
                how = "INT8"
            elif self._int8 and layer.op in WEIGHTED and source and scales:
                say(self._logger, "WARNING", f"Missing scale and zero-point for tensor {source}, expect fall back to "
                    "non-int8 implementation for any layer consuming or producing given tensor")  # fmt: skip
            if handle._precision is not None and obeyed:
                how = words.get(handle._precision.name, how)
            if self._typed:
                tensor = graph.tensors.get(layer.outputs[0])
                how = words.get(tensor.kind if tensor is not None else "FLOAT", "FP32")
            found[layer.name] = how
        return found

    def _memory(self, graph: Graph, largest: Graph) -> None:
        """What the build needs at once: weights twice, activations, a workspace and libraries."""
        weights = sum(array_bytes(i) for i in graph.model.graph.initializer)
        need = 2 * weights + activation_bytes(largest)
        workspace = self._config._workspace()
        wish = min(need * 2, 64 << 20)
        if workspace < wish:
            text = "Some tactics do not have sufficient workspace memory to run. Increasing workspace size will enable"
            say(self._logger, "INFO", text + " more tactics, please check verbose output.")
        need += min(workspace, wish) + _LIBRARIES
        try:
            memory.reserve(need)
        except CudaFault:
            place = "virtualMemoryBuffer.cpp::resizePhysical::144"
            fail(self._logger, 1, place, "[resizePhysical]", "out of memory", "Cuda Driver")
            text = f"Requested amount of GPU memory ({need} bytes) could not be allocated. There may not be enough free"
            say(self._logger, "ERROR", text + " memory for allocation to succeed.")
            place, text = "optimizer.cpp::computeCosts::3626", "Could not find any implementation for node {...}."
            raise Refused(10, place, text) from None
        self._reserved = need
        mib = need >> 20
        say(self._logger, "INFO", f"[MemUsageStats] Peak memory usage of TRT CPU/GPU memory allocators: CPU {mib} MiB, "
            f"GPU {mib} MiB")  # fmt: skip

    def _tell(self, steps: List[Step], progress: Progress) -> None:
        """The tactics' timing and where each layer runs."""
        cache = self._config._cache
        use = "Local" if cache is None else "Global"
        tail = "will not be stored" if cache is None else "will be stored"
        say(self._logger, "INFO", f"{use} timing cache in use. Profiling results in this builder pass {tail}.")
        slow = float(faults.ordered("build", "seconds") or 0) / max(1, len(steps))
        for step in steps:
            say(self._logger, "VERBOSE", "=============== Computing costs for")
            key = f"{step.name}|{step.precision}|{step.device}"
            if cache is None or key not in cache._entries:
                say(self._logger, "VERBOSE", f"--------------- Timing Runner: {step.name} (CaskConvolution)")
                time.sleep(slow)
            if cache is not None:
                cache._entries[key] = 0.1
            progress.tactic(step.name)
        for device, word in ((DeviceType.DLA, "DLA"), (DeviceType.GPU, "GPU")):
            here = [step for step in steps if step.device == device.name and step.kind != "REFORMAT"]
            if word == "DLA" and not board.DLA_CORES:
                continue
            say(self._logger, "INFO", f"---------- Layers Running on {word} ----------")
            for step in here:
                kind = "" if word == "DLA" or board.VERSION < (8, 4) else step.kind + ": "
                say(self._logger, "INFO", f"[{word.title() if word == 'GPU' else 'Dla'}Layer] {kind}{step.name}")

    def _packed(
        self, profiles: List[Any], largest: Shapes, graph: Graph, outcome: Outcome, scales: Dict[str, float]
    ) -> bytes:
        wrong = faults.ordered("dla", "wrong")
        on_dla = outcome.on_dla
        network: Graph = self._network._graph
        source = Graph(network.model)
        data = lowered(source, outcome.precisions, scales, rounded_outputs=bool(on_dla) and not self._typed)
        header = {
            "tensorrt": board.RELEASE.version,
            "compute": list(board.BOARD.compute),
            "gpu": board.BOARD.gpu,
            "board": board.BOARD_NAME,
            "name": self._network.name,
            "inputs": [_io(t) for t in self._network._input_tensors],
            "outputs": [_io(t) for t in self._network._output_tensors],
            "profiles": [{k: [list(s) for s in v] for k, v in profile.items()} for profile in profiles],
            "steps": [step._asdict() for step in outcome.steps],
            "verbosity": self._config.profiling_verbosity.name,
            "dla_blocks": sum(1 for step in outcome.steps if step.device == "DLA"),
            "weights": sum(array_bytes(i) for i in network.model.graph.initializer),
            "activations": activation_bytes(with_shapes(network.model, largest)),
            "wrong": wrong if on_dla else None,
            "refittable": has_flag(self._config.flags, "REFIT"),
        }
        plan = pack(header, data)
        say(self._logger, "VERBOSE", "Engine generation completed.")
        return plan


def _io(tensor: Any) -> Dict[str, Any]:
    return {"name": tensor.name, "shape": list(tensor._shape), "kind": tensor.dtype.name}


