"""The module's contents for one version: every class without the names that this version's bindings lack."""

from typing import Any, Dict

import numpy as np
from simulated_gpu import board

from . import (
    base,
    builder,
    calibrate,
    config,
    context,
    engine,
    enums,
    inspector,
    log,
    names,
    network,
    parser,
    plan,
    plugins,
    runtime,
)

_CLASSES = (
    builder.Builder,
    calibrate.IInt8Calibrator,
    calibrate.IInt8EntropyCalibrator,
    calibrate.IInt8EntropyCalibrator2,
    calibrate.IInt8LegacyCalibrator,
    calibrate.IInt8MinMaxCalibrator,
    config.IBuilderConfig,
    config.IOptimizationProfile,
    config.ITimingCache,
    context.IExecutionContext,
    inspector.EngineInspector,
    engine.ICudaEngine,
    runtime.Runtime,
    log.ILogger,
    log.Logger,
    network.ILayer,
    network.INetworkDefinition,
    network.ITensor,
    parser.OnnxParser,
    parser.ParserError,
    plan.IHostMemory,
    plugins.IErrorRecorder,
    plugins.IGpuAllocator,
    plugins.IOutputAllocator,
    plugins.IPluginRegistry,
    plugins.IProfiler,
    plugins.IProgressMonitor,
    plugins.Profiler,
)
#: Classes of which the table says nothing for some versions, and which those have all the same.
ALWAYS = ("ILogger", "Logger")
_UNTIL_10 = ("IInt8EntropyCalibrator", "IInt8LegacyCalibrator", "IInt8MinMaxCalibrator")
#: Those that ``with`` takes.
_MANAGERS = (
    "Builder",
    "IBuilderConfig",
    "ICudaEngine",
    "IExecutionContext",
    "IHostMemory",
    "ILogger",
    "INetworkDefinition",
    "OnnxParser",
    "Runtime",
)


def _exists(name: str) -> bool:
    if name == "IOutputAllocator":
        return board.VERSION >= (8, 5)
    if name in _UNTIL_10:
        return board.VERSION < (11,)
    return name in ALWAYS or name == "Profiler" or bool(names.of(name, board.KEY))


def _trim(kind: type) -> None:
    """Take away what other versions have and this one has not."""
    if kind.__name__ in ALWAYS:
        return
    for name, versions in names.NAMES.get(kind.__name__, {}).items():
        for part in kind.__mro__[:-1]:
            if board.KEY not in versions and name in part.__dict__:
                delattr(part, name)


def contents() -> Dict[str, Any]:
    """What ``tensorrt`` holds."""
    found: Dict[str, Any] = dict(enums.MADE)
    for kind in _CLASSES:
        _trim(kind)
        if _exists(kind.__name__):
            found[kind.__name__] = kind
        if kind.__name__ in _MANAGERS:
            kind.__enter__, kind.__exit__ = base.enter, base.leave  # type: ignore[attr-defined]
    found.update(Dims=base.Dims, ErrorCode=enums.ErrorCode, volume=volume, nptype=nptype)
    for short, name in _SHORT.items():
        if short in names.of("DataType", board.KEY):
            found[short] = enums.DataType.__members__[name]
    for name, value in (
        ("get_nv_onnx_parser_version", lambda: 0),
        ("get_plugin_registry", plugins.get_plugin_registry),
        ("get_builder_plugin_registry", plugins.get_builder_plugin_registry),
        ("init_libnvinfer_plugins", plugins.init_libnvinfer_plugins),
        ("shutdown_protobuf_library", lambda: None),
    ):
        if name in names.of("module", board.KEY):
            found[name] = value
    found["__version__"] = board.RELEASE.version
    return found


_SHORT = {
    "float32": "FLOAT",
    "float16": "HALF",
    "int8": "INT8",
    "int32": "INT32",
    "bool": "BOOL",
    "uint8": "UINT8",
    "fp8": "FP8",
    "bfloat16": "BF16",
    "int64": "INT64",
    "int4": "INT4",
    "fp4": "FP4",
    "e8m0": "E8M0",
}


def volume(iterable: Any) -> int:
    found = 1
    for side in iterable:
        found *= side
    return found


def nptype(trt_type: Any) -> Any:
    """As the real one is written: up to 8.5 it names np.bool, which many numpys do not have."""
    words = {"FLOAT": np.float32, "HALF": np.float16, "INT8": np.int8, "INT32": np.int32}
    words["BOOL"] = np.bool if board.VERSION < (8, 6) else np.bool_  # type: ignore[assignment]
    if board.VERSION >= (8, 5):
        words["UINT8"] = np.uint8
    if board.VERSION >= (9,):
        words["INT64"] = np.int64
    if trt_type.name in words:
        return words[trt_type.name]
    raise TypeError("Could not resolve TensorRT datatype to an equivalent numpy datatype.")
