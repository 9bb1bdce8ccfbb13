"""A configuration's cameras as a benchmark runs them, and what else on this machine they may disturb."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Mapping, Sequence

import pydantic

from edge.config import CameraConfig, Config, SourceUrl
from edge.errors import EdgeError

#: More than any source brings: then it is the source, or what comes behind it, that ends the pictures.
FASTEST_FPS = 1000.0
# A second program cannot have them.
_DEVICES = ("usb", "csi")


class _Unpaced(CameraConfig):
    """A file that is read as fast as it goes."""

    _url: SourceUrl = pydantic.PrivateAttr()

    def source_url(self) -> SourceUrl:
        return self._url


def prepared(config: Config, fastest: bool) -> Dict[str, CameraConfig]:
    """The enabled cameras by name. ``fastest``: files unpaced, every picture wished. No snapshots, no clips. A file
    begins again at its end, either way: a short clip would be over before anything is measured."""
    found: Dict[str, CameraConfig] = {}
    for name, camera in config.cameras.items():
        if not camera.enabled:
            continue
        changes: Dict[str, Any] = {"loop": camera.source_url().kind == "file"}
        if fastest:
            changes.update(fps=FASTEST_FPS, analyse="always", decode="full")
        found[name] = _unpaced(camera, changes) if fastest and changes["loop"] else camera.model_copy(update=changes)
    return found


def _unpaced(camera: CameraConfig, changes: Mapping[str, Any]) -> CameraConfig:
    values = {name: getattr(camera, name) for name in CameraConfig.model_fields}
    made = _Unpaced.model_construct(**{**values, **changes})
    made._url = replace(camera.source_url(), options={"paced": False})
    return made


def set_aside(config: Config, fastest: bool) -> List[str]:
    """What of the configuration does not hold while it is measured, in words."""
    enabled = [camera for camera in config.cameras.values() if camera.enabled]
    said = []
    if fastest and any(camera.analyse != "always" or camera.decode != "full" for camera in enabled):
        said.append("analyse and decode are left aside: every picture is decoded and wished (see --as-configured)")
    if any(camera.snapshots.events or camera.clips.events for camera in enabled):
        said.append("no snapshots and no clips are made")
    return said


def conflicts(cameras: Mapping[str, CameraConfig], daemons: Sequence[Mapping[str, Any]]) -> List[str]:
    """Warnings for the daemons that run here, by their status. Raises EdgeError where one has a device that is needed:
    two programs cannot have it."""
    warnings = []
    for status in daemons:
        device = status.get("device", "?")
        busy = {camera.get("source") for camera in status.get("cameras", []) if camera.get("pid")}
        for name, camera in cameras.items():
            url = camera.source_url()
            if url.kind in _DEVICES and url.safe in busy:
                raise EdgeError(
                    f"{name}: the daemon of {device} has {url.safe}, and no two programs can: stop it first "
                    "(systemctl stop edge, where it is the service)"
                )
        same = [name for name, camera in cameras.items() if camera.source_url().safe in busy]
        told = f", and has {', '.join(same[:3])} open as well" if same else ""
        warnings.append(f"the daemon of {device} runs on this machine{told}: it takes its share, and so does this")
    return warnings
