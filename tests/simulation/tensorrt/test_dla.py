"""The DLA: who has one, what falls back with which words, and how many blocks come of it."""

from __future__ import annotations

import json
from typing import Any, Callable, List

import numpy as np
import pytest

from tests.simulation.tensorrt import networks

HALF = ("FP16", "GPU_FALLBACK")


@pytest.mark.parametrize(
    "version, board, cores",
    [
        ("8.2", "nano", 0),
        ("8.2", "xavier-nx", 2),
        ("8.5", "agx-xavier", 2),
        ("8.5", "orin-nx", 2),
        ("10.3", "orin-nano", 0),
        ("10.3", "agx-orin", 2),
        ("11.1", "agx-orin", 0),
        ("11.1", "thor", 0),
    ],
)
def test_cores(version: str, board: str, cores: int, on: Callable[..., Any]) -> None:
    session = on(version, board)
    assert session.trt.Builder(session.logger).num_DLA_cores == cores
    assert session.trt.Runtime(session.logger).num_DLA_cores == cores
    # The name is there all the same.
    assert hasattr(session.trt.IBuilderConfig, "DLA_core")


@pytest.mark.parametrize("version, board", [("8.2", "nano"), ("10.3", "orin-nano"), ("11.1", "thor")])
def test_none_without_a_core(version: str, board: str, on: Callable[..., Any]) -> None:
    session = on(version, board)
    flags = ["GPU_FALLBACK"] if version == "11.1" else list(HALF)
    assert session.build(networks.small(1), flags, dla=0) is None
    assert session.logged("DLA core 0 was asked for, but this platform has 0", "ERROR")
    _, network, config = session.parsed(networks.small(1))
    assert config.can_run_on_DLA(network.get_layer(0)) is False


@pytest.mark.parametrize("version", ["8.2", "8.5", "8.6", "10.3"])
def test_a_network_is_whole_on_the_dla(version: str, on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on(version, "xavier-nx")
    plan = session.build(networks.small(4), HALF, dla=1)
    assert session.logged("[DlaLayer] {ForeignNode[first...sigmoid]}") and not session.logged("[GpuLayer]")
    exact = session.run(session.build(networks.small(4)), {"picture": pictures})
    found = session.run(plan, {"picture": pictures}, core=1)
    for name in exact:
        assert 0 < np.abs(found[name] - exact[name]).max() < 5e-3


@pytest.mark.parametrize(
    "version, words",
    [
        ("8.2", "Default DLA is enabled but layer {} is not supported on DLA, falling back to GPU."),
        ("8.5", "Default DLA is enabled but layer {} is not supported on DLA, falling back to GPU."),
        ("8.6", "Layer '{}' (UNARY): Unsupported on DLA. Switching this layer's device type to GPU."),
        ("10.3", "Layer '{}' (UNARY): Unsupported on DLA. Switching this layer's device type to GPU."),
    ],
)
def test_layers_fall_back(version: str, words: str, on: Callable[..., Any]) -> None:
    session = on(version, "xavier-nx")
    assert session.build(networks.broken(), HALF, dla=0) is not None
    for layer in ("root", "power"):
        assert session.logged(words.format(layer), "WARNING")
    assert len(session.logged("[DlaLayer]")) == 2 and len(session.logged("[GpuLayer]")) == 2


def test_no_fallback_no_plan(on: Callable[..., Any]) -> None:
    session = on("8.5", "xavier-nx")
    assert session.build(networks.broken(), ["FP16"], dla=0) is None
    text = "Default DLA is enabled but layer root is not supported on DLA and falling back to GPU is not enabled."
    assert session.logged(text, "ERROR")
    assert session.build(networks.small(1), ["FP16"], dla=0) is not None


def test_the_dla_wants_static_shapes(on: Callable[..., Any]) -> None:
    session = on("8.5", "xavier-nx")
    assert session.build(networks.small(), HALF, [(1, 2, 4)], dla=0) is not None
    assert session.logged("DLA Layer first does not support dynamic shapes in any dimension.", "WARNING")
    assert not session.logged("[DlaLayer]")
    session.lines.clear()
    assert session.build(networks.small(), HALF, [(4, 4, 4)], dla=0) is not None
    assert session.logged("[DlaLayer]") and not session.logged("[GpuLayer]")


def test_the_dla_wants_a_precision(on: Callable[..., Any]) -> None:
    session = on("8.5", "xavier-nx")
    assert session.build(networks.small(1), ["GPU_FALLBACK"], dla=0) is not None
    assert session.logged("DLA only supports FP16 and Int8 precision type.", "WARNING")


def layer_of(session: Any, data: bytes, name: str, flag: str = "FP16") -> bool:
    _, network, config = session.parsed(data)
    config.set_flag(getattr(session.trt.BuilderFlag, flag))
    layers = [network.get_layer(n) for n in range(network.num_layers)]
    return bool(config.can_run_on_DLA(next(layer for layer in layers if layer.name == name)))


def test_can_run_on_dla_knows_the_board(on: Callable[..., Any]) -> None:
    from onnx import helper

    def one(op: str, **attributes: Any) -> bytes:
        node = helper.make_node(op, ["picture"], ["scores"], name="it", **attributes)
        size = 8 if op == "Softmax" else 4
        ends = networks.floats("picture", 1, 3, 8, 8), networks.floats("scores", 1, 3, size, size)
        return networks.model([node], [ends[0]], [ends[1]], [])

    pool = one("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    softmax = one("Softmax", axis=1)
    assert [layer_of(on("8.5", board), pool, "it") for board in ("xavier-nx", "orin-nx")] == [False, True]
    assert [layer_of(on("8.5", board), softmax, "it") for board in ("xavier-nx", "orin-nx")] == [False, True]


def test_a_layer_may_be_put_on_the_gpu_by_hand(on: Callable[..., Any]) -> None:
    session = on("8.5", "xavier-nx")
    builder, network, config = session.parsed(networks.small(1))
    config.default_device_type = session.trt.DeviceType.DLA
    config.DLA_core = 0
    for flag in HALF:
        config.set_flag(getattr(session.trt.BuilderFlag, flag))
    pool = network.get_layer(2)
    config.set_device_type(pool, session.trt.DeviceType.GPU)
    assert config.is_device_type_set(pool) and not config.is_device_type_set(network.get_layer(0))
    assert builder.build_serialized_network(network, config) is not None
    assert [text.split()[-1] for text in session.logged("[GpuLayer]")] == ["pool"]
    assert len(session.logged("[DlaLayer]")) == 2


def test_the_inspector_shows_blocks_and_their_copies(on: Callable[..., Any]) -> None:
    session = on("8.5", "xavier-nx")
    detailed = session.trt.ProfilingVerbosity.DETAILED
    engine = session.load(session.build(networks.broken(), HALF, dla=0, profiling_verbosity=detailed), core=0)
    told = engine.create_engine_inspector().get_engine_information(session.trt.LayerInformationFormat.JSON)
    layers: List[Any] = [(layer["Name"], layer["LayerType"]) for layer in json.loads(told)["Layers"]]
    assert layers == [
        ("picture to nvm", "Reformat"),
        ("{ForeignNode[first...relu]}", "DLA"),
        ("b from nvm", "Reformat"),
        ("root", "Unary"),
        ("power", "Unary"),
        ("d to nvm", "Reformat"),
        ("{ForeignNode[last]}", "DLA"),
        ("scores from nvm", "Reformat"),
    ]


def test_more_blocks_than_a_core_holds_go_to_the_gpu(on: Callable[..., Any]) -> None:
    session = on("8.2", "xavier-nx")
    assert session.build(networks.striped(6), HALF, dla=0) is not None
    assert len(session.logged("DLA supports only 4 subgraphs per DLA core. Switching to GPU", "WARNING")) == 2
    assert len(session.logged("[DlaLayer]")) == 4
    session = on("8.5", "xavier-nx")
    assert session.build(networks.striped(6), HALF, dla=0) is not None
    assert len(session.logged("[DlaLayer]")) == 6


def test_a_core_holds_so_many_loadables_of_all_engines(on: Callable[..., Any]) -> None:
    session = on("8.2", "xavier-nx")
    plan = session.build(networks.striped(3), HALF, dla=0)
    first = session.load(plan, core=0)
    assert first is not None
    assert session.load(plan, core=0) is None
    assert session.logged("Error Code 1: DLA", "ERROR")
    assert session.load(plan, core=1) is not None
    del first
    assert session.load(plan, core=0) is not None


def test_pools_are_powers_of_two(on: Callable[..., Any]) -> None:
    session = on("8.5", "xavier-nx")
    config = session.trt.Builder(session.logger).create_builder_config()
    pools = session.trt.MemoryPoolType
    assert config.get_memory_pool_limit(pools.DLA_MANAGED_SRAM) == 1 << 20
    config.set_memory_pool_limit(pools.DLA_MANAGED_SRAM, 5000)
    assert session.logged("isPowerOfTwo", "ERROR")
    config.set_memory_pool_limit(pools.DLA_MANAGED_SRAM, 1 << 19)
    assert config.get_memory_pool_limit(pools.DLA_MANAGED_SRAM) == 1 << 19


def test_by_order_a_layer_is_rejected_or_the_outputs_are_wrong(on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on("8.5", "xavier-nx")
    session.order("dla reject pool")
    assert session.build(networks.small(4), HALF, dla=0) is not None
    assert session.logged("Validation failed for DLA layer: pool. Switching to GPU fallback.", "WARNING")
    session.order("dla wrong")
    plan, on_gpu = session.build(networks.small(4), HALF, dla=0), session.build(networks.small(4), HALF)
    session.order()
    assert not session.run(plan, {"picture": pictures})["scores"].any()
    assert session.run(on_gpu, {"picture": pictures})["scores"].any()
