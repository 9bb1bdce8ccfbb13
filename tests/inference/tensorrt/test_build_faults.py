"""Builds that fail, and builds that are ended: what is said, and what is left."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest

from edge.errors import EngineError
from edge.inference.tensorrt.api import load
from scripts.servers import ROOT
from tests.inference.tensorrt.builder import Builder, build_order, pictures
from tests.simulation.tensorrt.setting import TensorRT

PERSON = ROOT / "models" / "person" / "person.onnx"
Make = Callable[..., TensorRT]


def ended(environment: Dict[str, str], order: Dict[str, Any]) -> Dict[str, Any]:
    """The end of an order that must fail, which leaves no plan."""
    with Builder(environment=environment) as builder:
        end = builder.order(**order)
    assert end["op"] == "end", end
    assert end["reason"].startswith(order["name"] + ": ") and "\n" not in end["reason"]
    assert not Path(order["plan"]).exists()
    return end


@pytest.mark.parametrize("version", ["8.2", "8.6", "10.3", "11.1"])
def test_the_parser_s_errors(tensorrt: Make, tmp_path: Path, version: str) -> None:
    double = tensorrt(version, "pc")
    double.order("parse error no such thing as a fish")
    end = ended(double.environment(), build_order(PERSON, tmp_path))
    assert end["error"] == "BuildFailed"
    assert "cannot read this network: node" in end["reason"] and "no such thing as a fish" in end["reason"]


def test_files_that_are_no_networks(tensorrt: Make, tmp_path: Path) -> None:
    environment = tensorrt("8.5", "xavier-nx").environment()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"hello world")
    assert ended(environment, build_order(broken, tmp_path))["error"] == "BuildFailed"
    end = ended(environment, build_order(tmp_path / "none.onnx", tmp_path))
    assert end["error"] == "BuildFailed" and "none.onnx: there is no such file" in end["reason"]


def test_a_network_that_model_yaml_does_not_fit(tensorrt: Make, tmp_path: Path) -> None:
    environment = tensorrt("8.5", "xavier-nx").environment()
    end = ended(environment, build_order(PERSON, tmp_path, input={"size": [640, 480], "color": "bgr"}))
    assert end["error"] == "Incompatible"
    assert "has a height of 288, model.yaml says 480" in end["reason"]


@pytest.mark.parametrize("version", ["8.2", "10.3", "11.1"])
def test_no_engine(tensorrt: Make, tmp_path: Path, version: str) -> None:
    double = tensorrt(version, "pc")
    double.order("build none the moon is in the wrong place")
    end = ended(double.environment(), build_order(PERSON, tmp_path))
    assert end["error"] == "BuildFailed"
    assert "no engine could be built" in end["reason"] and "wrong place" in end["reason"]
    assert any("wrong place" in line for line in end["log"])
    assert "wrong place" in (tmp_path / "build.log").read_text()


@pytest.mark.parametrize("version", ["8.2", "10.3"])
def test_no_memory_on_the_device(tensorrt: Make, tmp_path: Path, version: str) -> None:
    double = tensorrt(version, "xavier-nx")
    double.order("oom")
    end = ended(double.environment(), build_order(PERSON, tmp_path, workspace_mib=64))
    assert end["error"] == "OutOfMemory", end


@pytest.mark.parametrize("version", ["8.2", "10.3"])
def test_an_engine_that_cannot_be_read_back(tensorrt: Make, tmp_path: Path, version: str) -> None:
    double = tensorrt(version, "xavier-nx")
    double.order("deserialize none a bad plan")
    end = ended(double.environment(), build_order(PERSON, tmp_path))
    assert end["error"] == "BuildFailed"
    assert "the engine cannot be read back" in end["reason"] and "a bad plan" in end["reason"]


@pytest.mark.parametrize("version", ["8.2", "10.3"])
def test_a_lost_device(tensorrt: Make, tmp_path: Path, version: str) -> None:
    double = tensorrt(version, "xavier-nx")
    double.order("device lost")
    assert ended(double.environment(), build_order(PERSON, tmp_path))["error"] == "DeviceLost"


def test_too_little_memory_to_begin(tensorrt: Make, tmp_path: Path) -> None:
    end = ended(tensorrt("8.2", "nano").environment(), build_order(PERSON, tmp_path, memory_limit_mib=200))
    assert end["error"] == "OutOfMemory"
    assert "and 200 MiB may be used" in end["reason"] and "stop what else runs" in end["reason"]


def test_less_workspace_than_asked(tensorrt: Make, tmp_path: Path) -> None:
    order = build_order(PERSON, tmp_path, workspace_mib=4000, memory_limit_mib=1000)
    with Builder(environment=tensorrt("8.5", "xavier-nx").environment()) as builder:
        (warning,) = builder.order(**order)["warnings"]
    assert warning.startswith("workspace of ") and "instead of 4000" in warning


def test_a_plugin_that_is_not_there(tensorrt: Make, tmp_path: Path) -> None:
    environment = tensorrt("8.6", "orin-nx").environment()
    end = ended(environment, build_order(PERSON, tmp_path, plugins=[str(tmp_path / "libmine.so")]))
    assert end["error"] == "BuildFailed" and "libmine.so: there is no such plugin library" in end["reason"]
    wrong = tmp_path / "libwrong.so"
    wrong.write_bytes(b"no library")
    end = ended(environment, build_order(PERSON, tmp_path, plugins=[str(wrong)]))
    assert "libwrong.so: the plugin library cannot be loaded" in end["reason"]


def test_nowhere_to_write(tensorrt: Make, tmp_path: Path) -> None:
    order = build_order(PERSON, tmp_path, plan=str(tmp_path / "no" / "folder" / "plan"))
    end = ended(tensorrt("8.5", "xavier-nx").environment(), order)
    assert "plan: cannot be written (No such file or directory)" in end["reason"]


def test_a_build_that_kills_its_process(tensorrt: Make, tmp_path: Path) -> None:
    """The daemon's side sees a channel that ends without an answer."""
    double = tensorrt("8.2", "nano")
    double.order("build abort")
    with Builder(environment=double.environment()) as builder:
        builder.control.send(build_order(PERSON, tmp_path))
        assert builder.process.wait(100) != 0
    assert not (tmp_path / "engine.plan.tmp").exists()


def test_a_build_is_ended_by_closing_the_channel(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    double.order("build seconds 600")
    with Builder(environment=double.environment()) as builder:
        order = build_order(
            PERSON,
            tmp_path,
            precision="int8",
            timing_cache=str(tmp_path / "timing.cache"),
            calibration={"cache": str(tmp_path / "cache"), "pictures": pictures(tmp_path / "p.npy", 4), "batch": 2},
        )
        builder.control.send(order)
        builder.wait_for("progress", phase="build")
        process = Path("/proc", str(builder.process.pid))
        # Where memory runs out after all, it goes first; cameras and lanes go before it.
        assert (process / "oom_score_adj").read_text().strip() == "900"
        assert os.getpriority(os.PRIO_PROCESS, builder.process.pid) >= 10
        assert (process / "comm").read_text().strip() == "edge: build per"
        began = time.monotonic()
        builder.close_channels()
        assert builder.process.wait(100) == 1
        assert time.monotonic() - began < 60
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"build.log", "p.npy", "cache", "engine.plan.tmp"}


def test_it_ends_itself_before_the_memory_does(tensorrt: Make, tmp_path: Path) -> None:
    """The watch looks while TensorRT builds: pictures that it must hold at once make it larger than its limit."""
    double = tensorrt("8.5", "xavier-nx")
    many = tmp_path / "many.npz"
    # One array of many pictures is read whole: 600 MiB, which are next to nothing on the disk.
    np.savez_compressed(str(many), np.zeros((480, 3, 288, 384), np.float32))
    order = build_order(
        PERSON,
        tmp_path,
        precision="int8",
        memory_limit_mib=650,
        calibration={"cache": str(tmp_path / "cache"), "pictures": str(many), "batch": 4},
    )
    end = ended(double.environment(), order)
    assert end["error"] == "OutOfMemory"
    assert "the build was ended: it held" in end["reason"] and "650 MiB is its limit" in end["reason"]


def test_no_tensorrt(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with Builder(environment=environment) as builder:
        end = builder.order(op="platform", module="tensorrt", plugins=[])
    assert end["error"] == "EngineError"
    assert "tensorrt cannot be imported by the workers' Python" in end["reason"]
    with pytest.raises(EngineError, match="no_such_module cannot be imported"):
        load("no_such_module")


def test_an_order_that_it_does_not_know() -> None:
    with Builder() as builder:
        end = builder.order(op="dance")
    assert end["error"] == "EngineError" and "no order 'dance'" in end["reason"]
