"""How much memory a build may take, and the watch over it."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import pytest

from edge.errors import OutOfMemory
from edge.inference.tensorrt.memory import MIB, Memory, Watch, measure, plan, weigh


def memory(total: int, available: int, gpu_free: Optional[int] = None, shared: bool = True) -> Memory:
    return Memory(total * MIB, available * MIB, None if gpu_free is None else gpu_free * MIB, shared)


def test_how_much_workspace() -> None:
    nano = memory(3956, 2200, 300)
    # What CUDA calls free does not count where the memory is the board's.
    found = plan(nano, 10 * MIB, None, None)
    assert found.workspace == (2200 * MIB - nano.floor - 640 * MIB) // 2 and found.warning == ""
    assert plan(nano, 10 * MIB, 256, None).workspace == 256 * MIB
    less = plan(nano, 10 * MIB, 2000, None)
    assert less.workspace < 1500 * MIB and less.warning.startswith("workspace of ")
    assert plan(nano, 10 * MIB, None, 1000).limit == 1000 * MIB
    assert plan(memory(64000, 60000, 24000, shared=False), 10 * MIB, None, None).workspace == 4096 * MIB
    assert plan(memory(64000, 60000, 1000, shared=False), 10 * MIB, None, None).workspace == 480 * MIB
    for short, limit in ((memory(1980, 700), None), (nano, 300), (memory(64000, 60000, 50, shared=False), None)):
        with pytest.raises(OutOfMemory, match="MiB may be used"):
            plan(short, 10 * MIB, None, limit)


def test_weights_beside_the_file_count(tmp_path: Path) -> None:
    (tmp_path / "big.onnx").write_bytes(b"1" * 10)
    (tmp_path / "big.onnx.data").write_bytes(b"1" * 1000)
    (tmp_path / "other.onnx").write_bytes(b"1" * 100)
    assert weigh(str(tmp_path / "big.onnx")) == 1010


def test_the_watch(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "statm").write_text("9999 300 1 1 0 1 0\n")

    def meminfo(available: int) -> None:
        (tmp_path / "meminfo").write_text(f"MemTotal: 4000000 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n")

    meminfo(2000000)
    assert measure(None, str(tmp_path))[:2] == (4000000 * 1024, 2000000 * 1024)
    said: List[str] = []
    watch = Watch(said.append, lambda: None, str(tmp_path))
    watch._floor = 160 * MIB
    assert watch.trouble() == ""
    meminfo(100 * 1024)
    assert "100 MiB of memory were left, 160 MiB must be for everything else" in watch.trouble()
    meminfo(2000000)
    watch._limit = MIB
    assert "it held 1 MiB, and 1 MiB is its limit" in watch.trouble()
    watch.start(0, MIB)
    watch._thread.join(60)
    assert len(said) == 1
