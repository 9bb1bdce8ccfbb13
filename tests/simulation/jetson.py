"""A Jetson made of doubles: GStreamer elements that behave like NVIDIA's, and the files that tell which board it is.

What a process sees of it is its environment. ``order`` makes hardware fail while it runs, by lines of a control file:

    camera:0 silent           no more events from sensor 0: EOS after 3 s, and no error
    camera:0 stall            events, but no frames: an error with TIMEOUT after 5 s
    camera:0 error NAME       an Argus error: TIMEOUT, DISCONNECTED, CANCELLED, UNAVAILABLE, …
    camera:0 repeat           the last picture again and again, with new times; ``repeat stale``: with its old time
    decoder silent            nvv4l2decoder takes all and gives no picture, as in a container without lsmod
    usb:/dev/video0 missing   it is not plugged in, or no more; ``denied``: it may not be opened
    usb:/dev/video0 busy      another program has it; ``stall``: it is open and gives no pictures
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterable, Mapping, Optional

from tests.simulation.build import plugin_folder, plugins_without
from tests.simulation.kinds import KINDS, write_root

RELEASES = ("r32", "r35", "r36", "r38")
ELEMENTS = ("nvv4l2decoder", "nvvidconv", "nvarguscamerasrc", "nvjpegdec", "nvjpegenc", "nvv4l2h264enc")
#: What a usual camera offers, raw where that is slow enough for USB 2; see plugin/usb_camera.h.
USB = (
    "YUY2:640x480@30,20,15,10 YUY2:320x240@30 YUY2:1280x720@10,5 "
    "JPEG:640x480@30,15 JPEG:320x240@30,15 JPEG:1280x720@30,15 JPEG:1920x1080@30"
)


class Jetson:
    """``board``: a key of KINDS. ``folder``: an empty one of its own. ``without``: elements that are not installed.
    ``sensors``: how many CSI cameras are plugged in; ``usb``: USB cameras by device, each with its forms.
    Raises LookupError where the plugin cannot be compiled."""

    def __init__(
        self,
        release: str,
        board: str,
        folder: Path,
        without: Iterable[str] = (),
        sensors: int = 2,
        usb: Optional[Mapping[str, str]] = None,
    ) -> None:
        assert release in RELEASES, release
        self.release = release
        self.root = folder / "root"
        write_root(self.root, board, release)
        self.control = folder / "control"
        self._without = sorted({*without, *KINDS[board].lacks})
        self._sensors = sensors
        self._usb = {"/dev/video0": USB} if usb is None else usb
        self._plugin = plugin_folder()
        self._others = plugins_without("video4linux2")

    def environment(self, base: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        """``base`` (this process's own environment) as a process on the board has it."""
        environment = dict(os.environ if base is None else base)
        # A registry belongs to one set of elements; scanning all plugins anew for each process would take a second.
        registry = "-".join(["registry", self.release, *self._without])
        environment.update(
            GST_PLUGIN_PATH=str(self._plugin),
            GST_PLUGIN_SYSTEM_PATH_1_0=str(self._others),
            GST_REGISTRY=str(self._plugin / registry),
            EDGE_SIMULATED_L4T=self.release,
            EDGE_SIMULATED_WITHOUT=",".join(self._without),
            EDGE_SIMULATED_SENSORS=str(self._sensors),
            EDGE_SIMULATED_USB=";".join(f"{device} {forms}" for device, forms in self._usb.items()),
            EDGE_SIMULATED_CONTROL=str(self.control),
            EDGE_ROOT=str(self.root),
        )
        return environment

    def order(self, *lines: str) -> None:
        """From now on these hold, and none from before; without any, all works again."""
        half = self.control.with_suffix(".new")
        half.write_text("".join(line + "\n" for line in lines))
        half.replace(self.control)
