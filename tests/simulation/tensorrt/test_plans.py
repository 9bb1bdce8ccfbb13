"""A plan loads where it was built, and nowhere else."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.simulation.tensorrt import networks


def test_the_same_device_loads_it(session: Any) -> None:
    engine = session.load(session.build(networks.small(1)))
    assert engine.num_layers == 3 and engine.num_optimization_profiles == 1
    assert session.load(bytes(engine.serialize())) is not None


@pytest.mark.parametrize("other", ["8.2", "8.6", "10.3", "11.1"])
def test_another_version_is_refused(other: str, on: Callable[..., Any]) -> None:
    plan = on("8.5", "orin-nx").build(networks.small(1))
    session = on(other, "orin-nx")
    assert session.load(plan) is None
    assert session.logged("Version tag does not match", "ERROR")


@pytest.mark.parametrize("version", ["8.5", "10.3"])
def test_another_compute_capability_is_refused(version: str, on: Callable[..., Any]) -> None:
    plan = on(version, "xavier-nx").build(networks.small(1))
    session = on(version, "orin-nx")
    assert session.load(plan) is None
    text = "The engine plan file is generated on an incompatible device, expecting compute 8.7 got compute 7.2"
    assert session.logged(text, "ERROR")


def test_another_board_of_the_same_gpu_is_warned_of(on: Callable[..., Any]) -> None:
    plan = on("8.5", "agx-orin").build(networks.small(1))
    session = on("8.5", "orin-nx")
    assert session.load(plan) is not None
    assert session.logged("across different models of devices is not recommended", "WARNING")


@pytest.mark.parametrize("spoil", ["cut", "flipped", "empty", "noise", "onnx"])
def test_damaged_bytes_are_refused(spoil: str, session: Any) -> None:
    plan = session.build(networks.small(1))
    middle = len(plan) // 2
    damaged = {
        "cut": plan[:-1],
        "flipped": plan[:middle] + bytes([plan[middle] ^ 1]) + plan[middle + 1 :],
        "empty": b"",
        "noise": bytes(range(256)) * 9,
        "onnx": networks.small(1),
    }[spoil]
    assert session.load(damaged) is None
    assert session.logged("Error Code 1: Serialization", "ERROR")


def test_refused_by_order(session: Any) -> None:
    plan = session.build(networks.small(1))
    session.order("deserialize none")
    assert session.load(plan) is None
    session.order()
    assert session.load(plan) is not None


def test_a_second_logger_is_told_that_it_is_one(on: Callable[..., Any]) -> None:
    session = on()
    session.trt.Runtime(session.logger)
    second = session._logger()
    session.trt.Runtime(second)
    assert session.logged("differs from one already registered", "WARNING")
