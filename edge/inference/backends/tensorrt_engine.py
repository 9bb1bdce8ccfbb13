"""From a plan file to an engine that fits its model."""

import hashlib
from typing import Any, Dict, List, Tuple

from ...errors import EngineError, Incompatible, OutOfMemory
from ..cuda.faults import fault
from ..tensorrt.api import Api
from ..tensorrt.log import Log
from ..tensorrt.plugins import load_plugins
from .tensorrt_bindings import BoundEngine
from .tensorrt_names import NamedEngine
from .tensorrt_tensor import Tensor

_INPUTS = ("float32", "float16", "uint8")


class LoadedEngine:
    """``options``: plan, plan_sha256, device ("gpu", "dla:0", "dla:1"), plugins. The device is current.

    Raises Incompatible for a plan that this TensorRT does not load on this board, and for one whose tensors no picture
    fits; EngineError, OutOfMemory.
    """

    def __init__(self, api: Api, log: Log, options: Dict[str, Any]) -> None:
        self._log = log
        self.plan = str(options["plan"])
        self.on_dla = str(options.get("device", "gpu")).startswith("dla")
        load_plugins(api, log, options.get("plugins") or ())
        plan = _read(self.plan, str(options.get("plan_sha256") or ""))
        self._runtime: Any = api.trt.Runtime(log.logger)
        if self.on_dla:
            self._choose_core(str(options["device"]))
        mark = log.mark()
        self._engine: Any = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            words = "{}: {} does not load this engine: {}".format(
                self.plan, api, log.errors_since(mark) or "it does not say why"
            )
            raise (OutOfMemory if log.out_of_memory_since(mark) else Incompatible)(words)
        if getattr(self._engine, "has_implicit_batch_dimension", False):
            raise Incompatible("{}: an engine with an implicit batch; build it anew".format(self.plan))
        self.path: Any = (NamedEngine if api.names else BoundEngine)(api, self._engine)
        self.tensors: List[Tensor] = self.path.tensors()
        self._check()
        self.input = next(tensor for tensor in self.tensors if tensor.is_input)
        self.outputs = [tensor for tensor in self.tensors if not tensor.is_input]
        self.dynamic = any(side < 0 for side in self.input.shape)
        #: The input's largest shape.
        self.largest: Tuple[int, ...] = self.path.largest(self.input.name) if self.dynamic else self.input.shape
        # Until TensorRT 10 no two contexts may use one profile at a time.
        own_profile = self.dynamic and api.has("IExecutionContext", "execute_async_v2")
        self._profiles = int(self._engine.num_optimization_profiles)
        #: How many contexts may run at a time; 0 for any number.
        self.contexts = self._profiles if own_profile else 0

    def _choose_core(self, device: str) -> None:
        core = int(device.partition(":")[2] or 0)
        cores = int(self._runtime.num_DLA_cores)
        if core >= cores:
            raise EngineError("{}: {} is asked for, and there are {} DLA cores here".format(self.plan, device, cores))
        self._runtime.DLA_core = core

    def _check(self) -> None:
        inputs = [tensor for tensor in self.tensors if tensor.is_input]
        if len(inputs) != 1:
            raise Incompatible("{}: it has {} inputs ({}), expected one picture".format(
                self.plan, len(inputs), ", ".join(tensor.name for tensor in inputs)))  # fmt: skip
        if inputs[0].dtype.name not in _INPUTS:
            raise Incompatible(
                "{}: its input is {}, expected one of {}".format(self.plan, inputs[0].dtype, ", ".join(_INPUTS))
            )
        for tensor in self.tensors:
            if not tensor.plain:
                raise Incompatible(
                    "{}: {} is no plain tensor on the GPU (row after row); build the engine anew".format(
                        self.plan, tensor.name
                    )
                )

    def run(self, number: int, stream: Any) -> Any:
        """A new execution context, whose every run is on ``stream``; ``number`` of them exist already."""
        mark = self._log.mark()
        context = self._engine.create_execution_context()
        if context is None:
            raise self.failed(mark, "no execution context")
        profile = number % self._profiles if self.contexts else 0
        if self.dynamic:
            if not context.set_optimization_profile_async(profile, stream.handle):
                raise self.failed(mark, "profile {} cannot be set".format(profile))
            stream.synchronize()
        return self.path.run(context, profile)

    def mark(self) -> int:
        """A place in the log, for :meth:`failed`."""
        return self._log.mark()

    def unfit(self, why: str) -> Incompatible:
        return Incompatible("{}: {}".format(self.plan, why))

    def failed(self, mark: int, what: str) -> EngineError:
        """The error to raise for ``what``: TensorRT said why in its log, after ``mark``."""
        words = self._log.errors_since(mark) or "TensorRT does not say why"
        return fault(words, "{}: {}".format(self.plan, what))

    def close(self) -> None:
        """When all contexts are gone. The log must still be there."""
        self.path = None
        self._engine = None
        self._runtime = None


def _read(path: str, digest: str) -> bytes:
    try:
        with open(path, "rb") as file:
            plan = file.read()
    except FileNotFoundError as error:
        raise Incompatible("{}: the engine is gone; it is built anew".format(path)) from error
    except OSError as error:
        raise EngineError("{}: the engine cannot be read ({})".format(path, error.strerror)) from error
    if digest and hashlib.sha256(plan).hexdigest() != digest:
        raise Incompatible("{}: the engine is not the one that was built (its hash is another)".format(path))
    return plan
