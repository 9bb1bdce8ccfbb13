"""A GPU made of host memory and threads: what the doubles of TensorRT and pycuda stand on. Runs on Python 3.6."""
