"""Systems as NVIDIA's images have them, as folders: what names the board, dpkg's record, and what apt knows.

Names and versions of packages, from lists that people published of their boards:
4.6: a Nano's ``dpkg -l`` (sergeev917/jetson-nano-jetpack4.6-repro); 5.1: a Xavier NX's report with python3-libnvinfer
8.5.2-1+cuda11.4 and python3-gi 3.36.0-1 (OMNI's "Jetson System Information Report", 2025), CUDA's of NVIDIA's
repository for r35; 6: an Orin Nano's "Jetson Orin Baseline Summary" (2026, 36.4.7); 7: of a Thor with
39.2.0-20260601141651 and TensorRT 10.16.2.10-1+cuda13.2 (Edge-LLM's pinned tuple), CUDA's number from the same.
Ubuntu's own packages have the versions of its releases.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

from tests.boards import roots as boards

_GSTREAMER = ("gir1.2-gstreamer-1.0", "gir1.2-gst-plugins-base-1.0", *(
    f"gstreamer1.0-{what}" for what in ("plugins-base", "plugins-good", "plugins-bad", "libav", "plugins-ugly", "x")
))  # fmt: skip
_ALWAYS = (
    "ca-certificates", "fonts-dejavu-core", "python3-gi", "python3-numpy", "python3-systemd", "kmod", "g++",
    "python3-dev",
)  # fmt: skip


class JetPack(NamedTuple):
    """``l4t``: of the packages; ``boards_release``: in tests/boards/roots.py; ``cuda``: as in names; ``curand``: the
    name of its package."""

    name: str
    ubuntu: str
    python: str
    boards_release: str
    model: str
    compatible: str
    l4t: str
    cuda: str
    cuda_package: str
    tensorrt: str
    gstreamer: str
    curand: str = "libcurand-dev"

    @property
    def nvidia(self) -> Dict[str, str]:
        """NVIDIA's packages that edge needs, with their versions."""
        found = dict.fromkeys(("nvidia-l4t-gstreamer", "nvidia-l4t-camera"), self.l4t)
        found["python3-libnvinfer"] = self.tensorrt
        parts = ("cuda-nvcc", "cuda-cudart-dev", "cuda-driver-dev", self.curand)
        found.update({f"{part}-{self.cuda}": self.cuda_package for part in parts})
        return found

    @property
    def installed(self) -> Dict[str, str]:
        """What NVIDIA's image and nvidia-jetpack bring of what edge needs, with some beside it."""
        found = dict.fromkeys((*_ALWAYS, "python3-venv"), "1.0-1")
        found.update(dict.fromkeys(_GSTREAMER, self.gstreamer))
        found.update({"dpkg": "1.0", "python3": self.python, "nvidia-l4t-core": self.l4t})
        found.update({f"cuda-cudart-{self.cuda}": self.cuda_package, "libnvinfer-bin": self.tensorrt})
        found.update(self.nvidia)
        return found


JETPACKS = {
    "4.6": JetPack(
        "4.6", "18.04", "3.6.7-1~18.04", "r32", "NVIDIA Jetson Nano Developer Kit",
        "nvidia,p3449-0000-b00+p3448-0000-b00 nvidia,jetson-nano nvidia,tegra210",
        "32.7.4-20230608212426", "10-2", "10.2.300-1", "8.2.1-1+cuda10.2", "1.14.5-0ubuntu1~18.04.3", "cuda-curand-dev",
    ),
    "5.1": JetPack(
        "5.1", "20.04", "3.8.2-0ubuntu2", "r35", "NVIDIA Jetson Xavier NX Developer Kit",
        "nvidia,p3509-0000+p3668-0001 nvidia,tegra194",
        "35.3.1-20230319081403", "11-4", "11.4.298-1", "8.5.2-1+cuda11.4", "1.16.3-0ubuntu1.1",
    ),
    "6": JetPack(
        "6", "22.04", "3.10.6-1~22.04.1", "r36", "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super",
        "nvidia,p3768-0000+p3767-0005-super nvidia,p3767-0005 nvidia,tegra234",
        "36.4.7-20250918154033", "12-6", "12.6.68-1", "10.3.0.30-1+cuda12.5", "1.20.3-0ubuntu1.1",
    ),
    "7": JetPack(
        "7", "24.04", "3.12.3-0ubuntu2", "r39", "NVIDIA Jetson AGX Thor Developer Kit",
        "nvidia,p4071-0000+p3834-0008 nvidia,p3834-0008 nvidia,tegra264",
        "39.2.0-20260601141651", "13-2", "13.2.51-1", "10.16.2.10-1+cuda13.2", "1.24.2-1ubuntu0.1",
    ),
}  # fmt: skip


def stanzas(packages: Dict[str, str], status: str = "") -> str:
    """dpkg's record of packages, or apt's list of them."""
    lines = []
    for name, version in sorted(packages.items()):
        place = f"Status: {status}\nMaintainer: nobody" if status else f"Filename: pool/{name}.deb\nSize: 1"
        lines.append(f"Package: {name}\n{place}\nArchitecture: arm64\nVersion: {version}\nDescription: {name}\n")
    return "\n".join(lines)


def make(
    root: Path,
    jetpack: JetPack,
    missing: Sequence[str] = (),
    apt: Dict[str, str] | None = None,
    removed: Sequence[str] = (),
) -> Path:
    """``missing``: packages that are not installed; ``apt``: what it has, where NVIDIA's source is known; ``removed``:
    those of which dpkg still has the configuration."""
    there = {name: version for name, version in jetpack.installed.items() if name not in (*missing, *removed)}
    gone = {name: version for name, version in jetpack.installed.items() if name in removed}
    files = {
        **boards.tree(jetpack.model, jetpack.compatible),
        **boards.release(jetpack.boards_release),
        **ubuntu(jetpack.ubuntu),
        "etc/hostname": "gate-7\n",
        "var/lib/dpkg/status": "\n".join(
            (stanzas(there, "install ok installed"), stanzas(gone, "deinstall ok config-files"))
        ),
    }
    if apt is not None:
        release = jetpack.boards_release
        files["etc/apt/sources.list.d/nvidia-l4t-apt-source.list"] = (
            f"deb [trusted=yes] https://repo.download.nvidia.com/jetson/common {release} main\n"
        )
        lists = "var/lib/apt/lists/repo.download.nvidia.com_jetson_common_dists_"
        files[f"{lists}{release}_main_binary-arm64_Packages"] = stanzas(apt)
    boards.write(root, files)
    for folder in ("etc/apt/preferences.d", "etc/apt/apt.conf.d", "var/lib/apt/lists/partial"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    return root


def ubuntu(version: str) -> Dict[str, str]:
    lines = [f'PRETTY_NAME="Ubuntu {version} LTS"', "ID=ubuntu", "ID_LIKE=debian", f'VERSION_ID="{version}"']
    return {"etc/os-release": "\n".join(lines) + "\n"}


def pc(root: Path, gpu: bool = False) -> Path:
    """A Debian 12 with nothing of ours."""
    files = {
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
        "etc/hostname": "desk\n",
        "var/lib/dpkg/status": stanzas({"dpkg": "1.21", "python3": "3.11.2-1+b1"}, "install ok installed"),
    }
    if gpu:
        files["proc/driver/nvidia/version"] = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54\n"
    boards.write(root, files)
    return root


def everything(root: Path) -> List[Tuple[str, int, int]]:
    """Each file with its size and time: what a dry run must not change."""
    return [(str(path), path.lstat().st_size, path.lstat().st_mtime_ns) for path in sorted(root.rglob("*"))]
