"""Writes docs/boards/: a page a board, of the tables in edge/boards and the pipelines that edge/capture makes of them.

    .venv/bin/python -m scripts.board_pages           writes them
    .venv/bin/python -m scripts.board_pages --check   exit status 1 where one is not what it would write
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List, Tuple

from edge.boards import ANY_MACHINE, PC_WITH_GPU, Board, Decoder
from edge.boards.jetson import Module, board
from edge.boards.machine import MODULES
from edge.boards.releases import by_name
from edge.capture.element import Element
from edge.capture.pipeline import Parts, tail
from edge.capture.source import Source, head
from edge.doctor.launch import line as launch_line

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "boards"
JETPACK = {"r32": "4.6", "r35": "5.1", "r36": "6", "r38": "7"}
QUIRKS = {
    "system-to-system-fails": "nvvidconv cannot convert from system memory to system memory, so raw pictures of a USB "
    "camera are brought into NVMM",
    "argus-eos-is-fault": "a CSI camera's fault comes as the end of its stream, and is taken for a fault",
    "needs-lsmod": "the decoder gives no pictures where there is no `lsmod` (package `kmod`, which containers lack)",
    "no-max-performance": "nvv4l2decoder has no `enable-max-performance`, so it is not set",
    "jpeg-encoder-planar-only": "nvjpegenc takes I420, YV12 and GRAY8 alone from system memory",
    "dla-fp16-is-slow": "FP16 on the DLA is many times slower than INT8 there",
}
SEEN_JETSON = """\
| what | any machine | simulation | on this board |
|---|---|---|---|
| recognised, with its release and memory | | yes: device trees and release files as boards told them | never |
| pipelines: negotiation, pictures, faults | | yes: elements with NVIDIA's published names, properties and caps, that \
decode in software | never |
| capture worker, daemon, events, reload | yes | yes | never |
| networks on TensorRT | | a TensorRT of doubles, held against the published API | never |
| `scripts/install` | {arm} | `--dry-run`, against lists of packages that people published | never |
| loads, temperatures, power | | yes: files as boards have them | never |
| rates, latency, memory | | no: a simulation has none | never |
"""
SEEN_PC = """\
| what | any machine | a PC with an NVIDIA GPU |
|---|---|---|
| decoding, scaling, cameras, events, reload | yes, in software | docs/gpu.md and README.md say what |
| networks on ONNX Runtime, on the CPU | yes | |
| `scripts/install` | yes | `--dry-run` alone |
| telemetry | sysfs | NVML, on an H200 |
"""
ARM = "on Debian 12 for arm64 by qemu, with no NVIDIA there"


def slug(name: str) -> str:
    """``Jetson AGX Orin``: agx-orin."""
    return name.replace("Jetson ", "").lower().replace(" ", "-")


def pages() -> Dict[str, str]:
    found = {slug(module.name) + ".md": _jetson(module) for module in MODULES}
    found["pc.md"] = _pc()
    found["README.md"] = _index()
    return found


def _jetson(module: Module) -> str:
    boards = [board(module, module.variants[0], by_name(release)) for release in module.releases]
    last = boards[-1]
    packs = ", ".join(f"{JETPACK[release]} ({release})" for release in module.releases)
    lines = [
        f"# {module.name}",
        "",
        f"Chip {module.soc}, CUDA compute capability {_dotted(module.compute_capability)}. JetPack {packs}.",
        "",
        "| memory | DLA cores | streams of 1080p30 that the decoder keeps up with, as published |",
        "|---|---|---|",
    ]
    for variant in module.variants:
        streams = ", ".join(f"{codec.upper()} {n}" for codec, n in sorted(variant.decode_1080p30.items()))
        lines.append(f"| {variant.memory_mib // 1024} GB | {variant.dla_cores} | {streams or 'no figure found'} |")
    lines += ["", *_elements(last), "", "## Pipelines", ""]
    for title, source, codec, rtp in _sources():
        lines += [f"{title}:", "", "```text", _line(last, source, codec, rtp), "```", ""]
    lines += [
        "A property is set only where the element has it, which differs with the release. `edge doctor --pipeline "
        "CAMERA` prints the line for a camera of the configuration.",
        "",
        "## What it does differently",
        "",
        *_quirks(boards),
        "",
        "## What was seen where",
        "",
        SEEN_JETSON.format(arm=ARM).rstrip(),
    ]
    return _page(lines)


def _pc() -> str:
    lines = ["# PC", "", "A Linux machine that is no Jetson: with an NVIDIA GPU and its driver, or any other.", ""]
    for which in (PC_WITH_GPU, ANY_MACHINE):
        lines += [f"## {which.name[0].upper() + which.name[1:]}", "", *_elements(which), ""]
        source = Source("rtsp", "rtsp://…", size=(640, 360))
        lines += ["RTSP, H.264, analysed at 640x360:", "", "```text", _line(which, source, "h264", True), "```", ""]
    lines += ["## What was seen where", "", SEEN_PC.rstrip()]
    return _page(lines)


def _index() -> str:
    lines = ["# Boards", "", "| board | JetPack | DLA cores | CUDA | decodes by |", "|---|---|---|---|---|"]
    for module in MODULES:
        cores = sorted({variant.dla_cores for variant in module.variants})
        lines.append(
            f"| [{module.name}]({slug(module.name)}.md) | {', '.join(JETPACK[r] for r in module.releases)} | "
            f"{' or '.join(map(str, cores))} | {_dotted(module.compute_capability)} | "
            f"{module.hardware['h264'][0].element} |"
        )
    lines += [
        "| [PC](pc.md) | | | | nvh264dec, nvh265dec with an NVIDIA GPU; else libav |",
        "",
        "The pages are written from the tables in `edge/boards` by `scripts/board_pages.py`. **None of it has run on a "
        "board**: each page says what was seen in simulation. A Jetson that is not among them gets the nearest one's "
        "table, with a warning.",
    ]
    return _page(lines)


def _elements(which: Board) -> List[str]:
    lines = ["| | element |", "|---|---|"]
    for codec, decoders in which.decoders.items():
        lines.append(f"| decodes {codec.upper()} | {', else '.join(map(_decoder, decoders))} |")
    lines.append(f"| scales and converts | {which.converter.element if which.converter else 'software'} |")
    lines.append(f"| encodes JPEG | {which.jpeg_encoder or 'software'} |")
    lines.append(f"| encodes H.264 | {which.h264_encoder or 'no hardware'} |")
    if which.camera:
        lines.append(f"| CSI cameras | {which.camera} |")
    return lines


def _decoder(decoder: Decoder) -> str:
    return f"{decoder.element} ({decoder.memory})" if decoder.memory else decoder.element


def _sources() -> List[Tuple[str, Source, str, bool]]:
    size = (640, 360)
    return [
        ("RTSP, H.264, analysed at 640x360", Source("rtsp", "rtsp://…", size=size), "h264", True),
        ("RTSP, H.265, at full size", Source("rtsp", "rtsp://…"), "h265", True),
        ("CSI, `csi://0?mode=2`", Source("csi", "csi://0", options={"sensor": 0, "mode": 2}, size=size), "raw", False),
    ]


def _line(which: Board, source: Source, codec: str, rtp: bool) -> str:
    front: List[Element] = head(source, which)
    decoder = None if codec == "raw" else which.decoders[codec][0]
    memory = "NVMM" if source.kind == "csi" else ""
    parts = Parts(which, "videoscale videoconvert", lambda _: True)
    elements = [*front, *tail(source, codec, rtp, decoder, parts, memory)]
    return launch_line([element._asdict() for element in elements])


def _quirks(boards: List[Board]) -> List[str]:
    lines = []
    for name in sorted({name for which in boards for name in which.quirks}):
        packs = [f"JetPack {JETPACK[which.release]}" for which in boards if name in which.quirks]
        where = "" if len(packs) == len(boards) else f" ({', '.join(packs)})"
        lines.append(f"- {QUIRKS[name]}{where}")
    return lines


def _dotted(numbers: Tuple[int, int]) -> str:
    return "{}.{}".format(*numbers)


def _page(lines: List[str]) -> str:
    return "\n".join(lines) + "\n"


def main() -> int:
    wrong = []
    for name, text in pages().items():
        path = FOLDER / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        wrong.append(name)
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if wrong:
        print(("not current: " if "--check" in sys.argv[1:] else "written: ") + ", ".join(wrong))
    return 1 if wrong and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
