"""Boards by what they say of themselves, whole and with parts of it hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Tuple

import pytest

from edge.boards import ANY_MACHINE, PC_WITH_GPU, look, recognise
from tests.boards import roots
from tests.boards.roots import KERNEL, L4T, SAMPLES, Sample

PAIRS = [(sample, name) for sample in SAMPLES for name in sample.releases.split()]
AGX_ORIN = roots.tree("NVIDIA Jetson AGX Orin Developer Kit", "nvidia,p3737-0000+p3701-0000 nvidia,tegra234")
XAVIER_NX = roots.tree("NVIDIA Jetson Xavier NX Developer Kit", "nvidia,p3509-0000+p3668-0000 nvidia,tegra194")
NANO = roots.tree("NVIDIA Jetson Nano Developer Kit", "nvidia,p3449-0000-b00+p3448-0000-b00 nvidia,tegra210")


def _id(pair: Tuple[Sample, str]) -> str:
    return "{0.board} {0.memory_gb}GB {1}".format(*pair)


def _table(release: str) -> str:
    return "r38" if release == "r39" else release


@pytest.mark.parametrize("pair", PAIRS, ids=_id)
def test_each_board_on_each_release(pair: Tuple[Sample, str], tmp_path: Path) -> None:
    sample, release = pair
    files = {**roots.tree(sample.model, sample.compatible), **roots.release(release), **roots.kernel(release)}
    if sample.total_kb:
        files.update(roots.memory(sample.total_kb))
    found = look(roots.write(tmp_path, files))
    assert (found.warning, found.l4t) == ("", L4T[release])
    board = found.board
    assert (board.name, board.release) == (sample.board, _table(release))
    assert (board.memory_mib, board.dla_cores) == (sample.memory_gb * 1024, sample.dla_cores)
    assert recognise(str(tmp_path)) == board


@pytest.mark.parametrize("release", list(L4T))
def test_the_release_from_the_package(release: str, tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, {**AGX_ORIN, **roots.dpkg(L4T[release])}))
    assert (found.board.release, found.l4t) == (_table(release), L4T[release])


def test_the_release_file_goes_before_the_package(tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, {**AGX_ORIN, **roots.release("r36"), **roots.dpkg("35.4.1")}))
    assert (found.board.release, found.l4t) == ("r36", "36.4.0")


@pytest.mark.parametrize("status", ["deinstall ok config-files", "install ok half-configured"])
def test_a_package_that_is_not_installed_says_nothing(status: str, tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, {**AGX_ORIN, **roots.dpkg("32.7.1", status), **roots.kernel("r35")}))
    assert (found.board.release, found.l4t) == ("r35", "")


@pytest.mark.parametrize("release", list(KERNEL))
def test_a_container_that_sees_the_device_tree_and_the_kernel_alone(release: str, tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, {**AGX_ORIN, **roots.kernel(release)}))
    assert (found.board.name, found.board.release, found.l4t) == ("Jetson AGX Orin", _table(release), "")
    # 32 does not go with an Orin; the others need no guess.
    assert bool(found.warning) == (release == "r32")


def test_a_folder_in_place_of_the_release_file(tmp_path: Path) -> None:
    (tmp_path / "etc/nv_tegra_release").mkdir(parents=True)
    assert look(roots.write(tmp_path, {**AGX_ORIN, **roots.kernel("r36")})).board.release == "r36"


@pytest.mark.parametrize(
    ("release", "board"), [("r32", "Jetson Nano"), ("r35", "Jetson Xavier NX"), ("r36", "Jetson Orin Nano")]
)
def test_a_container_that_hides_the_device_tree(release: str, board: str, tmp_path: Path) -> None:
    for number, files in enumerate((roots.release(release), roots.kernel(release))):
        found = look(roots.write(tmp_path / str(number), files))
        assert (found.board.name, found.board.release, found.board.memory_mib) == (board, release, 0)
        assert "device tree cannot be read" in found.warning and f"taken for a {board}" in found.warning


def test_a_release_that_cannot_be_told(tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, {**XAVIER_NX, "proc/sys/kernel/osrelease": "6.1.0-mainline\n"}))
    assert (found.board.release, found.l4t) == ("r35", "")
    assert "kernel 6.1.0-mainline" in found.warning and found.warning.endswith("taken for r35")


def test_a_board_with_one_release_alone_needs_no_guess(tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, NANO))
    assert (found.board.release, found.warning) == ("r32", "")


@pytest.mark.parametrize(("revision", "table"), [("34", "r35"), ("33", "r32"), ("37", "r38"), ("41", "r38")])
def test_an_unknown_release_gets_the_nearest(revision: str, table: str, tmp_path: Path) -> None:
    text = f"# R{revision} (release), REVISION: 1.1, GCID: 30414990, BOARD: t186ref, EABI: aarch64\n"
    found = look(roots.write(tmp_path, {**AGX_ORIN, "etc/nv_tegra_release": text}))
    assert (found.board.name, found.board.release, found.l4t) == ("Jetson AGX Orin", table, revision + ".1.1")
    assert found.warning == f"L4T {revision}.1.1 is not known; it is taken for {table}"


def test_a_release_that_was_never_made_for_the_board(tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, {**NANO, **roots.release("r36")}))
    assert (found.board.name, found.board.release) == ("Jetson Nano", "r36")
    assert found.warning == "NVIDIA never made L4T r36 for a Jetson Nano"


@pytest.mark.parametrize(
    ("model", "compatible", "release", "board"),
    [
        # A TX1, as jetson_stats#48 has it; a new part of a known kind; known chips alone; a chip to come.
        ("jetson_tx1", "nvidia,jetson-cv nvidia,tegra210", "r32", "Jetson Nano"),
        ("Something", "nvidia,p3737-0000+p3701-0099 nvidia,p3701-0099 nvidia,tegra234", "r36", "Jetson AGX Orin"),
        ("Something", "nvidia,p3768-0000+p3767-0099 nvidia,tegra234", "r36", "Jetson Orin Nano"),
        ("e3360_1099", "nvidia,e3360_1099 nvidia,tegra194", "r32", "Jetson Xavier NX"),
        ("Something", "acme,robot nvidia,tegra264", "r38", "Jetson Thor"),
        ("Something", "nvidia,p9999-0000 nvidia,tegra999", "r36", "Jetson Orin Nano"),
    ],
)
def test_an_unknown_jetson_gets_the_nearest(
    model: str, compatible: str, release: str, board: str, tmp_path: Path
) -> None:
    found = look(roots.write(tmp_path, {**roots.tree(model, compatible), **roots.release(release)}))
    assert (found.board.name, found.board.release) == (board, release)
    words = ", ".join(compatible.split())
    assert found.warning == (
        f"this Jetson is not known: '{model}' ({words}) is not in the tables; it is taken for a {board}"
    )
    assert "\n" not in found.warning and "\0" not in found.warning


@pytest.mark.parametrize(
    ("model", "compatible", "board"),
    [
        # Other makers' carrier boards: the part counts, then the model.
        ("LENOVO ThinkEdge SE70", "lenovo,thinkedge-se70 nvidia,p3668-0001 nvidia,tegra194", "Jetson Xavier NX"),
        ("NVIDIA Orin Nano Developer Kit - DSBOARD-ORNXS",
         "nvidia,p3768-0000+p3767-0003 nvidia,p3767-0003 nvidia,tegra234", "Jetson Orin Nano"),
        ("NVIDIA Jetson Orin NX Engineering Reference Developer Kit Super",
         "nvidia,p3768-0000+p3767-0003-super nvidia,p3767-0003 nvidia,tegra234", "Jetson Orin Nano"),
        ("NVIDIA Jetson AGX Orin on Acme", "acme,robot nvidia,tegra234", "Jetson AGX Orin"),
        ("Jetson Nano clone", "acme,robot nvidia,tegra210", "Jetson Nano"),
    ],
)
def test_carrier_boards_of_others(model: str, compatible: str, board: str, tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, {**roots.tree(model, compatible), **roots.release("r35")}))
    assert found.board.name == board
    assert "not known" not in found.warning


def test_memory_decides_where_the_device_tree_names_several(tmp_path: Path) -> None:
    files = roots.tree("NVIDIA Orin NX Developer Kit", "acme,box nvidia,tegra234")
    for total_kb, memory, cores in ((7_700_000, 8192, 1), (15_900_000, 16384, 2), (99_000_000, 16384, 2)):
        root = roots.write(tmp_path / str(total_kb), {**files, **roots.release("r35"), **roots.memory(total_kb)})
        board = recognise(root)
        assert (board.memory_mib, board.dla_cores) == (memory, cores)
    unknown = recognise(roots.write(tmp_path / "hidden", {**files, **roots.release("r35")}))
    assert (unknown.memory_mib, unknown.dla_cores) == (0, 1)


@pytest.mark.parametrize(
    "files",
    [
        {"proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15\n"},
        {"dev/nvidia0": ""},
        # DGX Spark and the like: an ARM machine with a card's driver, and no Jetson.
        {"dev/nvidia0": "", "proc/sys/kernel/osrelease": "6.11.0-1016-nvidia\n"},
    ],
)
def test_a_pc_with_a_gpu(files: Dict[str, str], tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, files))
    assert (found.board, found.warning, found.l4t) == (PC_WITH_GPU, "", "")


def test_thor_has_a_pcs_driver_and_is_a_jetson(tmp_path: Path) -> None:
    thor = roots.tree("NVIDIA Jetson AGX Thor Developer Kit", "nvidia,p3971-0080+p3834-0008 nvidia,tegra264")
    root = roots.write(tmp_path, {**thor, **roots.release("r38"), "proc/driver/nvidia/version": "NVRM\n"})
    assert recognise(root).name == "Jetson Thor"


@pytest.mark.parametrize(
    "files",
    [
        {},
        roots.tree("Raspberry Pi 4 Model B Rev 1.4", "raspberrypi,4-model-b brcm,bcm2711"),
        {**roots.dpkg("35.4.1"), "proc/sys/kernel/osrelease": "6.1.0-21-amd64\n"},
    ],
)
def test_any_machine(files: Dict[str, str], tmp_path: Path) -> None:
    found = look(roots.write(tmp_path, files))
    assert (found.board, found.warning, found.l4t) == (ANY_MACHINE, "", "")


def test_what_cannot_be_read_raises_nothing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "proc/device-tree/compatible").write_bytes(b"\xff\xfe\0nvidia,tegra234")
    (root / "proc/meminfo").write_text("MemTotal: much\n")
    (root / "etc").mkdir()
    (root / "etc/nv_tegra_release").write_text("nothing of the kind\n")
    found = look(str(root))
    assert (found.board.name, found.board.release) == ("Jetson Orin Nano", "r38")
    assert found.warning.count("taken for") == 2
