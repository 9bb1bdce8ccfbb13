"""The double of pycuda: its names, contexts, memory, and kernels."""

from __future__ import annotations

import importlib
import threading
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

import numpy as np
import pytest

NAMES = Path(__file__).with_name("pycuda_names.txt")


@pytest.fixture
def recorded() -> Dict[str, Set[str]]:
    found: Dict[str, Set[str]] = {}
    for line in NAMES.read_text().splitlines():
        if not line.startswith("#"):
            where, names = line.split(":")
            found.setdefault(where, set()).update(names.split())
    return found


def public(thing: Any) -> Set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


def test_names_are_pycudas(on: Callable[..., Any], recorded: Dict[str, Set[str]]) -> None:
    driver = on().driver
    assert set(driver.__all__) <= recorded["driver"]
    # A function's numbers are attributes of it by their names in lower case, a device's too.
    recorded["Function"] |= {name.lower() for name in recorded["function_attribute"]} | {"arg_format"}
    # Python's way to have base classes: what they have, these have.
    recorded["PagelockedHostAllocation"] |= recorded["HostPointer"]
    for name in driver.__all__:
        if name in recorded:
            assert public(getattr(driver, name)) <= recorded[name], name
    compiler = importlib.import_module("pycuda.compiler")
    assert {"SourceModule", "compile"} <= recorded["compiler"]
    assert public(compiler.SourceModule) <= recorded["SourceModule"]
    for error in ("MemoryError", "LogicError", "LaunchError", "RuntimeError", "CompileError"):
        assert issubclass(getattr(driver, error), driver.Error)


@pytest.mark.parametrize("module", ["pycuda.autoinit", "pycuda.autoprimaryctx"])
def test_nobody_may_import_what_makes_contexts_by_itself(module: str, on: Callable[..., Any]) -> None:
    on()
    with pytest.raises(RuntimeError, match="was imported"):
        importlib.import_module(module)


def test_the_board_is_told(on: Callable[..., Any]) -> None:
    driver = on("8.2", "nano").driver
    device = driver.Device(0)
    assert (driver.Device.count(), device.name(), device.compute_capability()) == (1, "NVIDIA Tegra X1", (5, 3))
    assert driver.get_driver_version() == 10020 and driver.get_version() == (10, 2, 0)
    free, total = driver.mem_get_info()
    assert 0 < free < total == device.total_memory() < 4 << 30
    assert device.get_attribute(driver.device_attribute.INTEGRATED) == device.integrated == 1
    with pytest.raises(driver.LogicError, match="invalid device ordinal"):
        driver.Device(1)


def test_without_a_context_in_this_thread_nothing_goes(on: Callable[..., Any]) -> None:
    driver = on().driver
    driver.Context.pop()
    try:
        for call in (driver.Stream, driver.mem_get_info, driver.Event, lambda: driver.mem_alloc(4)):
            with pytest.raises(driver.LogicError, match="invalid device context"):
                call()
    finally:
        driver.Device(0).retain_primary_context().push()


def test_each_thread_has_its_own_stack(on: Callable[..., Any]) -> None:
    session = on()
    found: List[Any] = []

    def look() -> None:
        found.append(session.driver.Context.get_current())
        session.cuda.push()
        found.append(session.driver.mem_alloc(8))
        session.driver.Context.pop()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found[0] is None and int(found[1])
    with pytest.raises(session.driver.LogicError):
        driver = session.driver
        driver.Context.pop()
        try:
            driver.Context.pop()
        finally:
            session.cuda.push()


def test_contexts_are_known_by_kind(on: Callable[..., Any]) -> None:
    session = on()
    made = importlib.import_module("pycuda._context").MADE
    assert [context._kind for context in made] == ["primary"]
    session.driver.Device(0).make_context()
    session.driver.Context.pop()
    assert [context._kind for context in made] == ["primary", "private"]
    made[1].detach()
    with pytest.raises(session.driver.LogicError):
        made[1].push()


def test_a_copy_on_a_stream_wants_page_locked_memory(on: Callable[..., Any]) -> None:
    driver = on().driver
    device, stream = driver.mem_alloc(64), driver.Stream()
    with pytest.raises(driver.LogicError, match="is not page-locked"):
        driver.memcpy_htod_async(device, np.zeros(64, np.uint8), stream)
    locked = driver.pagelocked_zeros(64, np.uint8)
    driver.memcpy_htod_async(device, locked[8:40], stream)
    stream.synchronize()
    owner = locked[8:40]
    while isinstance(owner, np.ndarray):
        owner = owner.base
    assert isinstance(owner, driver.PagelockedHostAllocation)
    owner.free()
    with pytest.raises(driver.LogicError, match="is not page-locked"):
        driver.memcpy_htod_async(device, locked, stream)


def test_a_gap_in_an_array_is_refused(on: Callable[..., Any]) -> None:
    driver = on().driver
    with pytest.raises(BufferError):
        driver.memcpy_htod(driver.mem_alloc(64), np.zeros((4, 8))[:, :2])


def test_what_is_read_when_the_stream_comes_to_it(on: Callable[..., Any]) -> None:
    """A buffer that is written again before its copy is done: the copy takes what is there then."""
    session = on()
    driver = session.driver
    device, stream = driver.mem_alloc(4), driver.Stream()
    host, back = driver.pagelocked_zeros(4, np.uint8), driver.pagelocked_zeros(4, np.uint8)
    session.order("delay 50")
    driver.memcpy_htod_async(device, host, stream)
    host[:] = 9
    driver.memcpy_dtoh_async(back, device, stream)
    stream.synchronize()
    assert (back == 9).all()


def test_device_memory_holds_no_zeros_and_may_be_freed_once(on: Callable[..., Any]) -> None:
    driver = on().driver
    device, host = driver.mem_alloc(16), np.zeros(16, np.uint8)
    driver.memcpy_dtoh(host, device)
    assert host.all()
    device.free()
    with pytest.raises(driver.LogicError):
        device.free()
    with pytest.raises(driver.LogicError):
        int(device)


def test_the_default_stream_waits_for_the_others(on: Callable[..., Any]) -> None:
    session = on()
    driver = session.driver
    device, host = driver.mem_alloc(4), np.zeros(4, np.uint8)
    session.order("delay 80")
    driver.memset_d8_async(device, 3, 4, driver.Stream())
    driver.memcpy_dtoh(host, device)
    assert (host == 3).all()


def test_what_is_let_go_elsewhere_leaks(on: Callable[..., Any]) -> None:
    """As pycuda does it: memory that loses its last name in a thread without the context is not given back."""
    session = on()
    driver = session.driver
    free = driver.mem_get_info()[0]
    held = [driver.mem_alloc(1 << 20), driver.mem_alloc(1 << 20)]

    def let_go(inside: bool) -> None:
        if inside:
            session.cuda.push()
        held.pop().free()
        if inside:
            driver.Context.pop()

    for inside, left in ((True, 1), (False, 1)):
        thread = threading.Thread(target=let_go, args=(inside,))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            thread.start()
            thread.join()
        assert bool(told) is not inside
        assert free - driver.mem_get_info()[0] == left << 20
