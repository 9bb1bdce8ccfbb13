"""The enumerations: members by version from names.txt, numbered in the order of NVIDIA's headers."""

from typing import Any, Dict

from simulated_gpu import board

from . import names
from .base import enumeration

_ORDER = {
    "BuilderFlag": "FP16 INT8 DEBUG GPU_FALLBACK STRICT_TYPES REFIT DISABLE_TIMING_CACHE TF32 SPARSE_WEIGHTS "
    "SAFETY_SCOPE OBEY_PRECISION_CONSTRAINTS PREFER_PRECISION_CONSTRAINTS DIRECT_IO REJECT_EMPTY_ALGORITHMS "
    "ENABLE_TACTIC_HEURISTIC VERSION_COMPATIBLE EXCLUDE_LEAN_RUNTIME FP8 ERROR_ON_TIMING_CACHE_MISS BF16 "
    "DISABLE_COMPILATION_CACHE STRIP_PLAN REFIT_IDENTICAL WEIGHT_STREAMING INT4 REFIT_INDIVIDUAL "
    "STRICT_NANS MONITOR_MEMORY EDITABLE_TIMING_CACHE DISTRIBUTIVE_INDEPENDENCE",
    "CalibrationAlgoType": "LEGACY_CALIBRATION ENTROPY_CALIBRATION ENTROPY_CALIBRATION_2 MINMAX_CALIBRATION",
    "DataType": "FLOAT HALF INT8 INT32 BOOL UINT8 FP8 BF16 INT64 INT4 FP4 E8M0",
    "DeviceType": "GPU DLA",
    "EngineCapability": "STANDARD SAFETY DLA_STANDALONE",
    "ExecutionContextAllocationStrategy": "STATIC ON_PROFILE_CHANGE USER_MANAGED",
    "HardwareCompatibilityLevel": "NONE AMPERE_PLUS SAME_COMPUTE_CAPABILITY",
    "LayerInformationFormat": "ONELINE JSON",
    "LayerType": "CONVOLUTION FULLY_CONNECTED ACTIVATION POOLING LRN SCALE SOFTMAX DECONVOLUTION CONCATENATION "
    "ELEMENTWISE PLUGIN UNARY PADDING SHUFFLE REDUCE TOPK GATHER MATRIX_MULTIPLY RAGGED_SOFTMAX CONSTANT RNN_V2 "
    "IDENTITY CAST PLUGIN_V2 SLICE SHAPE PARAMETRIC_RELU RESIZE TRIP_LIMIT RECURRENCE ITERATOR LOOP_OUTPUT SELECT FILL "
    "QUANTIZE DEQUANTIZE CONDITION CONDITIONAL_INPUT CONDITIONAL_OUTPUT SCATTER EINSUM ASSERTION ONE_HOT NON_ZERO "
    "GRID_SAMPLE NMS REVERSE_SEQUENCE NORMALIZATION PLUGIN_V3 SQUEEZE UNSQUEEZE CUMULATIVE DYNAMIC_QUANTIZE "
    "ATTENTION_INPUT ATTENTION_OUTPUT ROTARY_EMBEDDING KV_CACHE_UPDATE MOE DIST_COLLECTIVE",
    "MemoryPoolType": "WORKSPACE DLA_MANAGED_SRAM DLA_LOCAL_DRAM DLA_GLOBAL_DRAM TACTIC_DRAM TACTIC_SHARED_MEMORY",
    "NetworkDefinitionCreationFlag": "EXPLICIT_BATCH EXPLICIT_PRECISION STRONGLY_TYPED PREFER_JIT_PYTHON_PLUGINS "
    "PREFER_AOT_PYTHON_PLUGINS",
    "OnnxParserFlag": "NATIVE_INSTANCENORM ENABLE_UINT8_AND_ASYMMETRIC_QUANTIZATION_DLA REPORT_CAPABILITY_DLA "
    "ENABLE_PLUGIN_OVERRIDE ADJUST_FOR_DLA",
    "PreviewFeature": "FASTER_DYNAMIC_SHAPES_0805 DISABLE_EXTERNAL_TACTIC_SOURCES_FOR_CORE_0805 PROFILE_SHARING_0806 "
    "ALIASED_PLUGIN_IO_10_03 RUNTIME_ACTIVATION_RESIZE_10_10 MULTIDEVICE_RUNTIME_10_16",
    "ProfilingVerbosity": "LAYER_NAMES_ONLY NONE DETAILED",
    "QuantizationFlag": "CALIBRATE_BEFORE_FUSION",
    "TensorFormat": "LINEAR CHW2 HWC8 CHW4 CHW16 CHW32 DHWC8 CDHW32 HWC DLA_LINEAR DLA_HWC4 HWC16 DHWC",
    "TensorIOMode": "NONE INPUT OUTPUT",
    "TensorLocation": "DEVICE HOST",
}
# Old names of the same values.
_ALIASES = {
    "BuilderFlag": {"WEIGHTLESS": "STRIP_PLAN"},
    "EngineCapability": {"DEFAULT": "STANDARD", "SAFE_GPU": "SAFETY", "SAFE_DLA": "DLA_STANDALONE"},
    "ProfilingVerbosity": {"DEFAULT": "LAYER_NAMES_ONLY", "VERBOSE": "DETAILED"},
}
# Numbers that have holes or stay the same over versions.
_FIXED = ("DataType", "MemoryPoolType", "TensorFormat", "TensorIOMode")
# 11 left holes where flags went; as TensorRT-RTX counts them.
_FLAGS_OF_11 = {
    "DEBUG": 2,
    "GPU_FALLBACK": 3,
    "REFIT": 4,
    "DISABLE_TIMING_CACHE": 5,
    "TF32": 6,
    "SPARSE_WEIGHTS": 7,
    "SAFETY_SCOPE": 8,
    "DIRECT_IO": 11,
    "VERSION_COMPATIBLE": 12,
    "EXCLUDE_LEAN_RUNTIME": 13,
    "ERROR_ON_TIMING_CACHE_MISS": 15,
    "DISABLE_COMPILATION_CACHE": 17,
    "STRIP_PLAN": 18,
    "REFIT_IDENTICAL": 19,
    "WEIGHT_STREAMING": 20,
    "REFIT_INDIVIDUAL": 22,
    "STRICT_NANS": 23,
    "MONITOR_MEMORY": 24,
    "EDITABLE_TIMING_CACHE": 26,
    "DISTRIBUTIVE_INDEPENDENCE": 27,
}


def make() -> Dict[str, Any]:
    """Those that this version has, by name."""
    made = {}
    for name, words in _ORDER.items():
        order, here = words.split(), names.of(name, board.KEY)
        if not here:
            continue
        kept = order if name in _FIXED else [word for word in order if word in here]
        members = [(word, number) for number, word in enumerate(kept) if word in here]
        if name == "BuilderFlag" and board.VERSION >= (11,):
            members = list(_FLAGS_OF_11.items())
        numbers = dict(members)
        members += [(old, numbers[new]) for old, new in _ALIASES.get(name, {}).items() if old in here]
        made[name] = enumeration(name, members)
    return made


MADE = make()
BuilderFlag = MADE["BuilderFlag"]
DataType = MADE["DataType"]
DeviceType = MADE["DeviceType"]
LayerType = MADE["LayerType"]
TensorFormat = MADE["TensorFormat"]
TensorLocation = MADE["TensorLocation"]
ProfilingVerbosity = MADE["ProfilingVerbosity"]
NetworkDefinitionCreationFlag = MADE["NetworkDefinitionCreationFlag"]

Severity = enumeration(
    "Severity", [(word, n) for n, word in enumerate(("INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"))]
)
_CODES = (
    "SUCCESS INTERNAL_ERROR MEM_ALLOC_FAILED MODEL_DESERIALIZE_FAILED INVALID_VALUE INVALID_GRAPH INVALID_NODE "
    "UNSUPPORTED_GRAPH UNSUPPORTED_NODE"
)
ErrorCode = enumeration("ErrorCode", [(word, number) for number, word in enumerate(_CODES.split())])


def has_flag(flags: int, name: str) -> bool:
    """Whether a mask of BuilderFlags has this one, which the version may not know."""
    member = BuilderFlag.__members__.get(name)
    return member is not None and bool(flags >> int(member) & 1)
