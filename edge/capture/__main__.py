"""``python -m edge.capture NAME FD PARENT``: started by the daemon alone."""

import sys

from ..wire.process import begin

# A library or a description of one that is missing is GStreamer's too: they come as OSError and ValueError.
_NO_BINDINGS = (
    "GStreamer's bindings cannot be imported by {} ({}); Debian and Ubuntu have them in python3-gi and "
    "gir1.2-gst-plugins-base-1.0"
)

if __name__ == "__main__":
    channel = begin("edge: capture " + sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    try:
        from .worker import main
    except (ImportError, OSError, ValueError) as error:
        binding = isinstance(error, (OSError, ValueError)) or (getattr(error, "name", None) or "").split(".")[0] == "gi"
        reason = _NO_BINDINGS if binding else "the capture worker cannot be imported by {} ({})"
        channel.send({"op": "end", "state": "unsupported", "reason": reason.format(sys.executable, error)})
        sys.exit(0)
    main(channel)
