"""The real one makes a private context for its importer. Ours uses the primary one: nothing may import this."""

raise RuntimeError("pycuda.autoinit was imported: it makes a private context, which TensorRT does not share")
