"""What the faults happen to: cameras behind proxies, two RTSP servers, a broker, the files, and the daemon."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Optional, Type

import yaml

from scripts.chaos.clips import small
from scripts.chaos.numbers import KeptBroker, Numbers
from scripts.edge_daemon import EdgeDaemon, Status
from scripts.fault_proxy import FaultProxy
from scripts.servers import RtspServer

USER, PASSWORD = "viewer", "viewer's own"
ZONE = {"points": [[0, 0], [1, 0], [1, 1], [0, 1]], "objects": ["person"]}


class Site:
    """``cameras``: names, every second of them at the server that wants a password. Each has a file and a proxy."""

    def __init__(self, folder: Path, cameras: int, seed: int, fps: int = 3) -> None:
        self.seed, self.fps = seed, fps
        self.cameras = [f"c{number}" for number in range(1, cameras + 1)]
        self._stack = contextlib.ExitStack()
        self.daemon = EdgeDaemon(folder, f"chaos-{os.getpid()}")

    def __enter__(self) -> Site:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _start(self) -> None:
        mounts: Dict[str, Any] = {"square": small("h264"), "other": small("h265")}
        self.broker = self._stack.enter_context(KeptBroker())
        self.numbers = Numbers(self.broker.url)
        self._stack.callback(self.numbers.close)
        self.broker.remember()
        self.servers = {
            "open": self._stack.enter_context(RtspServer(mounts)),
            "locked": self._stack.enter_context(RtspServer(mounts, user=USER, password=PASSWORD)),
        }
        self.proxies: Dict[str, FaultProxy] = {}
        for number, name in enumerate(self.cameras):
            proxy = FaultProxy(self.server_of(name).port, self.seed + number)
            self.proxies[name] = self._stack.enter_context(proxy)
            self.restore(name)
        self.write_main()
        self._stack.callback(self.daemon.close)
        self.daemon.start()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._stack.close()

    # ---- the files ---------------------------------------------------------------------------------------------------

    def locked(self, camera: str) -> bool:
        return self.cameras.index(camera) % 2 == 1

    def server_of(self, camera: str) -> RtspServer:
        return self.servers["locked" if self.locked(camera) else "open"]

    def file(self, camera: str) -> Path:
        return self.daemon.cameras / f"{camera}.yaml"

    def text(self, camera: str, mount: str = "square", **changes: object) -> str:
        """A camera's file; with ``changes`` of keys."""
        keys: Dict[str, object] = {"source": self.proxies[camera].url(mount)}
        if self.locked(camera):
            keys.update(username=USER, password=PASSWORD)
        keys.update({"fps": self.fps, "stall_timeout": "2s", "zones": {"all": ZONE}, **changes})
        return str(yaml.safe_dump(keys, sort_keys=False))

    def write(self, camera: str, mount: str = "square", **changes: object) -> None:
        self.file(camera).write_text(self.text(camera, mount, **changes))

    def restore(self, camera: str) -> None:
        """Its file says again what it said at first."""
        self.write(camera)

    def write_main(self, tail: str = "", **changes: object) -> None:
        """The main file; ``tail`` is put after it as it is."""
        keys: Dict[str, object] = {
            "device": self.daemon.device,
            "mqtt": {"url": self.broker.url},
            "models": {"people": {"spec": "person"}},
            **changes,
        }
        self.daemon.config.write_text(str(yaml.safe_dump(keys, sort_keys=False)) + tail)

    # ---- what there is now -------------------------------------------------------------------------------------------

    def status(self) -> Status:
        return self.daemon.status() or {"cameras": [], "inference": {}, "mqtt": {}, "config": {}}

    def camera(self, name: str) -> Dict[str, Any]:
        """Its status; empty while it is not there."""
        return next((c for c in self.status()["cameras"] if c["name"] == name), {})

