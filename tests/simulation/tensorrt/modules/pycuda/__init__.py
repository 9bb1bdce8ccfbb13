"""A double of pycuda: the names of the real one, memory and streams of simulated_gpu. See simulation/tensorrt."""

VERSION = (2024, 1, 2)
VERSION_STATUS = ""
VERSION_TEXT = "2024.1.2"
