"""Contexts, streams and memory: what is refused, what is waited for, and what poisons the process."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import numpy as np
import pytest

from tests.simulation.tensorrt import networks


@pytest.fixture
def loaded(session: Any) -> Tuple[Any, Any, Any]:
    """An engine with an open batch (1 to 4), a context of it, and a stream."""
    engine = session.load(session.build(networks.small(), batches=[(1, 2, 4)]))
    return engine, engine.create_execution_context(), session.driver.Stream()


def memory(session: Any, engine: Any, batch: int) -> Dict[str, Any]:
    sizes = {"picture": 3 * 16 * 16, "scores": 4 * 8 * 8, "heat": 8 * 16 * 16}
    return {name: session.driver.mem_alloc(batch * sizes[name] * 4) for name in session.tensors(engine)}


def addresses(device: Dict[str, Any]) -> Dict[str, int]:
    return {name: int(allocation) for name, allocation in device.items()}


def test_inputs_and_outputs_are_told(session: Any, loaded: Any) -> None:
    engine, context, _ = loaded
    assert session.tensors(engine) == ["picture", "scores", "heat"]
    if session.names:
        modes = [engine.get_tensor_mode(name).name for name in session.tensors(engine)]
        assert modes == ["INPUT", "OUTPUT", "OUTPUT"]
        three = engine.get_tensor_profile_shape("picture", 0)
    else:
        assert [engine.binding_is_input(n) for n in range(engine.num_bindings)] == [True, False, False]
        assert engine.get_binding_index("heat") == 2 and engine.get_binding_index("nothing") == -1
        assert engine["heat"] == 2 and engine[2] == "heat" and len(engine) == 3
        three = engine.get_profile_shape(0, 0)
    assert [tuple(shape) for shape in three] == [(n, 3, 16, 16) for n in (1, 2, 4)]
    assert session.shape(context, engine, "scores") == (-1, 4, 8, 8)
    assert session.settle(context, engine, "picture", (3, 3, 16, 16))
    assert session.shape(context, engine, "scores") == (3, 4, 8, 8)


@pytest.mark.parametrize(
    "shape, words",
    [((5, 3, 16, 16), "exceed min ~ max range"), ((1, 3, 16, 8), "Static dimension"), ((1, 3), "nbDims")],
)
def test_a_shape_must_fit_the_profile(shape: Any, words: str, session: Any, loaded: Any) -> None:
    engine, context, _ = loaded
    assert session.settle(context, engine, "picture", shape) is False
    assert session.logged(words, "ERROR")


def test_a_run_wants_shapes(session: Any, loaded: Any) -> None:
    engine, context, stream = loaded
    device = memory(session, engine, 1)
    assert session.start(context, addresses(device), stream) is False
    assert session.logged("Not all shapes are specified", "ERROR")


def test_a_run_wants_addresses(on: Callable[..., Any]) -> None:
    session = on("8.6")
    context = session.load(session.build(networks.small(1))).create_execution_context()
    assert context.execute_async_v3(session.driver.Stream().handle) is False
    assert session.logged("Address is not set for input tensor picture", "ERROR")
    assert context.set_tensor_address("nothing", 1) is False


def test_a_run_wants_all_bindings_and_numbers(on: Callable[..., Any]) -> None:
    session = on("8.2", "nano")
    engine = session.load(session.build(networks.small(1)))
    context, stream = engine.create_execution_context(), session.driver.Stream()
    device = memory(session, engine, 1)
    with pytest.raises(RuntimeError, match="3 bindings"):
        context.execute_async_v2([int(device["picture"])], stream.handle)
    with pytest.raises(TypeError):
        context.execute_async_v2(list(device.values()), stream.handle)
    assert context.execute_v2(list(addresses(device).values())) is True


def test_old_data_until_the_stream_is_waited_for(session: Any, loaded: Any, pictures: np.ndarray) -> None:
    engine, context, stream = loaded
    device = memory(session, engine, 4)
    assert session.settle(context, engine, "picture", pictures.shape)
    picture = session.driver.pagelocked_empty(pictures.shape, np.float32)
    scores = session.driver.pagelocked_zeros((4, 4, 8, 8), np.float32)
    picture[...] = pictures
    session.order("delay 100")
    session.driver.memcpy_htod_async(device["picture"], picture, stream)
    assert session.start(context, addresses(device), stream)
    session.driver.memcpy_dtoh_async(scores, device["scores"], stream)
    assert not scores.any() and not stream.is_done()
    stream.synchronize()
    assert scores.all() and stream.is_done()


def test_events_measure_and_wait(on: Callable[..., Any]) -> None:
    session = on()
    driver = session.driver
    first, second = driver.Stream(), driver.Stream()
    start, end = driver.Event(), driver.Event()
    host = driver.pagelocked_zeros(64, np.uint8)
    a, b = driver.mem_alloc(64), driver.mem_alloc(64)
    session.order("delay 30")
    start.record(first)
    driver.memset_d8_async(a, 7, 64, first)
    end.record(first)
    second.wait_for_event(end)
    driver.memcpy_dtod_async(b, a, 64, second)
    driver.memcpy_dtoh_async(host, b, second)
    second.synchronize()
    assert (host == 7).all()
    assert end.query() and start.time_till(end) == end.time_since(start) >= 30
    with pytest.raises(driver.LogicError):
        driver.Event().time_since(start)
    with pytest.raises(driver.LogicError):
        end.time_since(driver.Event(driver.event_flags.DISABLE_TIMING))


def wild(session: Any, engine: Any, device: Dict[str, Any]) -> int:
    return 0x123456


def freed(session: Any, engine: Any, device: Dict[str, Any]) -> int:
    address = int(device["scores"])
    device["scores"].free()
    return address


def too_small(session: Any, engine: Any, device: Dict[str, Any]) -> int:
    device["scores"] = session.driver.mem_alloc(16)
    return int(device["scores"])


def hosts(session: Any, engine: Any, device: Dict[str, Any]) -> int:
    return int(np.zeros(4096, np.float32).ctypes.data)


@pytest.mark.parametrize("wrong", [wild, freed, too_small, hosts])
def test_a_wrong_address_poisons_the_process(wrong: Any, session: Any, loaded: Any, pictures: np.ndarray) -> None:
    engine, context, stream = loaded
    device = memory(session, engine, 4)
    assert session.settle(context, engine, "picture", pictures.shape)
    places = addresses(device)
    places["scores"] = wrong(session, engine, device)
    assert session.start(context, places, stream)
    with pytest.raises(session.driver.LogicError, match="an illegal memory access was encountered"):
        stream.synchronize()
    with pytest.raises(session.driver.LogicError, match="an illegal memory access was encountered"):
        session.driver.mem_alloc(16)
    assert session.start(context, places, stream) is False
    assert session.logged("illegal memory access", "ERROR")
    assert engine.create_execution_context() is None


def test_a_lost_device(session: Any, loaded: Any) -> None:
    _, _, stream = loaded
    session.order("device lost")
    with pytest.raises(session.driver.LaunchError, match="unspecified launch failure"):
        stream.synchronize()
    session.order()
    with pytest.raises(session.driver.LaunchError, match="unspecified launch failure"):
        session.driver.Stream()


def test_page_locked_memory_may_be_named_by_its_own_address(session: Any, loaded: Any, pictures: np.ndarray) -> None:
    engine, context, stream = loaded
    assert session.settle(context, engine, "picture", (1, 3, 16, 16))
    device = memory(session, engine, 1)
    session.driver.memcpy_htod(device["picture"], pictures[:1])
    scores = session.driver.pagelocked_zeros((1, 4, 8, 8), np.float32)
    places = {**addresses(device), "scores": scores.ctypes.data}
    assert session.start(context, places, stream)
    stream.synchronize()
    assert scores.all()


def test_no_memory_for_engine_and_context(session: Any) -> None:
    plan = session.build(networks.small(1))
    session.order("memory free 0")
    assert session.load(plan) is None
    assert session.logged("out of memory", "ERROR")
    session.order()
    engine = session.load(plan)
    session.order("oom")
    assert engine.create_execution_context() is None
    with pytest.raises(session.driver.MemoryError, match="out of memory"):
        session.driver.mem_alloc(16)
    session.order("context none")
    assert engine.create_execution_context() is None
    session.order("execute false")
    context, stream = engine.create_execution_context(), session.driver.Stream()
    assert session.start(context, addresses(memory(session, engine, 1)), stream) is False


def test_memory_comes_back(session: Any) -> None:
    free = session.driver.mem_get_info()[0]
    plan = session.build(networks.small(1))
    engine = session.load(plan)
    context = engine.create_execution_context()
    assert session.driver.mem_get_info()[0] < free
    del context, engine
    assert session.driver.mem_get_info()[0] == free


def test_before_10_a_profile_belongs_to_one_context(session: Any) -> None:
    engine = session.load(session.build(networks.small(), batches=[(1, 1, 1), (1, 2, 4)]))
    one, two = engine.create_execution_context(), engine.create_execution_context()
    shared = session.trt.__version__[:2] in ("10", "11")
    assert (two.active_optimization_profile, one.active_optimization_profile) == (0 if shared else -1, 0)
    stream = session.driver.Stream()
    assert two.set_optimization_profile_async(0, stream.handle) is shared
    assert two.set_optimization_profile_async(1, stream.handle) is True
    assert session.settle(two, engine, "picture", (4, 3, 16, 16))
    assert not session.settle(one, engine, "picture", (4, 3, 16, 16))


def test_one_context_on_two_streams_is_refused(session: Any, loaded: Any) -> None:
    engine, context, stream = loaded
    assert session.settle(context, engine, "picture", (1, 3, 16, 16))
    device = memory(session, engine, 1)
    places = addresses(device)
    session.order("delay 200")
    assert session.start(context, places, stream)
    assert session.start(context, places, session.driver.Stream()) is False
    stream.synchronize()
