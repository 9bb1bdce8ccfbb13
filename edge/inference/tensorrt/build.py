"""One engine of one ONNX file: parsed, configured, built, written, looked into, and compared where it is the DLA's."""

import os
import time
import warnings
from typing import Any, Callable, Dict, List, Optional

from ...errors import BuildFailed, DeviceLost, EngineError, Incompatible, OutOfMemory
from .api import Api, load
from .calibrate import Calibration, make_calibration
from .compare import Lanes, compare, judge
from .config import Config, Target, check_core
from .files import remove, write_file
from .log import Log, checked, failed, make_log
from .memory import MIB, Plan, measure, weigh
from .memory import plan as plan_memory
from .network import Network, parse
from .pictures import Pictures
from .placement import EngineLayer, Placement, Told, engine_layers, listed_layers, placement
from .platform import find_device, make_builder
from .plugins import load_plugins
from .precision import Asked, Precision, by_flags, by_types
from .progress import LogProgress, Reporter, make_monitor

Order = Dict[str, Any]


def build(
    order: Order, reporter: Reporter, guard: Callable[[int, Optional[int]], None], heard: Callable[[Log], None]
) -> Dict[str, Any]:
    """The ``built`` message for a ``build`` order; the plan is written to ``order["plan"]``, or nothing is left there.

    ``guard(floor, limit)`` is told in time how much memory must stay free and how much may be used; ``heard`` gets the
    log when there is one. Raises BuildFailed, OutOfMemory, Incompatible, DeviceLost, or EngineError where there is no
    TensorRT; each says of which model.
    """
    try:
        with warnings.catch_warnings():
            # What a newer TensorRT would rather have is of no interest here: this is written for all of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            return _build(order, reporter, guard, heard)
    except EngineError as error:
        remove(order["plan"])
        reason = str(error)
        told = reason if reason.startswith(order["name"] + ":") else "{}: {}".format(order["name"], reason)
        raise type(error)(told) from error
    except BaseException:
        remove(order["plan"])
        raise


def _build(
    order: Order, reporter: Reporter, guard: Callable[[int, Optional[int]], None], heard: Callable[[Log], None]
) -> Dict[str, Any]:
    api = load(order.get("module", "tensorrt"))
    log = make_log(api, order.get("log", ""))
    heard(log)
    device, missing = find_device()
    try:
        if device is None:
            return _Build(api, log, None, missing, order, reporter).run(guard)
        with device:
            return _Build(api, log, device, missing, order, reporter).run(guard)
    except (BuildFailed, Incompatible, OutOfMemory, DeviceLost):
        raise
    except EngineError as error:
        raise BuildFailed(str(error)) from error
    finally:
        if device is not None:
            device.close()
        log.close()


class _Build:
    """``device`` is current, or None: then nothing can be calibrated, compared or inspected, but it can be built."""

    def __init__(self, api: Api, log: Log, device: Any, missing: str, order: Order, reporter: Reporter) -> None:
        self._api, self._log, self._device, self._missing = api, log, device, missing
        self._order, self._reporter = order, reporter
        core = int(order.get("core") or 0) if order.get("device") == "dla" else None
        self._target = Target(core, bool(order.get("gpu_fallback", True)))
        self._batch: Dict[str, int] = order["batch"]
        self._told = Told()
        self._warnings: List[str] = []
        self._by_log = LogProgress(reporter)
        log.listen(self._told.hear)
        if not api.has("IProgressMonitor", "step_complete"):
            log.listen(self._by_log.hear)

    def run(self, guard: Callable[[int, Optional[int]], None]) -> Dict[str, Any]:
        began = time.monotonic()
        order, log = self._order, self._log
        self._reporter.phase("parse")
        if self._target.dla and not self._batch["min"] == self._batch["opt"] == self._batch["max"]:
            words = "a DLA runs batches of one size only, and {min} to {max} are asked for"
            raise BuildFailed(words.format(**self._batch))
        memory = self._plan_memory(guard)
        load_plugins(self._api, log, order.get("plugins", []))
        builder = make_builder(self._api, log)
        if self._target.core is not None:
            check_core(self._api, builder, self._target.core)
        network = parse(self._api, log, builder, order["onnx"], order["input"], self._batch)
        chosen = self._choose(builder, network)
        calibration = self._calibration(network) if chosen.calibrate else None
        try:
            data = self._serialised(builder, network, chosen, calibration, memory)
        finally:
            if calibration is not None:
                calibration.close()
        self._reporter.phase("write")
        size = write_file(order["plan"], data)
        inputs, made = network.tensors()
        layers = self._look_into(data)
        del data
        placed = self._placement(network, layers)
        compared = self._compare(builder, network, memory) if order.get("compare") else None
        network.close()
        return {
            "op": "built",
            "seconds": round(time.monotonic() - began, 3),
            "bytes": size,
            "layers": [dict(layer._asdict()) for layer in layers],
            "placement": dict(placed._asdict()),
            "log_digest": log.digest(),
            "warnings": self._warnings,
            "compared": compared,
            "inputs": inputs,
            "outputs": made,
        }

    def _plan_memory(self, guard: Callable[[int, Optional[int]], None]) -> Plan:
        order = self._order
        if not os.path.isfile(order["onnx"]):
            raise BuildFailed("{}: there is no such file".format(order["onnx"]))
        memory = measure(None if self._device is None else self._device.memory()[0])
        plan = plan_memory(memory, weigh(order["onnx"]), order.get("workspace_mib"), order.get("memory_limit_mib"))
        self._log.say("INFO", "{} MiB are available; the workspace is {} MiB".format(
            memory.available // MIB, plan.workspace // MIB))  # fmt: skip
        self._warn([plan.warning] if plan.warning else [])
        guard(memory.floor, plan.limit)
        return plan

    def _choose(self, builder: Any, network: Network) -> Precision:
        api = self._api
        asked = Asked(
            precision=self._order["precision"],
            dla=self._target.dla,
            fast_fp16=not api.strongly_typed and bool(builder.platform_has_fast_fp16),
            fast_int8=not api.strongly_typed and bool(builder.platform_has_fast_int8),
            types=network.types(),
            quantized=network.quantized,
            calibration=bool(self._order.get("calibration")),
            compute=(0, 0) if self._device is None else self._device.compute_capability,
        )
        return by_types(asked, str(api)) if api.strongly_typed else by_flags(asked)

    def _calibration(self, network: Network) -> Calibration:
        order = dict(self._order["calibration"], input=self._order["input"])
        batch = network.shape[0] if network.shape[0] > 0 else int(order.get("batch") or 1)
        shape = (batch,) + network.shape[1:]
        return make_calibration(
            self._api, self._device, order, shape, network.input, self._order["plan"], self._reporter
        )

    def _serialised(
        self, builder: Any, network: Network, chosen: Precision, calibration: Optional[Calibration], memory: Plan
    ) -> Any:
        """The plan's bytes, as TensorRT holds them."""
        order = self._order
        config = Config(self._api, self._log, builder)
        config.precision(chosen, calibration)
        config.device(self._target, order.get("dla_pools") or {})
        config.workspace(memory.workspace)
        config.optimization_level(order.get("optimization_level"))
        config.profile(network, self._batch, calibration)
        config.timing_cache(order.get("timing_cache", ""))
        monitor = make_monitor(self._api, self._reporter)
        if monitor is not None:
            config.handle.progress_monitor = monitor
        self._warn(config.warnings)
        self._by_log.layers = network.handle.num_layers
        self._reporter.phase("build")
        mark = self._log.mark()
        data = builder.build_serialized_network(network.handle, config.handle)
        if calibration is not None:
            calibration.check()
        if data is None:
            raise self._failed(mark)
        self._reporter.step("build", 1.0)
        config.save_timing_cache(order.get("timing_cache", ""), order["plan"])
        return data

    def _failed(self, mark: int) -> EngineError:
        error = failed(self._log, mark, "no engine could be built")
        if isinstance(error, OutOfMemory):
            return OutOfMemory("{}; give it less workspace, or stop what else runs while it builds".format(error))
        return error if isinstance(error, DeviceLost) else BuildFailed(str(error))

    def _look_into(self, data: Any) -> List[EngineLayer]:
        if self._device is None:
            self._warn(["the engine was not read back: {}".format(self._missing)])
            return listed_layers(self._told)
        layers, warning = engine_layers(self._api, self._log, data, self._target.core, self._told)
        self._warn([warning] if warning else [])
        return layers

    def _placement(self, network: Network, layers: List[EngineLayer]) -> Placement:
        if not self._target.dla:
            count = sum(1 for layer in network.layers() if layer.type != "CONSTANT")
            return Placement(0, count, 0, [])
        placed = placement(network, layers, self._told)
        if not placed.dla:
            said = "; ".join(placed.messages[:3])
            raise BuildFailed("not one of its layers runs on the DLA ({}); use device: gpu".format(
                said or "the builder does not say why"))  # fmt: skip
        return placed

    def _compare(self, builder: Any, network: Network, memory: Plan) -> Dict[str, Any]:
        """The engine just written, run as a lane runs it, against one for the GPU of the same network, as exact as that
        can be."""
        if self._device is None:
            raise BuildFailed("the DLA's outputs cannot be compared with the GPU's: {}".format(self._missing))
        order = self._order
        self._reporter.phase("compare")
        reference = self._reference(builder, network, memory)
        model = {"name": order["name"], "onnx": order["onnx"], "input": order["input"]}
        options = {"module": self._api.name, "plugins": order.get("plugins", [])}
        pictures = Pictures(order["compare"]["pictures"], network.shape[1:], order["input"])

        def step(done: float) -> None:
            self._reporter.step("compare", done)

        try:
            with Lanes(model, options, order["plan"], self._target.core or 0, reference) as (on_dla, on_gpu):
                return judge(compare(on_dla, on_gpu, pictures, step), float(order["compare"]["bound"]))
        finally:
            pictures.close()

    def _reference(self, builder: Any, network: Network, memory: Plan) -> Any:
        config = Config(self._api, self._log, builder)
        config.precision(Precision({"TF32": False}, False, []), None)
        config.workspace(memory.workspace)
        config.profile(network, self._batch, None)
        mark = self._log.mark()
        data = builder.build_serialized_network(network.handle, config.handle)
        return checked(data, self._log, mark, "no GPU engine could be built to compare the DLA's with")

    def _warn(self, words: List[str]) -> None:
        self._warnings.extend(w for w in words if w not in self._warnings)
