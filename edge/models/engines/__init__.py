"""Engines: what TensorRT made of a network for one board. Built once, kept, and never taken for another."""
