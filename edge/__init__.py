"""edge: cameras in, events out, on a Jetson or any Linux machine.

This file is read by the workers' interpreter too (Python 3.6), so it holds the version alone.
"""

__version__ = "0.1.0"
