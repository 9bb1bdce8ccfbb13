"""Worker: pictures in, boxes out. Python 3.6 with the standard library, numpy and one runtime."""
