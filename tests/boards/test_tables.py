"""The tables are complete, and agree with each other and with what the rest relies on."""

from __future__ import annotations

from typing import Iterator, Tuple

import pytest

from edge.boards import ANY_MACHINE, CODECS, FEATURES, PC_WITH_GPU, Board, quirks
from edge.boards.jetson import Module, Variant, board
from edge.boards.machine import MODULES
from edge.boards.releases import RELEASES, Release, by_name, nearest

MODULE = {module.name: module for module in MODULES}


def _combinations() -> Iterator[Tuple[Module, Variant, Release]]:
    """Every module in every size under every release: also those never made, as people build them."""
    for module in MODULES:
        for variant in module.variants:
            for release in RELEASES:
                yield module, variant, release


BOARDS = [board(*each) for each in _combinations()]
IDS = [f"{b.name} {b.memory_mib} {b.release}" for b in BOARDS]
every_board = pytest.mark.parametrize("table", [*BOARDS, PC_WITH_GPU, ANY_MACHINE], ids=[*IDS, "PC", "any"])


def test_all_boards_and_releases_are_there() -> None:
    assert {m.name for m in MODULES} == {
        "Jetson Nano", "Jetson TX2", "Jetson Xavier NX", "Jetson AGX Xavier", "Jetson Orin Nano", "Jetson Orin NX",
        "Jetson AGX Orin", "Jetson Thor",
    }
    assert [release.name for release in RELEASES] == ["r32", "r35", "r36", "r38"]


@every_board
def test_every_codec_has_hardware_first_and_software_after(table: Board) -> None:
    assert sorted(table.decoders) == sorted(CODECS)
    for decoders in table.decoders.values():
        kinds = [bool(decoder.memory) for decoder in decoders]
        assert kinds == sorted(kinds, reverse=True)
        assert not kinds[-1], "nothing to fall back on"
        assert all(decoder.memory in ("", *FEATURES) for decoder in decoders)
        assert len({decoder.element for decoder in decoders}) == len(decoders)


@every_board
def test_what_encodes_is_hardware_first_and_software_after(table: Board) -> None:
    kinds = [encoder.hardware for encoder in table.encoders]
    assert kinds == sorted(kinds, reverse=True)
    assert [e.element for e in table.encoders if not e.hardware] == ["x264enc", "openh264enc"]
    assert table.h264_encoder == (table.encoders[0].element if kinds[0] else None)
    for encoder in table.encoders:
        assert encoder.memory in ("", "NVMM")
        assert bool(encoder.bitrate) == encoder.hardware, "software holds a quality"
        assert encoder.unit in (1, 1000)


@every_board
def test_numbers_and_names_make_sense(table: Board) -> None:
    assert table.quirks <= quirks.ALL
    assert set(table.decode_1080p30) <= set(CODECS)
    assert all(1 <= streams <= 128 for streams in table.decode_1080p30.values())
    assert 0 <= table.dla_cores <= 2
    assert table.converter is None or table.converter.memory in FEATURES
    for name in (table.jpeg_encoder, table.h264_encoder, table.camera):
        assert name is None or name


@pytest.mark.parametrize("table", BOARDS, ids=IDS)
def test_every_jetson_decodes_and_converts_in_nvmm(table: Board) -> None:
    assert all(decoders[0].memory == "NVMM" for decoders in table.decoders.values())
    assert table.converter is not None
    assert (table.converter.element, table.converter.memory) == ("nvvidconv", "NVMM")
    assert table.camera == "nvarguscamerasrc"
    assert table.jpeg_encoder == "nvjpegenc"
    assert table.compute_capability is not None
    assert table.memory_mib >= 2048
    assert quirks.ARGUS_EOS_IS_FAULT in table.quirks


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_modules_parts_sizes_and_releases_fit(module: Module) -> None:
    sizes = [variant.memory_mib for variant in module.variants]
    assert sizes == sorted(set(sizes))
    assert {size for part in module.parts.values() for size in part} == set(sizes)
    names = [release.name for release in RELEASES]
    assert list(module.releases) == [name for name in names if name in module.releases] != []


def test_nothing_names_two_modules() -> None:
    parts = [part for module in MODULES for part in module.parts]
    names = [name for module in MODULES for name in module.names]
    assert len(set(parts)) == len(parts)
    assert len(set(names)) == len(names)


def test_of_a_chip_the_one_that_promises_least_comes_first() -> None:
    for soc in {module.soc for module in MODULES}:
        least = [module.variants[0] for module in MODULES if module.soc == soc]
        assert [v.dla_cores for v in least] == sorted(v.dla_cores for v in least)
        assert [v.memory_mib for v in least] == sorted(v.memory_mib for v in least)


@pytest.mark.parametrize(
    ("name", "cores", "capability", "encoder"),
    [
        # The cores of NVIDIA's comparison of modules, by memory; compute capability as on developer.nvidia.com.
        ("Jetson Nano", {2048: 0, 4096: 0}, (5, 3), True),
        ("Jetson TX2", {4096: 0, 8192: 0}, (6, 2), True),
        ("Jetson Xavier NX", {8192: 2, 16384: 2}, (7, 2), True),
        ("Jetson AGX Xavier", {8192: 2, 16384: 2, 32768: 2, 65536: 2}, (7, 2), True),
        ("Jetson Orin Nano", {4096: 0, 8192: 0}, (8, 7), False),
        ("Jetson Orin NX", {8192: 1, 16384: 2}, (8, 7), True),
        ("Jetson AGX Orin", {32768: 2, 65536: 2}, (8, 7), True),
        ("Jetson Thor", {65536: 0, 131072: 0}, (11, 0), True),
    ],
)
def test_what_was_published(name: str, cores: object, capability: object, encoder: bool) -> None:
    module = MODULE[name]
    assert {variant.memory_mib: variant.dla_cores for variant in module.variants} == cores
    assert module.compute_capability == capability
    assert bool(module.h264_encoder) == encoder


def test_the_quirks_of_the_releases() -> None:
    def of(name: str, release: str) -> frozenset[str]:
        module = MODULE[name]
        return board(module, module.variants[0], by_name(release)).quirks

    assert quirks.SYSTEM_TO_SYSTEM_FAILS in of("Jetson Nano", "r32")
    assert quirks.SYSTEM_TO_SYSTEM_FAILS not in of("Jetson Xavier NX", "r35")
    assert quirks.JPEG_ENCODER_PLANAR_ONLY not in of("Jetson Xavier NX", "r32")
    assert quirks.JPEG_ENCODER_PLANAR_ONLY in of("Jetson Xavier NX", "r35")
    assert quirks.NO_MAX_PERFORMANCE in of("Jetson Thor", "r38")
    assert quirks.NO_MAX_PERFORMANCE not in of("Jetson AGX Orin", "r38")
    assert quirks.DLA_FP16_IS_SLOW in of("Jetson Orin NX", "r36")
    assert quirks.DLA_FP16_IS_SLOW not in of("Jetson AGX Xavier", "r35")


def test_motion_jpeg_is_asked_for_on_nvdec_and_goes_round_it_on_thor() -> None:
    for table in BOARDS:
        first = table.decoders["jpeg"][0]
        if table.name == "Jetson Thor":
            assert first.element == "nvjpegdec"
        else:
            assert (first.element, dict(first.properties)["mjpeg"]) == ("nvv4l2decoder", True)


def test_kernels_and_numbers_tell_releases_apart() -> None:
    kernels = [start for release in RELEASES for start in release.kernels]
    majors = [major for release in RELEASES for major in release.majors]
    assert len(set(kernels)) == len(kernels)
    assert majors == sorted(set(majors))
    assert all(nearest(major) is release for release in RELEASES for major in release.majors)


def test_a_pc_decodes_on_its_gpu() -> None:
    assert [d.element for d in PC_WITH_GPU.decoders["h264"]][:2] == ["nvh264dec", "avdec_h264"]
    assert [d.element for d in PC_WITH_GPU.decoders["h265"]][:2] == ["nvh265dec", "avdec_h265"]
    assert PC_WITH_GPU.decoders["h264"][0].memory == "CUDA"
