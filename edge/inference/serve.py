"""The inference process: how it is set up, and how it ends."""

import gc
import os
import sys
import traceback

from ..errors import DeviceLost
from ..wire.channel import Channel, Closed
from .worker import Worker

_CLOSE_S = 1.0
# A thread that comes back from the network must not wait for the interpreter longer than it takes to say so.
_SWITCH_INTERVAL_S = 0.0001


def main(control: Channel) -> None:
    """Serve until the daemon says stop or is gone. Does not return."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    try:
        import cv2
    except ImportError:
        pass  # numpy prepares the pictures then
    else:
        # Pictures are small by the time OpenCV sees them: its threads would cost more than they bring.
        cv2.setNumThreads(1)
    # What is allocated for a picture dies with it, by count; looking for cycles again and again finds none.
    gc.set_threshold(50000, 50, 50)
    worker = Worker(control)
    status = 0
    try:
        worker.run()
        for model in worker.models.values():
            model.close(_CLOSE_S)
    except Closed:
        pass
    except DeviceLost as error:
        # Nothing is freed: on a lost device every call fails, and some hang.
        print(error, file=sys.stderr)
        status = 1
    except Exception:
        traceback.print_exc()
        status = 1
    sys.stderr.flush()
    # Not a return: a run that hangs in a driver must not keep the process.
    os._exit(status)
