"""Root folders as boards have them: what their device trees, release files and kernels say."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

#: /etc/nv_tegra_release, /proc/sys/kernel/osrelease and the version of nvidia-l4t-core, as boards have told them.
RELEASE_FILE = {
    "r32": "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 "
    "UTC 2022\n",
    "r35": "# R35 (release), REVISION: 3.1, GCID: 32827747, BOARD: t186ref, EABI: aarch64, DATE: Sun Mar 19 15:19:21 "
    "UTC 2023\n",
    "r36": "# R36 (release), REVISION: 4.0, GCID: 37537400, BOARD: generic, EABI: aarch64, DATE: Fri Sep 13 04:36:44 "
    "UTC 2024\n# KERNEL_VARIANT: oot\nTARGET_USERSPACE_LIB_DIR=nvidia\n",
    "r38": "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64, DATE: Fri Aug 22 00:55:42 "
    "UTC 2025\n",
    "r39": "# R39 (release), REVISION: 2.0, GCID: 45755727, BOARD: generic, EABI: aarch64, DATE: Mon Jun  1 09:28:48 "
    "PM UTC 2026\n",
}
L4T = {"r32": "32.7.1", "r35": "35.3.1", "r36": "36.4.0", "r38": "38.2.0", "r39": "39.2.0"}
KERNEL = {
    "r32": "4.9.253-tegra",
    "r35": "5.10.104-tegra",
    "r36": "5.15.148-tegra",
    "r38": "6.8.12-tegra",
    "r39": "6.8.12-1021-tegra",
}


class Sample(NamedTuple):
    """A board as it calls itself, and what must be made of that. ``total_kb``: the kernel's MemTotal."""

    board: str
    memory_gb: int
    dla_cores: int
    model: str
    compatible: str
    releases: str
    total_kb: Optional[int] = None


#: ``compatible`` has a blank where the kernel has NUL.
SAMPLES: List[Sample] = [
    Sample("Jetson Nano", 4, 0, "NVIDIA Jetson Nano Developer Kit",
           "nvidia,p3449-0000-b00+p3448-0000-b00 nvidia,jetson-nano nvidia,tegra210", "r32"),
    Sample("Jetson Nano", 4, 0, "NVIDIA Jetson Nano Developer Kit",
           "nvidia,p3449-0000-b00+p3448-0002-b00 nvidia,jetson-nano nvidia,tegra210", "r32"),
    Sample("Jetson Nano", 2, 0, "NVIDIA Jetson Nano 2GB Developer Kit",
           "nvidia,p3542-0000+p3448-0003 nvidia,jetson-nano-2gb nvidia,jetson-nano nvidia,tegra210", "r32"),
    Sample("Jetson TX2", 8, 0, "quill", "nvidia,p2597-0000+p3310-1000 nvidia,tegra186", "r32"),
    Sample("Jetson TX2", 4, 0, "lanai-3636", "nvidia,p3509-0000+p3636-0001 nvidia,tegra186", "r32"),
    Sample("Jetson Xavier NX", 8, 2, "NVIDIA Jetson Xavier NX Developer Kit",
           "nvidia,p3668-0000 nvidia,p3509-0000+p3668-0000 nvidia,tegra194", "r32 r35"),
    Sample("Jetson Xavier NX", 16, 2, "NVIDIA Jetson Xavier NX Developer Kit",
           "nvidia,p3449-0000+p3668-0001 nvidia,p3509-0000+p3668-0001 nvidia,p3449-0000+p3668-0003 nvidia,tegra194",
           "r35", 15_900_000),
    Sample("Jetson AGX Xavier", 32, 2, "Jetson-AGX",
           "nvidia,galen nvidia,jetson-xavier nvidia,p2822-0000+p2888-0001 nvidia,tegra194", "r32 r35", 32_690_000),
    Sample("Jetson AGX Xavier", 16, 2, "Jetson-AGX",
           "nvidia,galen nvidia,jetson-xavier nvidia,p2822-0000+p2888-0001 nvidia,tegra194", "r32", 15_800_000),
    Sample("Jetson AGX Xavier", 64, 2, "Jetson-AGX", "nvidia,p2972-0000 nvidia,tegra194", "r35", 64_800_000),
    Sample("Jetson Orin Nano", 8, 0, "NVIDIA Orin Nano Developer Kit",
           "nvidia,p3768-0000+p3767-0003 nvidia,p3768-0000+p3767-0005 nvidia,p3767-0003 nvidia,p3767-0005 "
           "nvidia,tegra234 nvidia,tegra23x", "r35"),
    Sample("Jetson Orin Nano", 8, 0, "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super",
           "nvidia,p3768-0000+p3767-0005-super nvidia,p3767-0005 nvidia,tegra234", "r36 r39"),
    Sample("Jetson Orin Nano", 4, 0, "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit",
           "nvidia,p3768-0000+p3767-0004 nvidia,p3767-0004 nvidia,tegra234", "r36"),
    Sample("Jetson Orin NX", 16, 2, "NVIDIA Jetson Orin NX Engineering Reference Developer Kit",
           "nvidia,p3768-0000+p3767-0000 nvidia,p3767-0000 nvidia,tegra234", "r35 r36 r39"),
    Sample("Jetson Orin NX", 8, 1, "NVIDIA Jetson Orin NX Engineering Reference Developer Kit",
           "nvidia,p3768-0000+p3767-0001 nvidia,p3767-0001 nvidia,tegra234", "r36"),
    Sample("Jetson AGX Orin", 64, 2, "Jetson AGX Orin",
           "nvidia,p3737-0000+p3701-0005 nvidia,p3701-0005 nvidia,tegra234 nvidia,tegra23x", "r35"),
    Sample("Jetson AGX Orin", 32, 2, "NVIDIA Jetson AGX Orin Developer Kit",
           "nvidia,p3737-0000+p3701-0000 nvidia,p3701-0000 nvidia,tegra234", "r36 r39"),
    Sample("Jetson AGX Orin", 64, 2, "Jetson AGX Orin Industrial",
           "nvidia,p3737-0000+p3701-0008 nvidia,p3701-0008 nvidia,tegra234 nvidia,tegra23x", "r35"),
    Sample("Jetson Thor", 128, 0, "NVIDIA Jetson AGX Thor Developer Kit",
           "nvidia,p4071-0000+p3834-0008 nvidia,p3834-0008 nvidia,tegra264", "r38 r39", 128_825_804),
    Sample("Jetson Thor", 64, 0, "NVIDIA Jetson AGX Thor Developer Kit",
           "nvidia,p4071-0000+p3834-0000 nvidia,p3834-0000 nvidia,tegra264", "r38"),
]


def write(root: Path, files: Dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


def tree(model: str, compatible: str) -> Dict[str, str]:
    """The device tree's two files, each string ended by NUL."""
    return {
        "proc/device-tree/model": model + "\0",
        "proc/device-tree/compatible": "".join(word + "\0" for word in compatible.split()),
    }


def release(name: str) -> Dict[str, str]:
    return {"etc/nv_tegra_release": RELEASE_FILE[name]}


def kernel(name: str) -> Dict[str, str]:
    return {"proc/sys/kernel/osrelease": KERNEL[name] + "\n"}


def memory(total_kb: int) -> Dict[str, str]:
    return {"proc/meminfo": f"MemTotal:       {total_kb} kB\nMemFree:          123456 kB\n"}


def dpkg(version: str, status: str = "install ok installed") -> Dict[str, str]:
    """The record of packages, with a neighbour on each side."""
    stanzas = (
        "Package: nvidia-l4t-configs\nStatus: install ok installed\nVersion: 1.0-1\n",
        f"Package: nvidia-l4t-core\nStatus: {status}\nPriority: standard\nSection: kernel\nArchitecture: arm64\n"
        f"Version: {version}-20230801124926\nDepends: libc6\nDescription: NVIDIA Core Package\n Version: 9.9 here\n",
        "Package: nvidia-l4t-cuda\nStatus: install ok installed\nVersion: 2.0-1\n",
    )
    return {"var/lib/dpkg/status": "\n".join(stanzas)}
