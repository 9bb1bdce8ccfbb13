"""TensorRT from 8.2 to 11: engines built of ONNX files, and what a build tells. Python 3.6.

Only :mod:`.api` imports the library. What it does not say by raising it says by None or False and in its log: every
result goes through :func:`.log.checked`.
"""
