"""The machine, its memory and clock, and what a container must bring along."""

from __future__ import annotations

import pytest

from edge.doctor.checks import machine
from edge.doctor.machine import recognise
from edge.doctor.system import System, kernel_synchronised, run_command
from tests.doctor.machines import Tree, by_name


def test_a_jetson_is_told_with_its_release(tree: Tree) -> None:
    tree.jetson().write("/etc/os-release", 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 20.04.6 LTS"\n')
    found = by_name(machine.machine(tree.context()))["machine"]
    assert found.message.startswith("NVIDIA Jetson AGX Orin Developer Kit, L4T 35.4.1, Ubuntu 20.04.6 LTS, Linux ")


def test_a_jetson_is_known_in_a_container_without_the_release_file(tree: Tree) -> None:
    found = recognise(tree.jetson(container=True, l4t=False).system())
    assert found.jetson and found.l4t is None and found.container == "docker"


@pytest.mark.parametrize(
    ("name", "text", "container"),
    [
        ("/.dockerenv", "", "docker"),
        ("/run/.containerenv", "", "podman"),
        ("/run/systemd/container", "systemd-nspawn\n", "systemd-nspawn"),
        ("/proc/1/cgroup", "12:cpu:/kubepods/burstable/pod1\n", "kubepods"),
        ("/proc/1/cgroup", "0::/init.scope\n", None),
    ],
)
def test_containers_are_known(name: str, text: str, container: object, tree: Tree) -> None:
    tree.write(name, text)
    assert recognise(tree.system()).container == container


def test_lsmod_is_asked_for_where_the_boards_elements_run_it(tree: Tree) -> None:
    tree.write("/.dockerenv")
    assert by_name(machine.container(tree.context())).keys() == {"container"}
    tree.jetson(container=True)
    context = tree.context()
    found = by_name(machine.container(context))
    assert found["kmod"].status == "error"
    assert "in this container" in found["kmod"].message and found["kmod"].remedy.endswith("in the container's image")
    tree.write("/sbin/lsmod")
    assert by_name(machine.container(context))["kmod"].status == "ok"


def test_a_board_that_is_known(tree: Tree) -> None:
    assert not by_name(machine.board(tree.context()))  # no Jetson: nothing to say
    found = by_name(machine.board(tree.jetson().context()))["board"]
    assert (found.status, found.message) == ("ok", "Jetson AGX Orin, by the table of r35")


def test_a_board_that_is_not_known_is_told_with_what_it_is_taken_for(tree: Tree) -> None:
    tree.jetson().write("/proc/device-tree/compatible", "nvidia,p9999-0000\0nvidia,tegra234\0")
    tree.write("/proc/device-tree/model", "A maker's own\0")
    found = by_name(machine.board(tree.context()))["board"]
    assert found.status == "warning" and "report" in found.remedy
    assert "nvidia,p9999-0000" in found.message and "it is taken for a Jetson Orin Nano" in found.message


def test_a_release_that_is_not_the_boards_or_not_known(tree: Tree) -> None:
    tree.jetson().write("/etc/nv_tegra_release", "# R32 (release), REVISION: 7.1, GCID: 1, BOARD: t186ref\n")
    found = by_name(machine.board(tree.context()))["board"]
    assert (found.status, found.message) == ("warning", "NVIDIA never made L4T r32 for a Jetson AGX Orin")
    tree.write("/etc/nv_tegra_release", "# R37 (release), REVISION: 1.0, GCID: 1, BOARD: generic\n")
    assert "L4T 37.1.0 is not known" in by_name(machine.board(tree.context()))["board"].message


def test_a_container_that_hides_the_board(tree: Tree) -> None:
    tree.write("/.dockerenv")
    tree.write("/proc/sys/kernel/osrelease", "5.15.148-tegra\n")
    found = by_name(machine.board(tree.context()))["board"]
    assert found.status == "warning" and "systempaths=unconfined" in found.message + found.remedy


def test_without_the_workers_nothing_is_said_of_the_board(tree: Tree) -> None:
    context = tree.jetson().context("device: a\nworkers: {python: /no/such/python}\n")
    assert context.board is None
    assert not by_name(machine.board(context)) and not by_name(machine.container(context))


@pytest.mark.parametrize(("free", "status"), [(2000000, "ok"), (200000, "warning"), (20000, "error")])
def test_memory(free: int, status: str, tree: Tree) -> None:
    tree.write("/proc/meminfo", f"MemTotal:        4059712 kB\nMemFree: 1 kB\nMemAvailable:    {free} kB\n")
    found = by_name(machine.memory(tree.context()))["memory"]
    assert found.status == status
    assert "of 3964 MiB" in found.message


def test_a_containers_bound_is_what_counts(tree: Tree) -> None:
    tree.write("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 12000000 kB\n")
    tree.write("/sys/fs/cgroup/memory.max", "max\n")
    tree.write("/sys/fs/cgroup/memory.current", f"{400 << 20}\n")
    assert by_name(machine.memory(tree.context()))["memory"].status == "ok"
    tree.write("/sys/fs/cgroup/memory.max", f"{500 << 20}\n")
    found = by_name(machine.memory(tree.context()))["memory"]
    assert (found.status, found.message) == ("warning", "100 MiB of 500 MiB are free")


def test_the_clock(tree: Tree) -> None:
    assert by_name(machine.clock(tree.context()))["clock"].message == "2027-01-15 08:00 UTC, synchronised"
    tree.synchronised = False
    found = by_name(machine.clock(tree.context()))["clock"]
    assert found.status == "warning" and "timedatectl" in found.remedy
    tree.now = 40.0
    found = by_name(machine.clock(tree.context()))["clock"]
    assert found.status == "error" and "1970-01-01" in found.message


def test_the_kernel_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernel_synchronised() in (True, False)
    assert by_name(machine.clock(Tree(System().root).context()))["clock"].status == "ok"


def test_a_command_that_is_not_there_or_fails() -> None:
    assert run_command(["edge-no-such-program"]).status is None
    assert run_command(["sh", "-c", "echo word; exit 3"]) == (3, "word\n")
