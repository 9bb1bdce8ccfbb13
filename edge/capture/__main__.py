"""``python -m edge.capture NAME FD PARENT``: started by the daemon alone."""

import sys

from ..wire.process import begin

if __name__ == "__main__":
    channel = begin("edge: capture " + sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    try:
        from .worker import main
    except (ImportError, ValueError) as error:
        reason = "GStreamer's bindings cannot be imported by {} ({}); Debian and Ubuntu have them in python3-gi and "
        reason += "gir1.2-gst-plugins-base-1.0"
        channel.send({"op": "end", "state": "unsupported", "reason": reason.format(sys.executable, error)})
        sys.exit(0)
    main(channel)
