"""scripts/install --dry-run on systems as each JetPack leaves them: what it would do, and that it does nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from scripts.servers import ROOT
from tests.install import roots
from tests.install.roots import JETPACKS, JetPack

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("dpkg-query", "apt-cache"))), reason="no dpkg and apt here to ask"
)
NAMES = {"4.6": "Jetson Nano", "5.1": "Jetson Xavier NX", "6": "Jetson Orin Nano", "7": "Jetson Thor"}


def dry_run(root: Path, *words: str) -> str:
    """What it says; the root is as it was."""
    before = roots.everything(root)
    done = subprocess.run(
        [str(ROOT / "scripts" / "install"), "--dry-run", "--root", str(root), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert roots.everything(root) == before
    return done.stdout


def commands(said: str) -> List[str]:
    return [line[4:] for line in said.splitlines() if line.startswith("  $ ")]


def packages(said: str) -> List[str]:
    """What apt-get would install, in all."""
    prefix = "apt-get install -y --no-install-recommends "
    return [name for line in commands(said) if line.startswith(prefix) for name in line[len(prefix) :].split()]


@pytest.mark.parametrize("jetpack", JETPACKS.values(), ids=JETPACKS)
def test_nvidias_image_lacks_next_to_nothing(tmp_path: Path, jetpack: JetPack) -> None:
    said = dry_run(roots.make(tmp_path, jetpack))
    assert said.splitlines()[0].startswith(f"{NAMES[jetpack.name]}, L4T ")
    assert f"(JetPack {jetpack.name}), Ubuntu {jetpack.ubuntu} LTS" in said.splitlines()[0]
    assert "warning" not in said and "neither installed" not in said
    assert packages(said) == (["python3.8", "python3.8-venv"] if jetpack.name == "4.6" else [])
    assert [line for line in commands(said) if "'pycuda>=2022.1'" in line], "built for the workers"
    assert said.rstrip().endswith("nothing was changed: this was a dry run")


@pytest.mark.parametrize("jetpack", JETPACKS.values(), ids=JETPACKS)
def test_daemon_and_workers_have_the_pythons_that_are_made_for_them(tmp_path: Path, jetpack: JetPack) -> None:
    said = dry_run(roots.make(tmp_path, jetpack))
    release = re.search(r"/opt/edge/releases/\S+", said)
    assert release is not None
    made = [line for line in commands(said) if " -m venv " in line]
    configuration = said[said.index("the first configuration") : said.index("the switch")]
    if jetpack.name == "4.6":
        # gi and TensorRT are Python 3.6's there, and the daemon needs 3.8.
        assert made == [
            f"/usr/bin/python3.8 -m venv --clear {release.group()}",
            f"/usr/bin/python3 -m venv --clear --system-site-packages {release.group()}/workers",
        ]
        assert "workers:\n      python: /opt/edge/current/workers/bin/python\n" in configuration
        assert not [line for line in commands(said) if "source[cpu" in line], "ONNX Runtime is of no use to 3.6"
    else:
        assert made == [f"/usr/bin/python3 -m venv --clear --system-site-packages {release.group()}"]
        assert "workers" not in configuration
        extras = "[cpu,plan]" if jetpack.name == "5.1" else "[cpu]"  # a Xavier, an Orin Nano, a Thor
        assert [line for line in commands(said) if "source" + extras in line], "onnx where there is a DLA"
    pycuda = [line for line in commands(said) if "pycuda" in line]
    assert len(pycuda) == 1 and f"/usr/local/cuda-{jetpack.cuda.replace('-', '.')}/bin" in pycuda[0]


@pytest.mark.parametrize("jetpack", JETPACKS.values(), ids=JETPACKS)
def test_what_apt_has_of_nvidias_is_installed_by_name(tmp_path: Path, jetpack: JetPack) -> None:
    apt = {**jetpack.nvidia, f"cuda-cudart-{jetpack.cuda}": jetpack.cuda_package, "nvidia-jetpack": "1.0"}
    # NVIDIA's repository has more than one CUDA for some releases: the newest is JetPack's.
    apt.update({"cuda-cudart-9-0": "9.0", "cuda-nvcc-9-0": "9.0"})
    missing = [*jetpack.nvidia, f"cuda-cudart-{jetpack.cuda}"]
    said = dry_run(roots.make(tmp_path, jetpack, missing=missing, apt=apt))
    found = [name for name in packages(said) if not name.startswith("python3.8")]
    assert sorted(found) == sorted(jetpack.nvidia)
    assert "neither installed" not in said
    assert [line for line in commands(said) if "pycuda" in line]
    assert commands(said).count("apt-get update") == 1


@pytest.mark.parametrize("jetpack", JETPACKS.values(), ids=JETPACKS)
def test_what_nobody_has_is_named_with_what_to_do(tmp_path: Path, jetpack: JetPack) -> None:
    missing = ["nvidia-l4t-camera", "python3-libnvinfer"]
    said = dry_run(roots.make(tmp_path, jetpack, missing=missing))
    assert "nor to be had from apt: nvidia-l4t-camera python3-libnvinfer\n" in said
    assert "without it csi:// cameras cannot be opened" in said
    assert "without it there is no TensorRT" in said
    assert "nvidia-l4t-apt-source.list" in said, "apt knows no source of NVIDIA's"
    assert "pycuda" not in "".join(commands(said)), "of no use without TensorRT"
    assert [line for line in commands(said) if line.startswith("systemctl restart edge")], "and the rest is done"


def test_where_apt_knows_jetpack_that_is_the_advice(tmp_path: Path) -> None:
    jetpack = JETPACKS["6"]
    said = dry_run(roots.make(tmp_path, jetpack, missing=list(jetpack.nvidia), apt={"nvidia-jetpack": "6.2.1+b38"}))
    assert "sudo apt-get install nvidia-jetpack, then scripts/install again" in said
    assert "nvidia-l4t-gstreamer" in said and "without it software decodes and scales" in said


def test_a_package_that_was_removed_is_missing(tmp_path: Path) -> None:
    """dpkg still knows it, by the configuration that was left."""
    jetpack = JETPACKS["5.1"]
    root = roots.make(tmp_path, jetpack, removed=["nvidia-l4t-gstreamer", "gstreamer1.0-plugins-bad"])
    said = dry_run(root)
    assert packages(said) == ["gstreamer1.0-plugins-bad"]
    assert "nor to be had from apt: nvidia-l4t-gstreamer\n" in said


@pytest.mark.parametrize(("gpu", "name"), [(False, "any machine"), (True, "PC with NVIDIA GPU")])
def test_a_pc(tmp_path: Path, gpu: bool, name: str) -> None:
    said = dry_run(roots.pc(tmp_path, gpu))
    assert said.startswith(f"{name}, Debian GNU/Linux 12")
    assert "gstreamer1.0-libav" in packages(said) and "python3-venv" in packages(said)
    assert not [name for name in packages(said) if "nv" in name.replace("venv", "") or "cuda" in name]
    assert "jetson" not in said.lower().replace("jetson-edge", "") and "pycuda" not in said
    assert "device: desk\n" in said


def test_another_ubuntu_than_jetpacks_is_warned_of(tmp_path: Path) -> None:
    """There are images of Ubuntu 20.04 for the Nano, on NVIDIA's r32."""
    jetpack = JETPACKS["4.6"]._replace(ubuntu="20.04", python="3.8.2-0ubuntu2")
    said = dry_run(roots.make(tmp_path, jetpack))
    assert "warning: L4T 32.7.1 belongs to Ubuntu 18.04, and this is 20.04" in said
    assert "workers: the same" in said


def test_what_is_not_known_is_taken_for_the_nearest_with_a_warning(tmp_path: Path) -> None:
    jetpack = JETPACKS["6"]._replace(model="Somebody's board", compatible="nvidia,p9999-0000 nvidia,tegra234")
    said = dry_run(roots.make(tmp_path, jetpack))
    assert "warning: this Jetson is not known" in said and "it is taken for a Jetson Orin Nano" in said


@pytest.mark.parametrize("jetpack", JETPACKS.values(), ids=JETPACKS)
def test_jetson_stats_is_installed_when_asked_for(tmp_path: Path, jetpack: JetPack) -> None:
    root = roots.make(tmp_path, jetpack)
    assert "telemetry comes from sysfs. scripts/install --with-jtop" in dry_run(root)
    said = dry_run(root, "--with-jtop")
    (line,) = [line for line in commands(said) if "jetson-stats" in line]
    assert ("--break-system-packages" in line) == (jetpack.name == "7")
    assert packages(said)[-1] == "python3-pip"
    # Where it is, nothing is said of it, and its group is the daemon's too.
    version = jetpack.python.rsplit(".", 1)[0].split("-")[0]
    (root / f"usr/local/lib/python{version}/dist-packages/jetson_stats-4.2.12.dist-info").mkdir(parents=True)
    (root / "etc/group").write_text("root:x:0:\njtop:x:990:\n")
    said = dry_run(root, "--with-jtop")
    assert "jetson-stats" not in said
    assert "    m edge   jtop\n" in said


def test_no_group_is_made_for_what_is_not_there(tmp_path: Path) -> None:
    assert "jtop\n" not in dry_run(roots.make(tmp_path, JETPACKS["5.1"])).replace("--with-jtop", "")


# --- what is installed already -----------------------------------------------------------------------------------


def installed(root: Path, said: str) -> Dict[str, str]:
    """The files of an installation as ``said`` says it would be."""
    release = re.search(r"ln -sfn (releases/\S+) /opt/edge/current.new", said)
    assert release is not None
    files = {
        f"opt/edge/{release.group(1)}/.complete": "",
        "etc/sysusers.d/edge.conf": (ROOT / "systemd/edge.sysusers").read_text(),
        "etc/tmpfiles.d/edge.conf": (ROOT / "systemd/edge.tmpfiles").read_text(),
        "etc/systemd/system/edge.service": (ROOT / "systemd/edge.service").read_text(),
        "etc/passwd": "edge:x:999:999::/var/lib/edge:/usr/sbin/nologin\n",
        "etc/edge/edge.yaml": "device: mine\n",
        "etc/edge/cameras.d/gate.yaml": "source: test://\n",
        "var/lib/edge/kept": "",
        "usr/local/bin/other": "",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    (root / "opt/edge/current").symlink_to(release.group(1))
    (root / "usr/local/bin/edge").symlink_to("/opt/edge/current/bin/edge")
    return files


@pytest.mark.parametrize("name", ["4.6", "6"])
def test_where_it_is_installed_there_is_nothing_to_do(tmp_path: Path, name: str) -> None:
    jetpack = JETPACKS[name]
    root = roots.make(tmp_path, jetpack._replace())
    installed(root, dry_run(root))
    if name == "4.6":
        status = root / "var/lib/dpkg/status"
        there = {"python3.8": "3.8.0-3ubuntu1~18.04.2", "python3.8-venv": "3.8.0-3ubuntu1~18.04.2"}
        status.write_text(status.read_text() + "\n" + roots.stanzas(there, "install ok installed"))
    said = dry_run(root)
    assert commands(said) == []
    assert said.rstrip().endswith("is installed and up to date; there is nothing to do")


def test_a_configuration_of_before_is_told_of_the_workers_own_python(tmp_path: Path) -> None:
    root = roots.make(tmp_path, JETPACKS["4.6"])
    said = dry_run(root)
    installed(root, said)
    assert "names another Python for the workers" in dry_run(root)
    (root / "etc/edge/edge.yaml").write_text("workers: {python: /opt/edge/current/workers/bin/python}\n")
    assert "names another Python" not in dry_run(root)


def test_an_upgrade_leaves_the_configuration_alone(tmp_path: Path) -> None:
    root = roots.make(tmp_path, JETPACKS["6"])
    installed(root, dry_run(root))
    before = (root / "opt/edge/current").resolve()
    before.rename(before.parent / "0.0.9-older")
    (root / "opt/edge/current").unlink()
    (root / "opt/edge/current").symlink_to("releases/0.0.9-older")
    said = dry_run(root, "upgrade")
    assert "the release, a folder of its own:" in said and "the first configuration" not in said
    assert "systemctl restart edge" in commands(said)
    assert "rm -rf /opt/edge/releases/0.0.9-older" in commands(said)


def test_what_removing_would_remove(tmp_path: Path) -> None:
    root = roots.make(tmp_path, JETPACKS["6"])
    assert "edge is not installed here; nothing changed" in dry_run(root, "remove")
    installed(root, dry_run(root))
    said = dry_run(root, "remove")
    assert "systemctl -q disable --now edge" in commands(said)
    assert "/etc/edge and /var/lib/edge would be left" in said
    assert not [line for line in commands(said) if "rm -rf /etc/edge" in line or "userdel" in line]
    said = dry_run(root, "remove", "--purge")
    assert {"rm -rf /etc/edge", "rm -rf /var/lib/edge", "userdel edge"} <= set(commands(said))


def test_a_root_is_for_looking_alone(tmp_path: Path) -> None:
    install = str(ROOT / "scripts" / "install")
    done = subprocess.run(
        [install, "--root", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 1 and "--root goes with --dry-run" in done.stdout
    assert list(tmp_path.iterdir()) == []
