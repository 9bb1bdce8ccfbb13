"""A double of TensorRT: of the version that EDGE_SIMULATED_TENSORRT names, with exactly its names."""

from simulated_trt.assembled import contents as _contents

globals().update(_contents())
__version__ = globals()["__version__"]
