"""NVML through a library in C that has its functions: what the structures and calls are held against."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from edge.telemetry.reading import Reading
from edge.telemetry.sources.kernel import Kernel
from edge.telemetry.sources.nvml import Nvml

# Signatures as in nvml.h. GPUS, BROKEN (a function that fails) and OLD (a library that lacks one) come from the test.
SOURCE = r"""
#include <string.h>
typedef int nvmlReturn_t;
typedef struct device { int index; } *nvmlDevice_t;
static struct device devices[8];
nvmlReturn_t nvmlInit_v2(void) { return INIT; }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) { *count = GPUS; return 0; }
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
    devices[index].index = index; *device = &devices[index]; return 0; }
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length) {
    strncpy(name, "NVIDIA Test", length); return 0; }
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, struct { unsigned int gpu, memory; } *rates) {
    rates->gpu = 40 + device->index; rates->memory = 7; return BROKEN; }
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, struct { unsigned long long total, free, used; } *memory) {
    memory->total = 8589934592ULL; memory->free = 6442450944ULL; memory->used = 2147483648ULL; return 0; }
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned int *celsius) {
    *celsius = 61 + device->index; return sensor; }
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *milliwatts) { *milliwatts = 75500; return 0; }
nvmlReturn_t nvmlDeviceGetFanSpeed(nvmlDevice_t device, unsigned int *percent) { return 3; }
#ifndef OLD
nvmlReturn_t nvmlDeviceGetDecoderUtilization(nvmlDevice_t device, unsigned int *percent, unsigned int *microseconds) {
    *percent = 23; *microseconds = 20000; return 0; }
#endif
nvmlReturn_t nvmlDeviceGetEncoderUtilization(nvmlDevice_t device, unsigned int *percent, unsigned int *microseconds) {
    *percent = 0; *microseconds = 20000; return 0; }
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, int type, unsigned int *megahertz) {
    *megahertz = type == 1 ? 1200 : 1; return 0; }
nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, int type, unsigned int *megahertz) {
    *megahertz = type == 1 ? 1980 : 1; return 0; }
nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long *reasons) {
    *reasons = REASONS; return 0; }
"""
WHOLE = {
    "name": "NVIDIA Test", "load": 40, "mhz": 1200, "limit_mhz": 1980, "memory_used_mib": 2048,
    "memory_total_mib": 8192, "decoder_load": 23, "encoder_load": 0,
}  # fmt: skip
BUSY = "0x4"  # the power cap, which any busy GPU meets


@pytest.fixture
def library(tmp_path: Path) -> Callable[..., str]:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")

    def build(gpus: int = 1, reasons: str = BUSY, broken: int = 0, init: int = 0, old: bool = False) -> str:
        made, source = tmp_path / f"nvml-{gpus}{reasons}{broken}{init}{old}.so", tmp_path / "nvml.c"
        source.write_text(SOURCE)
        said = [f"-DGPUS={gpus}", f"-DREASONS={reasons}ULL", f"-DBROKEN={broken}", f"-DINIT={init}"]
        command = [compiler, "-shared", "-fPIC", "-w", "-o", str(made), *said, *(["-DOLD"] if old else []), str(source)]
        subprocess.run(command, check=True)
        return str(made)

    return build


def read(root: Path, library: str) -> Any:
    kernel = Kernel(str(root), library)
    return Reading.of({"source": kernel.name, "values": kernel.read()}).payload()


def test_one_gpu(library: Callable[..., str], tmp_path: Path) -> None:
    assert read(tmp_path, library()) == {
        "source": "sysfs and NVML",
        "throttling": [],
        "gpus": [WHOLE],
        "temperatures": {"gpu": 61},
        "power_mw": {"gpu": 75500},
    }


def test_several_gpus_and_throttling(library: Callable[..., str], tmp_path: Path) -> None:
    found = read(tmp_path, library(gpus=2, reasons="0x64"))
    assert [gpu["load"] for gpu in found["gpus"]] == [40, 41]
    assert found["temperatures"] == {"gpu0": 61, "gpu1": 62}
    assert "gpu0: thermal slowdown by the driver" in found["throttling"]
    assert "gpu1: thermal slowdown by hardware" in found["throttling"]


def test_what_a_gpu_does_not_have_is_left_out(library: Callable[..., str], tmp_path: Path) -> None:
    (gpu,) = read(tmp_path, library(broken=3, old=True))["gpus"]
    assert gpu == {key: value for key, value in WHOLE.items() if key not in ("load", "decoder_load")}


def test_no_driver(library: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no driver"):
        Nvml(library(init=9))
    assert read(tmp_path, library(init=9)) == {"source": "sysfs", "throttling": []}
    assert read(tmp_path, library(gpus=0)) == {"source": "sysfs", "throttling": []}


def test_no_library(tmp_path: Path) -> None:
    (tmp_path / "damaged.so").write_bytes(b"\x7fELF and nothing else")
    for name in ("no-such-library.so", str(tmp_path / "damaged.so")):
        assert read(tmp_path, name) == {"source": "sysfs", "throttling": []}
