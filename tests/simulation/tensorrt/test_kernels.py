"""GPU code: which is taken, and what a launch does where no GPU is."""

from __future__ import annotations

import importlib
import struct
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

PTX = b".version 7.0\n.target sm_70\n.visible .entry add_one(\n"


def added(session: Any) -> Any:
    """A kernel that the double knows: it adds one to as many floats as its second argument says."""
    kernels = importlib.import_module("simulated_gpu.kernels")

    @kernels.kernel("add_one")  # type: ignore[untyped-decorator]
    def add_one(memory: Any, args: Any, grid: Any, block: Any) -> None:
        memory.view(args[0], "float32", (args[1],))[...] += 1

    return session.driver.module_from_buffer(PTX).get_function("add_one")


def test_kernels_run_in_python(on: Callable[..., Any]) -> None:
    session = on()
    driver, kernel = session.driver, added(session)
    device, stream = driver.to_device(np.arange(8, dtype=np.float32)), driver.Stream()
    host = driver.pagelocked_zeros(8, np.float32)
    kernel(device, np.int32(8), grid=(1, 1), block=(8, 1, 1), stream=stream)
    kernel.prepare("Pi").prepared_async_call((1, 1, 1), (8, 1, 1), stream, int(device), 4)
    driver.memcpy_dtoh_async(host, device, stream)
    stream.synchronize()
    np.testing.assert_array_equal(host, [2, 3, 4, 5, 5, 6, 7, 8])
    with pytest.raises(TypeError):
        kernel(device, 8, block=(8, 1, 1))
    with pytest.raises(ValueError):
        kernel(device, np.int32(8))
    with pytest.raises(driver.LaunchError):
        kernel(device, np.int32(8), grid=(1, 1), block=(64, 32, 1))


def test_a_kernel_that_runs_over_its_memory(on: Callable[..., Any]) -> None:
    session = on()
    device, kernel, stream = session.driver.mem_alloc(16), added(session), session.driver.Stream()
    kernel(device, np.int32(8), block=(8, 1, 1), stream=stream)
    with pytest.raises(session.driver.LogicError, match="an illegal memory access was encountered"):
        stream.synchronize()


def cubin(compute: int) -> bytes:
    head = bytearray(64)
    head[:9] = b"\x7fELF\x02\x01\x01\x33\x07"
    struct.pack_into("<H", head, 18, 190)
    struct.pack_into("<I", head, 48, compute | compute << 16)
    return bytes(head) + b"add_one\0"


@pytest.mark.parametrize(
    "image, kind, words",
    [
        (b"no code", "LogicError", "device kernel image is invalid"),
        (PTX.replace(b"sm_70", b"sm_87"), "LogicError", "a PTX JIT compilation failed"),
        (cubin(87), "RuntimeError", "no kernel image is available for execution on the device"),
        (cubin(72)[:40], "LogicError", "device kernel image is invalid"),
    ],
)
def test_code_for_others_is_refused(image: bytes, kind: str, words: str, on: Callable[..., Any]) -> None:
    driver = on("8.5", "xavier-nx").driver
    with pytest.raises(getattr(driver, kind), match=words):
        driver.module_from_buffer(image)


def test_code_for_this_gpu_is_taken(on: Callable[..., Any], tmp_path: Path) -> None:
    session = on("8.5", "xavier-nx")
    assert added(session)
    (tmp_path / "kernel.cubin").write_bytes(cubin(72))
    module = session.driver.module_from_file(str(tmp_path / "kernel.cubin"))
    assert module.get_function("add_one")
    with pytest.raises(session.driver.LogicError, match="named symbol not found"):
        module.get_function("add_two")
    with pytest.raises(session.driver.RuntimeError, match="file not found"):
        session.driver.module_from_file(str(tmp_path / "other.cubin"))


def test_no_compiler(on: Callable[..., Any], tmp_path: Path) -> None:
    on()
    compiler = importlib.import_module("pycuda.compiler")
    with pytest.raises(OSError, match="error invoking"):
        compiler.SourceModule("__global__ void add_one() {}", nvcc=str(tmp_path / "nvcc"))


def test_a_compilers_words(on: Callable[..., Any], tmp_path: Path) -> None:
    driver = on().driver
    compiler = importlib.import_module("pycuda.compiler")
    nvcc = tmp_path / "nvcc"
    nvcc.write_text('#!/bin/sh\necho "kernel.cu(1): error: nonsense" >&2; exit 2\n')
    nvcc.chmod(0o755)
    with pytest.raises(driver.CompileError, match="nonsense"):
        compiler.compile("nonsense", nvcc=str(nvcc))
