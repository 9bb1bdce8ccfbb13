"""What the processes say to each other: channels, messages, and pictures in shared memory.

Both sides import it, so it is written for Python 3.6 with the standard library alone.
"""
