"""What the GPU's part of inference does and costs, on the machine that has one: needs pycuda and nvcc, no TensorRT."""
