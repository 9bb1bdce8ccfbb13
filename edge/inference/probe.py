"""``python -m edge.inference.probe NAME FD PARENT``: tells ``edge doctor`` which libraries inference finds here.

It says what it is about to import before it does: a library that kills the process is known by that.
"""

import importlib
import sys

from ..wire.channel import Channel
from ..wire.process import begin

#: What is told of, and the module to import for it. The backend is imported as the worker does it.
_MODULES = (
    ("numpy", "numpy"),
    ("cv2", "cv2"),
    ("onnxruntime", "edge.inference.backends.onnxruntime"),
)


def main(channel: Channel) -> None:
    channel.send({"op": "python", "version": sys.version.split()[0], "path": sys.executable})
    for name, module in _MODULES:
        channel.send({"op": "importing", "module": name})
        found = {"op": "module", "module": name}
        try:
            importlib.import_module(module)
            found["version"] = str(getattr(sys.modules[name], "__version__", "?"))
        except Exception as error:  # a broken library raises whatever it likes
            found["error"] = " ".join(str(error).split())[:300] or type(error).__name__
        channel.send(found)
    channel.send({"op": "end"})


if __name__ == "__main__":
    main(begin("edge: doctor", int(sys.argv[2]), int(sys.argv[3])))
