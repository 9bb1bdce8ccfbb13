"""GPU, DLA, device nodes and the argus socket, on machines made of files."""

from __future__ import annotations

import os
from typing import Set

import pytest

from edge.doctor.account import Account, current_account, may, may_read, named_account
from edge.doctor.checks import accelerators
from edge.doctor.context import Context
from tests.doctor.machines import Tree, by_name

OPEN_DRIVER = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (builder@)\nGCC\n"
CLOSED_DRIVER = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC\n"


def test_no_gpu_is_no_fault(tree: Tree) -> None:
    found = by_name(accelerators.gpu(tree.context()))["gpu"]
    assert (found.status, found.message) == ("ok", "none: the CPU does it")


@pytest.mark.parametrize(("text", "version"), [(OPEN_DRIVER, "580.159.04"), (CLOSED_DRIVER, "535.104.05")])
def test_an_nvidia_card_of_a_pc(text: str, version: str, tree: Tree) -> None:
    tree.write("/proc/driver/nvidia/version", text)
    for number in (6, 7):
        tree.write(f"/proc/driver/nvidia/gpus/0000:0{number}:00.0/information", "Model: \t\t NVIDIA H200\nIRQ: 41\n")
    assert by_name(accelerators.gpu(tree.context()))["gpu"].message == f"2 x NVIDIA H200, driver {version}"


def test_a_card_without_its_driver(tree: Tree) -> None:
    tree.write("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n")
    tree.write("/sys/bus/pci/devices/0000:01:00.0/class", "0x040300\n")  # the card's sound
    assert by_name(accelerators.gpu(tree.context()))["gpu"].status == "ok"
    tree.write("/sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n")
    found = by_name(accelerators.gpu(tree.context()))["gpu"]
    assert found.status == "warning" and "driver" in found.remedy


def test_a_jetsons_gpu_and_dla(tree: Tree) -> None:
    found = by_name(accelerators.gpu(tree.jetson().context()))
    assert found["gpu"].message == "the Jetson's own, L4T 35.4.1"
    assert found["dla"].message == "2 cores"


def test_an_older_release_names_the_dla_otherwise(tree: Tree) -> None:
    tree.write("/etc/nv_tegra_release", "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t186ref\n")
    for node in ("nvhost-gpu", "nvhost-nvdla0", "nvhost-ctrl-nvdla0"):
        tree.write(f"/dev/{node}")
    found = by_name(accelerators.gpu(tree.context()))
    assert (found["gpu"].message, found["dla"].message) == ("the Jetson's own, L4T 32.7.1", "1 core")


def test_a_jetsons_container_without_its_devices(tree: Tree) -> None:
    tree.write("/proc/device-tree/compatible", "nvidia,tegra234\0")
    tree.write("/.dockerenv")
    found = by_name(accelerators.gpu(tree.context()))
    assert found["gpu"].status == "error" and "--runtime nvidia" in found["gpu"].remedy
    assert found["dla"].message == "none on this board"


def test_the_daemons_user_must_be_in_the_groups_of_the_nodes(tree: Tree, nobody: Account) -> None:
    gid = os.getegid()
    tree.jetson().write("/etc/group", f"video:x:{gid}:\nedge:x:{nobody.uid}:\n")
    found = by_name(accelerators.nodes(tree.context(account=nobody)))["devices"]
    assert found.status == "error"
    assert found.message.startswith("edge may not open /dev/nvhost-ctrl-gpu, ")
    assert found.remedy.startswith("usermod -aG video edge")
    member = nobody._replace(gids=frozenset([gid]))
    assert by_name(accelerators.nodes(tree.context(account=member)))["devices"].status == "ok"


def test_on_a_pc_cameras_nodes_matter_where_one_is_used(tree: Tree, nobody: Account) -> None:
    tree.write("/dev/video0", mode=0o660)
    found = by_name(accelerators.nodes(tree.context(account=nobody)))["devices"]
    assert found.status == "warning" and "/dev/video0" in found.message
    config = "device: a\nmodels: {p: {spec: person}}\ncameras: {a: {source: 'test://'}}\n"
    context = tree.context(config, account=nobody)
    assert by_name(accelerators.nodes(context))["devices"].status == "skipped"


def test_users_and_groups_are_read(tree: Tree) -> None:
    tree.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nedge:x:990:991::/:/bin/false\nbroken\n")
    tree.write("/etc/group", "edge:x:991:\nvideo:x:44:pi,edge\nrender:x:105:\naudio:x:29:pi\n")
    system = tree.system()
    assert named_account(system, "edge") == Account("edge", 990, frozenset([991, 44]))
    assert named_account(system, "990", ["render"]) == Account("edge", 990, frozenset([991, 44, 105]))
    assert named_account(system, "pi") is None
    assert current_account(system).uid == os.geteuid()


def test_what_bits_allow(tree: Tree, nobody: Account) -> None:
    path = tree.write("/dev/x", mode=0o604)
    assert may(nobody, path, os.R_OK) and not may(nobody, path)
    assert may(nobody._replace(uid=os.getuid()), path)
    assert not may(nobody._replace(gids=frozenset([os.getegid()])), path, os.R_OK)
    assert may(nobody._replace(uid=0), path)
    path.parent.chmod(0o700)
    assert not may_read(nobody, path)


@pytest.mark.parametrize(
    ("kinds", "socket", "status"),
    [({"csi"}, False, "error"), ({"csi"}, True, "ok"), ({"rtsp"}, False, "skipped")],
)
def test_argus(kinds: Set[str], socket: bool, status: str, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Context, "kinds", kinds)
    assert not by_name(accelerators.argus(tree.context()))  # nothing to say on another machine
    tree.jetson()
    if socket:
        tree.write("/tmp/argus_socket")
    assert by_name(accelerators.argus(tree.context()))["argus"].status == status
