"""What TensorRT knows, and what it says."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import DeviceLost, EngineError, Incompatible, OutOfMemory
from edge.inference.tensorrt.api import Api, numpy_dtype
from edge.inference.tensorrt.log import Log, checked


class Severity:
    def __init__(self, name: str) -> None:
        self.name = name


def api(**classes: Any) -> Api:
    class Logger:
        pass

    module = types.ModuleType("tensorrt")
    module.__dict__.update({"__version__": "8.5.2.2", "ILogger": Logger, **classes})
    return Api(module, "tensorrt")


def test_what_a_tensorrt_knows_is_asked_by_name() -> None:
    old = api(ICudaEngine=type("E", (), {"num_bindings": 0}), BuilderFlag=type("F", (), {"FP16": 0}))
    assert (old.names, old.strongly_typed, old.version) == (False, False, (8, 5, 2, 2))
    classes = {"ICudaEngine": type("E", (), {"num_io_tensors": 0}), "BuilderFlag": type("F", (), {"TF32": 0})}
    new = api(__version__="11.1", **classes)
    assert (new.names, new.strongly_typed, new.version) == (True, True, (11, 1, 0, 0))
    assert new.has("BuilderFlag", "TF32") and not new.has("BuilderFlag", "INT8") and not new.has("NoClass", "x")


def test_types_without_trt_nptype() -> None:
    assert numpy_dtype(api(), Severity("HALF")) == np.float16
    assert numpy_dtype(api(), Severity("BOOL")) == np.bool_
    with pytest.raises(Incompatible, match="FP8"):
        numpy_dtype(api(), Severity("FP8"))


def test_the_log_is_bounded_and_its_errors_are_not_pushed_out(tmp_path: Path) -> None:
    log = Log(api(), str(tmp_path / "log"))
    mark = log.mark()
    log.logger.log(Severity("ERROR"), "the reason\nin two lines")
    for number in range(9000):
        log.logger.log(Severity("INFO"), f"line {number} " + "x" * 600)
        log.logger.log(Severity("VERBOSE"), "never kept")
    assert len(log.lines) == 4000 and log.lines[-1][1].startswith("line 8999")
    assert log.errors_since(mark) == "the reason in two lines"
    assert log.errors_since(log.mark()) == "" and log.since(log.mark()) == []
    size = (tmp_path / "log").stat().st_size
    assert size < 5 << 20
    assert (tmp_path / "log").read_text().endswith("(more was said than is kept here)\n")
    assert "never kept" not in (tmp_path / "log").read_text()
    log.logger.log(Severity("ERROR"), "y" * 3000)
    assert len(log.errors_since(mark)) == 400
    log.close()


def test_nothing_comes_out_of_a_callback(tmp_path: Path) -> None:
    log = Log(api(), str(tmp_path / "log"))
    log.listen(lambda severity, text: 1 // 0)
    log.logger.log(None, None)
    log.logger.log(Severity("ERROR"), object())
    log.close()
    log.logger.log(Severity("ERROR"), "after its file was closed")
    assert "after its file" in log.errors_since(0)


def test_results_are_checked() -> None:
    log = Log(api())
    assert checked(0, log, log.mark(), "nothing") == 0
    for words, kind in (
        ("Error Code 3: API Usage Error", EngineError),
        ("Requested amount of GPU memory (1073741824 bytes) could not be allocated.", OutOfMemory),
        ("1: [defaultAllocator.cpp::allocate::20] Error Code 1: Cuda Runtime (out of memory)", OutOfMemory),
        ("Error Code 1: Cuda Runtime (an illegal memory access was encountered)", DeviceLost),
    ):
        mark = log.mark()
        log.logger.log(Severity("ERROR"), words)
        with pytest.raises(EngineError) as caught:
            checked(None, log, mark, "model")
        assert type(caught.value) is kind and str(caught.value).startswith("model: ") and words in str(caught.value)
    with pytest.raises(EngineError, match="does not say why"):
        checked(False, log, log.mark(), "model")
