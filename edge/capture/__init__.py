"""The capture worker: one camera's pipeline, its pictures into shared memory, its state to the daemon.

Runs on the workers' interpreter: Python 3.6, the standard library and gi.
"""
