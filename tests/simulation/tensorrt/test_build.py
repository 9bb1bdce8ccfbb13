"""Networks become plans, which compute what ONNX Runtime does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.simulation.tensorrt import networks


def reference(data: bytes, feed: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return dict(zip((o.name for o in session.get_outputs()), session.run(None, feed)))


def test_fp32_is_exact(session: Any, pictures: np.ndarray) -> None:
    plan = session.build(networks.small(), batches=[(1, 2, 4)])
    found = session.run(plan, {"picture": pictures})
    for name, value in reference(networks.small(), {"picture": pictures}).items():
        np.testing.assert_allclose(found[name], value, atol=1e-6)


@pytest.mark.parametrize("version", ["8.2", "8.5", "8.6", "10.3"])
def test_fp16_is_a_little_off(version: str, on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on(version)
    found = session.run(session.build(networks.small(), ["FP16"], [(1, 2, 4)]), {"picture": pictures})
    for name, value in reference(networks.small(), {"picture": pictures}).items():
        error = np.abs(found[name] - value).max()
        assert 0 < error < 5e-3


def test_the_network_is_told_layer_by_layer(session: Any) -> None:
    _, network, _ = session.parsed(networks.small())
    layers = [network.get_layer(n) for n in range(network.num_layers)]
    assert [layer.name for layer in layers] == ["first", "relu", "pool", "second", "sigmoid"]
    assert [layer.type.name for layer in layers] == [
        "CONVOLUTION", "ACTIVATION", "POOLING", "CONVOLUTION", "ACTIVATION",
    ]  # fmt: skip
    assert layers[0].num_inputs == 1 and layers[0].get_input(0).name == "picture"
    assert layers[0].get_output(0).name == "a" and layers[0].get_output(1) is None
    assert tuple(network.get_input(0).shape) == (-1, 3, 16, 16)
    assert [network.get_output(n).name for n in range(network.num_outputs)] == ["scores", "heat"]
    assert network.get_layer(99) is None


@pytest.mark.parametrize("data", [b"no network", networks.unknown_op()], ids=["noise", "unknown op"])
def test_the_parser_refuses(data: bytes, session: Any) -> None:
    builder, network = session.empty()
    parser = session.trt.OnnxParser(network, session.logger)
    assert parser.parse(data) is False
    assert parser.num_errors == 1
    assert parser.get_error(0).desc() and str(parser.get_error(0))
    assert session.logged("ERROR: ModelImporter.cpp")
    assert builder.build_serialized_network(network, builder.create_builder_config()) is None


def test_before_10_only_an_explicit_batch_is_parsed(on: Callable[..., Any]) -> None:
    session = on("8.5")
    network = session.trt.Builder(session.logger).create_network(0)
    assert not session.trt.OnnxParser(network, session.logger).parse(networks.small())


def test_weights_beside_the_file_are_read(session: Any, tmp_path: Path, pictures: np.ndarray) -> None:
    path = tmp_path / "model.onnx"
    onnx.save_model(
        onnx.load_model_from_string(networks.small(4)), str(path), save_as_external_data=True, size_threshold=0
    )  # fmt: skip
    builder, network = session.empty()
    assert session.trt.OnnxParser(network, session.logger).parse_from_file(str(path))
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    found = session.run(bytes(plan), {"picture": pictures})
    np.testing.assert_allclose(
        found["scores"], reference(networks.small(4), {"picture": pictures})["scores"], atol=1e-6
    )  # fmt: skip


def test_open_shapes_want_a_profile(session: Any) -> None:
    assert session.build(networks.small()) is None
    assert session.logged("no optimization profile", "ERROR")


def test_a_profile_must_fit(session: Any) -> None:
    builder, _, _ = session.parsed(networks.small())
    profile = builder.create_optimization_profile()
    with pytest.raises(ValueError):
        profile.set_shape("picture", (2, 3, 16, 16), (1, 3, 16, 16), (4, 3, 16, 16))
    builder, network, config = session.parsed(networks.small())
    profile.set_shape("picture", (1, 3, 8, 8), (1, 3, 8, 8), (1, 3, 8, 8))
    config.add_optimization_profile(profile)
    assert builder.build_serialized_network(network, config) is None


def test_types_of_inputs_and_outputs(session: Any) -> None:
    if not hasattr(session.trt.DataType, "UINT8"):
        pytest.skip("no UINT8 before 8.5")
    picture = np.random.RandomState(0).randint(0, 255, (1, 3, 8, 8)).astype(np.uint8)
    found = session.run(session.build(networks.bytes_to_floats()), {"picture": picture})
    wanted = reference(networks.bytes_to_floats(), {"picture": picture})
    assert found["best"].dtype == (np.int64 if session.trt.__version__[:2] in ("10", "11") else np.int32)
    np.testing.assert_array_equal(found["best"], wanted["best"])
    np.testing.assert_allclose(found["scores"], wanted["scores"], rtol=1e-5, atol=1e-4)


def test_8_2_has_no_uint8(on: Callable[..., Any]) -> None:
    session = on("8.2", "nano")
    with pytest.raises(AssertionError, match="UINT8"):
        session.build(networks.bytes_to_floats())


def test_a_network_in_fp16_is_built_as_it_is(on: Callable[..., Any]) -> None:
    session = on("11.1", "orin-nx")
    picture = np.random.RandomState(0).rand(1, 3, 8, 8).astype(np.float16)
    found = session.run(session.build(networks.half()), {"picture": picture})
    assert found["scores"].dtype == np.float16
    wanted = reference(networks.half(), {"picture": picture})["scores"]
    np.testing.assert_allclose(found["scores"], wanted, atol=1e-2)


def test_a_plan_is_memory_and_no_sequence(session: Any, tmp_path: Path) -> None:
    builder, network, config = session.parsed(networks.small(1))
    plan = builder.build_serialized_network(network, config)
    assert isinstance(plan, session.trt.IHostMemory)
    assert plan.nbytes == len(bytes(plan)) == memoryview(plan).nbytes
    with open(tmp_path / "plan", "wb") as file:
        file.write(plan)
    assert (tmp_path / "plan").read_bytes() == bytes(plan)
    with pytest.raises(TypeError):
        len(plan)


def test_the_timing_cache_is_kept_and_belongs_to_one_device(on: Callable[..., Any]) -> None:
    session = on("8.5", "xavier-nx")
    builder, network, config = session.parsed(networks.small(1))
    cache = config.create_timing_cache(b"")
    assert config.set_timing_cache(cache, False)
    assert builder.build_serialized_network(network, config) is not None
    kept = bytes(config.get_timing_cache().serialize())
    assert session.logged("Timing Runner: first")
    session.lines.clear()
    builder, network, config = session.parsed(networks.small(1))
    assert config.set_timing_cache(config.create_timing_cache(kept), False)
    assert builder.build_serialized_network(network, config) is not None
    assert not session.logged("Timing Runner") and session.logged("Global timing cache in use")
    other = on("8.5", "orin-nx")
    config = other.trt.Builder(other.logger).create_builder_config()
    assert config.create_timing_cache(kept)._entries == {}
    assert other.logged("mismatched serialized timing cache", "WARNING")


class Phases:
    """What a progress monitor is told."""

    def __init__(self, stop_at: Optional[str] = None) -> None:
        self.told: List[Any] = []
        self.stop_at = stop_at

    def monitor(self, trt: Any) -> Any:
        told, stop_at = self.told, self.stop_at

        class Monitor(trt.IProgressMonitor):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                trt.IProgressMonitor.__init__(self)

            def phase_start(self, phase_name: str, parent_phase: Optional[str], num_steps: int) -> None:
                told.append(("start", phase_name, parent_phase, num_steps))

            def step_complete(self, phase_name: str, step: int) -> bool:
                told.append(("step", phase_name, step))
                return phase_name != stop_at

            def phase_finish(self, phase_name: str) -> None:
                told.append(("finish", phase_name))

        return Monitor()


def test_progress_is_told_in_phases(on: Callable[..., Any]) -> None:
    session, phases = on("10.3", "orin-nx"), Phases()
    assert session.build(networks.small(1), progress_monitor=phases.monitor(session.trt)) is not None
    started = {words[1]: words for words in phases.told if words[0] == "start"}
    assert {words[1] for words in phases.told if words[0] == "finish"} == set(started)
    for kind, name, *rest in phases.told:
        if kind == "step":
            assert 0 <= rest[0] < started[name][3]
    assert started["Tactic Selection"][2] == "Building Engine"


def test_a_monitor_may_stop_the_build(on: Callable[..., Any]) -> None:
    session, phases = on("10.3", "orin-nx"), Phases(stop_at="Tactic Selection")
    assert session.build(networks.small(1), progress_monitor=phases.monitor(session.trt)) is None
    assert [words[1] for words in phases.told if words[0] == "finish"] == ["Tactic Selection", "Building Engine"]


def test_too_little_memory_fails_the_build(session: Any) -> None:
    session.order("memory free 1")
    assert session.build(networks.small(1)) is None
    assert session.logged("out of memory", "ERROR") and session.logged("Requested amount of GPU memory", "ERROR")
    session.order()
    assert session.build(networks.small(1)) is not None


def test_faults_by_order(session: Any) -> None:
    session.order("build none no room for tactics", "log warning something is odd")
    assert session.build(networks.small(1)) is None
    assert session.logged("no room for tactics", "ERROR")
    session.order("parse error", "log warning something is odd")
    with pytest.raises(AssertionError, match="by order"):
        session.build(networks.small(1))
    session.order("log warning something is odd")
    assert session.build(networks.small(1)) is not None
    assert session.logged("something is odd", "WARNING")
