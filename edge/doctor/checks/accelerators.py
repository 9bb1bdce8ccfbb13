"""GPU, DLA and the device nodes to them."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List

from edge.doctor.account import group_name, may
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, skipped, warning
from edge.doctor.machine import dla_cores

_JETSON_NODES = ("/dev/nvhost-*", "/dev/nvmap", "/dev/nvgpu/*/*", "/dev/v4l2-nv*", "/dev/dri/render*")
_PC_NODES = ("/dev/nvidia[0-9]*", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/dri/render*")
_CAMERA_NODES = ("/dev/video*",)
_NVIDIA = "0x10de"


def gpu(context: Context) -> Iterator[Finding]:
    """The GPU, if there is one."""
    if context.machine.jetson:
        yield from _jetson(context)
        return
    system = context.system
    driver = re.search(r"Kernel Module.*?\s{2,}(\d[\d.]*)", system.read("/proc/driver/nvidia/version") or "")
    texts = [system.read(name) or "" for name in system.glob("/proc/driver/nvidia/gpus/*/information")]
    models = [match.group(1).strip() for match in (re.search(r"Model:\s*(.+)", text) for text in texts) if match]
    if driver or models:
        counts = {name: models.count(name) for name in models}
        names = ", ".join(f"{count} x {name}" if count > 1 else name for name, count in counts.items())
        version = f"driver {driver.group(1)}" if driver else "driver of an unknown version"
        yield ok("gpu", f"{names or 'NVIDIA'}, {version}")
    elif _card_without_driver(context):
        remedy = "install NVIDIA's driver (apt-get install nvidia-driver); in a container: docker run --gpus all"
        yield warning("gpu", "there is an NVIDIA card, and no driver for it is loaded: the CPU does it", remedy)
    else:
        yield ok("gpu", "none: the CPU does it")


def _jetson(context: Context) -> Iterator[Finding]:
    system, found = context.system, context.machine
    hint = "is this NVIDIA's kernel (L4T)? uname -r"
    if found.container:
        hint = "docker run --runtime nvidia brings them into the container"
    nodes = [name for pattern in ("/dev/nvhost-*gpu*", "/dev/nvgpu/*/*") for name in system.glob(pattern)]
    if nodes:
        yield ok("gpu", "the Jetson's own" + (f", L4T {found.l4t}" if found.l4t else ""))
    else:
        yield error("gpu", "a Jetson, but neither /dev/nvhost-*gpu nor /dev/nvgpu is there", hint)
    cores = dla_cores(system)
    yield ok("dla", f"{len(cores)} cores" if len(cores) > 1 else "1 core" if cores else "none on this board")


def _card_without_driver(context: Context) -> bool:
    system = context.system
    for name in system.glob("/sys/bus/pci/devices/*/vendor"):
        kind = system.read(name.replace("/vendor", "/class")) or ""
        if system.read(name) == _NVIDIA and kind.startswith("0x03"):
            return True
    return False


def nodes(context: Context) -> Iterator[Finding]:
    """Whether the daemon's user may open the device nodes that matter here."""
    patterns = list(_JETSON_NODES if context.machine.jetson else _PC_NODES)
    if context.machine.jetson or context.config is None or context.kinds & {"usb", "v4l2", "csi"}:
        patterns += _CAMERA_NODES
    found = [name for pattern in patterns for name in context.system.glob(pattern)]
    if not found:
        yield skipped("devices", "no device nodes that matter")
        return
    closed: Dict[str, List[str]] = {}
    for name in found:
        path = context.system.path(name)
        if path.is_dir():
            continue
        try:
            if not may(context.account, path):
                closed.setdefault(group_name(context.system, path.stat().st_gid), []).append(name)
        except OSError:
            continue  # gone in the meantime: an unplugged camera
    who = context.account.name
    for group, names in closed.items():
        words = f"{who} may not open {_listed(names)}"
        if group == "root":
            remedy = "only root may, which udev's rules decide: NVIDIA's are in nvidia-l4t-init"
        else:
            remedy = f"usermod -aG {group} {who}, then log in again (systemctl restart edge for the service)"
        yield (error if context.machine.jetson else warning)("devices", words, remedy)
    if not closed:
        yield ok("devices", f"{_listed(found)}: {who} may open {'it' if len(found) == 1 else 'them'}")


def argus(context: Context) -> Iterator[Finding]:
    """The socket of the daemon behind CSI cameras; of a Jetson alone."""
    if not context.machine.jetson:
        return
    if context.system.exists("/tmp/argus_socket"):
        yield ok("argus", "/tmp/argus_socket is there for CSI cameras")
    elif "csi" in context.kinds:
        remedy = "systemctl restart nvargus-daemon"
        if context.machine.container:
            remedy = "docker run -v /tmp/argus_socket:/tmp/argus_socket; on the host: systemctl restart nvargus-daemon"
        yield error("argus", "/tmp/argus_socket is missing: CSI cameras give no pictures", remedy)
    else:
        yield skipped("argus", "/tmp/argus_socket is not there, and no CSI camera needs it")


def _listed(names: List[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} more"
