"""The builder: from a network and a config to a plan, with the log, the callbacks and the failures of the real one."""

from typing import Any, Optional

from simulated_gpu import board, faults, memory

from .base import Native, Value
from .building import Build
from .config import IBuilderConfig, IOptimizationProfile
from .enums import NetworkDefinitionCreationFlag
from .log import fail, register, say
from .network import INetworkDefinition
from .plan import IHostMemory, host_memory
from .plugins import get_plugin_registry
from .progress import Refused
from .runtime import Runtime


class Builder(Native):
    error_recorder = Value()
    gpu_allocator = Value()
    max_threads = Value(1, int)
    max_batch_size = Value(1, int)

    def __init__(self, logger: Any) -> None:
        super().__init__()
        self._logger = register(logger, "InferBuilder")
        used = memory.total_bytes() - memory.free_bytes() >> 20
        say(logger, "INFO", f"[MemUsageChange] Init CUDA: CPU +220, GPU +0, now: CPU 245, GPU {used} (MiB)")

    logger = property(lambda self: self._logger)
    num_DLA_cores = property(lambda self: board.DLA_CORES)
    max_DLA_batch_size = property(lambda self: 4096 if board.DLA_CORES else 1)
    platform_has_fast_fp16 = property(lambda self: True)
    platform_has_fast_int8 = property(lambda self: board.BOARD.fast_int8)
    platform_has_tf32 = property(lambda self: board.BOARD.compute >= (8, 0))

    def create_network(self, flags: int = 0) -> INetworkDefinition:
        if not isinstance(flags, int):
            raise TypeError("create_network(): incompatible function arguments")
        return INetworkDefinition(self, flags)

    def create_builder_config(self) -> IBuilderConfig:
        return IBuilderConfig(self)

    def create_optimization_profile(self) -> IOptimizationProfile:
        return IOptimizationProfile()

    def get_plugin_registry(self) -> Any:
        return get_plugin_registry()

    def is_network_supported(self, network: INetworkDefinition, config: IBuilderConfig) -> bool:
        return network._graph is not None

    def reset(self) -> None:
        pass

    def build_serialized_network(self, network: INetworkDefinition, config: IBuilderConfig) -> Optional[IHostMemory]:
        strongly = NetworkDefinitionCreationFlag.__members__.get("STRONGLY_TYPED")
        typed = board.VERSION >= (11,) or (strongly is not None and network.get_flag(strongly))
        order = faults.ordered("build", "none")
        try:
            if order is not None:
                raise Refused(10, "optimizer.cpp::computeCosts::3626", order or "Could not find any implementation.")
            return host_memory(Build(network, config, self._logger, typed).run())
        except Refused as refused:
            if refused.text:
                call = "IBuilder::buildSerializedNetwork"
                fail(self._logger, refused.code, refused.place, call, refused.text, refused.kind)
            if board.VERSION < (10,):
                text = "Assertion engine != nullptr failed. "
                fail(self._logger, 2, "builder.cpp::buildSerializedNetwork::636", "", text)
            return None

    def build_engine(self, network: INetworkDefinition, config: IBuilderConfig) -> Any:
        plan = self.build_serialized_network(network, config)
        return None if plan is None else Runtime(self._logger).deserialize_cuda_engine(plan)

    def build_engine_with_config(self, network: INetworkDefinition, config: IBuilderConfig) -> Any:
        return self.build_engine(network, config)
