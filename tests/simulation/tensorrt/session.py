"""What tests do with the doubles, in their own process: build a plan, load it, run it."""

from __future__ import annotations

import importlib
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np


class Session:
    """Within ``TensorRT.here()``. ``lines``: what was logged, (severity, text)."""

    def __init__(self) -> None:
        self.trt = importlib.import_module("tensorrt")
        self.driver = importlib.import_module("pycuda.driver")
        self.driver.init()
        self.cuda = self.driver.Device(0).retain_primary_context()
        self.lines: List[Tuple[str, str]] = []
        self.logger = self._logger()
        self.names = hasattr(self.trt.ICudaEngine, "num_io_tensors")

    def _logger(self) -> Any:
        trt, lines = self.trt, self.lines

        class Kept(trt.ILogger):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                trt.ILogger.__init__(self)

            def log(self, severity: Any, msg: str) -> None:
                lines.append((severity.name, msg))

        return Kept()

    def __enter__(self) -> Session:
        self.cuda.push()
        return self

    def __exit__(self, *how: Any) -> None:
        self.driver.Context.pop()

    def logged(self, words: str, severity: str = "") -> List[str]:
        return [text for level, text in self.lines if words in text and severity in ("", level)]

    def empty(self) -> Tuple[Any, Any]:
        """A builder, and a network with nothing in it."""
        builder = self.trt.Builder(self.logger)
        flag = getattr(self.trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
        return builder, builder.create_network(0 if flag is None else 1 << int(flag))

    def parsed(self, data: bytes) -> Tuple[Any, Any, Any]:
        """Builder, network and config; the network as it was parsed."""
        builder, network = self.empty()
        parser = self.trt.OnnxParser(network, self.logger)
        assert parser.parse(data), [str(parser.get_error(n)) for n in range(parser.num_errors)]
        return builder, network, builder.create_builder_config()

    def build(
        self,
        data: bytes,
        flags: Sequence[str] = (),
        batches: Sequence[Tuple[int, int, int]] = (),
        dla: Optional[int] = None,
        **settings: Any,
    ) -> Any:
        """The plan as bytes, or None. ``batches``: min, opt and max of each profile. ``settings``: of the config."""
        builder, network, config = self.parsed(data)
        for flag in flags:
            config.set_flag(getattr(self.trt.BuilderFlag, flag))
        shape = list(network.get_input(0).shape)
        for three in batches:
            profile = builder.create_optimization_profile()
            profile.set_shape(network.get_input(0).name, *([count, *shape[1:]] for count in three))
            config.add_optimization_profile(profile)
        if dla is not None:
            config.default_device_type = self.trt.DeviceType.DLA
            config.DLA_core = dla
        for name, value in settings.items():
            setattr(config, name, value)
        plan = builder.build_serialized_network(network, config)
        return None if plan is None else bytes(plan)

    def load(self, plan: bytes, core: Optional[int] = None) -> Any:
        runtime = self.trt.Runtime(self.logger)
        if core is not None:
            runtime.DLA_core = core
        return runtime.deserialize_cuda_engine(plan)

    def tensors(self, engine: Any) -> List[str]:
        if self.names:
            return [engine.get_tensor_name(n) for n in range(engine.num_io_tensors)]
        return [engine.get_binding_name(n) for n in range(engine.num_bindings)]

    def settle(self, context: Any, engine: Any, name: str, shape: Sequence[int]) -> bool:
        """Set an input's shape."""
        if self.names:
            return bool(context.set_input_shape(name, tuple(shape)))
        return bool(context.set_binding_shape(engine.get_binding_index(name), tuple(shape)))

    def shape(self, context: Any, engine: Any, name: str) -> Tuple[int, ...]:
        if self.names:
            return tuple(context.get_tensor_shape(name))
        return tuple(context.get_binding_shape(engine.get_binding_index(name)))

    def start(self, context: Any, addresses: Dict[str, int], stream: Any) -> bool:
        """``addresses`` in the order of the engine's tensors."""
        if not self.names:
            return bool(context.execute_async_v2(list(addresses.values()), stream.handle))
        for name, address in addresses.items():
            assert context.set_tensor_address(name, address)
        return bool(context.execute_async_v3(stream.handle))

    def run(self, plan: bytes, feed: Dict[str, np.ndarray], core: Optional[int] = None) -> Dict[str, np.ndarray]:
        """The outputs by name."""
        engine = self.load(plan, core)
        assert engine is not None, self.lines[-3:]
        context, stream = engine.create_execution_context(), self.driver.Stream()
        for name, array in feed.items():
            assert self.settle(context, engine, name, array.shape), self.lines[-3:]
        host: Dict[str, np.ndarray] = {}
        device: Dict[str, Any] = {}
        for name in self.tensors(engine):
            kind = engine.get_tensor_dtype(name) if self.names else engine.get_binding_dtype(name)
            host[name] = self.driver.pagelocked_empty(self.shape(context, engine, name), KINDS[kind.name])
            device[name] = self.driver.mem_alloc(host[name].nbytes)
        for name, array in feed.items():
            host[name][...] = array
            self.driver.memcpy_htod_async(device[name], host[name], stream)
        assert self.start(context, {name: int(memory) for name, memory in device.items()}, stream), self.lines[-3:]
        for name in set(host) - set(feed):
            self.driver.memcpy_dtoh_async(host[name], device[name], stream)
        stream.synchronize()
        return {name: np.array(array) for name, array in host.items() if name not in feed}


KINDS = {"FLOAT": "float32", "HALF": "float16", "INT32": "int32", "INT64": "int64", "UINT8": "uint8"}
