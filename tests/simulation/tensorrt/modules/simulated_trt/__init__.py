"""TensorRT 8.2 to 11.1 in Python: the double behind the module ``tensorrt``. Runs on Python 3.6."""
