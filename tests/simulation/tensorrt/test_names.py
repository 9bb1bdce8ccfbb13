"""The double has the names of each version's bindings, and none that the version lacks."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any, Dict, Set

import pytest

from tests.simulation.tensorrt.setting import VERSIONS, TensorRT

# Names that the double does not have, by class: what nothing of ours may call. Networks come from the parser alone (so
# no add_*, and no weights to name or refit); and refitted and streamed weights, engines written to streams, tracing of
# tensors, and several devices are not used.
LACKING_WORDS = {
    "INetworkDefinition": "mark_output_for_shapes unmark_output_for_shapes remove_tensor set_weights_name serialize "
    "mark_weights_refittable unmark_weights_refittable are_weights_marked_refittable mark_debug unmark_debug "
    "is_debug_tensor mark_unfused_tensors_as_debug_tensors unmark_unfused_tensors_as_debug_tensors InterpolationMode "
    "ResizeMode SampleMode SliceMode",
    "ILayer": "set_input",
    "Builder": "build_serialized_network_to_stream",
    "IBuilderConfig": "runtime_platform remote_auto_tuning_config tiling_optimization_level build_route "
    "all_build_routes",
    "ICudaEngine": "create_serialization_config serialize_with_config create_runtime_config get_aliased_input_tensor "
    "get_engine_stat is_debug_tensor minimum_weight_streaming_budget weight_streaming_budget "
    "get_weight_streaming_automatic_budget weight_streaming_scratch_memory_size",
    "IExecutionContext": "get_debug_listener get_debug_state set_debug_listener set_tensor_debug_state "
    "set_all_tensors_debug_state unfused_tensors_debug_state get_runtime_config set_aux_streams set_communicator",
    "ITimingCache": "query queryKeys update",
    "OnnxParser": "parse_with_weight_descriptors get_layer_output_tensor get_subgraph_nodes is_subgraph_supported "
    "num_subgraphs load_initializer load_model_proto parse_model_proto set_builder_config",
    "IPluginRegistry": "acquire_plugin_resource release_plugin_resource",
}
LACKING: Dict[str, Set[str]] = {name: set(words.split()) for name, words in LACKING_WORDS.items()}
# Read into the wrong class when the bindings' sources were searched: they are the module's.
MISREAD = {
    "IPluginRegistry": {"get_plugin_registry", "get_builder_plugin_registry", "init_libnvinfer_plugins"},
    "ParserError": {"get_nv_onnx_parser_version"},
    "Runtime": {"get_plugin_registry"},
    "Builder": {"get_plugin_registry"},
}
# Said by Python itself and by every class.
PYTHONS = {"__del__"}
# Of classes that the bindings have in every version, and whose names the table does not tell for all.
UNTOLD = {"ILogger", "Logger", "IOutputAllocator"}
# Beside the table's names: the severities are exported into the loggers.
SEVERITIES = {"Severity", "INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"}


@pytest.fixture(scope="module")
def table(shared: Path) -> Dict[str, Dict[str, Any]]:
    found: Dict[str, Dict[str, Any]] = json.loads((shared / "reference" / "tensorrt-api.json").read_text())
    return found


def names(kind: type) -> Set[str]:
    """What a class offers, without what every class does."""
    plain = set(dir(object)) | {"__module__", "__dict__", "__weakref__", "__enter__", "__exit__", "__hash__"}
    members = set(getattr(kind, "__members__", {}))
    if members:
        return members
    own = {name for base in kind.__mro__ if base.__module__ == "tensorrt.tensorrt" for name in vars(base)}
    return {name for name in own if not name.startswith("_") or name in ("__len__", "__getitem__")} - plain


@pytest.mark.parametrize("version", VERSIONS)
def test_each_class_has_its_versions_names(version: str, table: Dict[str, Any], tmp_path: Path) -> None:
    with TensorRT(version, "orin-nx", tmp_path).here():
        trt = importlib.import_module("tensorrt")
        for name, wanted in table[version].items():
            if name in ("module", "DataType"):
                continue
            found = names(getattr(trt, name))
            missing = {n for n in wanted if not hasattr(getattr(trt, name), n)}
            missing -= MISREAD.get(name, set()) | LACKING.get(name, set()) | PYTHONS
            missing = {n for n in missing if not (name == "INetworkDefinition" and n.startswith("add_"))}
            assert not missing, (name, "lacks")
            beyond = found - set(wanted) - (SEVERITIES if name in UNTOLD else set())
            assert name in UNTOLD or not beyond, (name, "has beyond", beyond)


@pytest.mark.parametrize("version", VERSIONS)
def test_classes_that_a_version_lacks_are_not_there(version: str, table: Dict[str, Any], tmp_path: Path) -> None:
    everywhere = {name for names in table.values() for name in names} - {"module"} - UNTOLD
    with TensorRT(version, "orin-nx", tmp_path).here():
        trt = importlib.import_module("tensorrt")
        for name in everywhere - set(table[version]):
            assert not hasattr(trt, name), name
        if version == "8.2":
            assert not hasattr(trt, "IOutputAllocator")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_modules_functions_and_short_names_of_types(version: str, table: Dict[str, Any], tmp_path: Path) -> None:
    functions = {name for version in table for name in table[version]["module"]}
    short = {name for version in table for name in table[version]["DataType"] if name.islower()}
    with TensorRT(version, "orin-nx", tmp_path).here():
        trt = importlib.import_module("tensorrt")
        assert {n for n in functions if hasattr(trt, n)} == set(table[version]["module"])
        types = table[version]["DataType"]
        assert set(trt.DataType.__members__) == {n for n in types if not n.islower() and n != "E8M0"} | (
            {"E8M0"} & set(types)
        )
        assert {n for n in short if n in vars(trt)} == {n for n in types if n.islower()}
        assert trt.float32 == trt.DataType.FLOAT


def test_what_is_said_to_lack_is_lacking(table: Dict[str, Any], tmp_path: Path) -> None:
    there: Dict[str, Set[str]] = {}
    for version in VERSIONS:
        with TensorRT(version, "orin-nx", tmp_path).here():
            trt = importlib.import_module("tensorrt")
            for name, lacking in LACKING.items():
                there.setdefault(name, set()).update(n for n in lacking if hasattr(getattr(trt, name), n))
    assert {name: found for name, found in there.items() if found} == {}


def test_enumerations_are_like_pybinds(tmp_path: Path) -> None:
    with TensorRT("8.5", "nano", tmp_path).here():
        trt = importlib.import_module("tensorrt")
        assert trt.DataType.FLOAT != 0 and trt.DataType.FLOAT != trt.DeviceType.GPU
        assert int(trt.BuilderFlag.FP16) == 0 and 1 << int(trt.BuilderFlag.INT8) == 2
        assert str(trt.DataType.HALF) == "DataType.HALF" and repr(trt.DataType.HALF) == "<DataType.HALF: 1>"
        assert {trt.DataType.HALF: 1}[trt.float16] == 1
        with pytest.raises(TypeError):
            iter(trt.DataType)


def test_dimensions_are_no_tuples(tmp_path: Path) -> None:
    with TensorRT("8.5", "nano", tmp_path).here():
        trt = importlib.import_module("tensorrt")
        shape = trt.Dims((1, 3, 4))
        assert shape == (1, 3, 4) and tuple(shape) == (1, 3, 4) and len(shape) == 3 and shape[1:] == (3, 4)
        assert not isinstance(shape, tuple)
        with pytest.raises(TypeError):
            shape == trt.Dims((1, 3, 4))  # noqa: B015 - the bindings have no such comparison
        with pytest.raises(TypeError):
            hash(shape)


@pytest.mark.parametrize("version", ["8.2", "11.1"])
def test_attributes_that_are_not_there_cannot_be_set(version: str, tmp_path: Path) -> None:
    with TensorRT(version, "nano", tmp_path).here():
        trt = importlib.import_module("tensorrt")
        config = trt.Builder(trt.Logger(trt.Logger.ERROR)).create_builder_config()
        lacking = "max_workspace_size" if version == "11.1" else "builder_optimization_level"
        with pytest.raises(AttributeError, match=lacking):
            setattr(config, lacking, 1)
        with pytest.raises(TypeError):
            config.set_flag(0)


def test_a_subclass_must_call_the_bases_init(tmp_path: Path) -> None:
    with TensorRT("8.2", "nano", tmp_path).here():
        trt = importlib.import_module("tensorrt")

        class Quiet(trt.ILogger):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                pass

        with pytest.raises(TypeError, match=r"ILogger.__init__\(\) must be called"):
            Quiet()
