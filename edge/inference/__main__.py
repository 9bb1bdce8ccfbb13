"""``python -m edge.inference NAME FD PARENT``: started by the daemon alone."""

import sys

from ..wire.process import begin

if __name__ == "__main__":
    channel = begin("edge: inference", int(sys.argv[2]), int(sys.argv[3]))
    from .serve import main

    main(channel)
