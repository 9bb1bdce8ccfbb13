"""The real one pushes a context for good in its importer's thread. Ours pushes and pops: nothing may import this."""

raise RuntimeError("pycuda.autoprimaryctx was imported: it pushes a context onto the importing thread, for good")
