"""The GPU by pycuda: one process-wide primary context, streams, memory, and the kernel that prepares pictures.

Only this folder imports pycuda, and only :mod:`.device` does. Python 3.6.
"""

from .device import Device, open_device
from .resources import Buffer, Event, Function, Stream

__all__ = ["Buffer", "Device", "Event", "Function", "Stream", "open_device"]
