"""``edge models plan``: what of a network can run on a board's DLA, and what to change so that more of it can."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from edge.cli.models_here import here
from edge.cli.terminal import Column, Paint, clean, table, width
from edge.config.values import Size
from edge.models.dla.boards import BOARDS, PRECISIONS
from edge.models.dla.plan import Layer, PlacedBlock, Placement, plan
from edge.models.dla.suggest import Outcome, Suggestion
from edge.models.file import InputSpec
from edge.models.spec import checked, read_spec

_MARKS = {"yes": "█", "no": "░", "maybe": "▒"}
_COLOURS = {"yes": "green", "maybe": "yellow", "no": "blue"}
_DEVICES = {"DLA": "green", "GPU": "blue"}
_NAME, _NAMED, _SUGGESTED, _LISTED = 32, 3, 8, 40


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge models``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "plan",
        help="what of a model can run on a board's DLA",
        description="Say of every layer whether it can run on a board's DLA (yes, no, maybe, and why), draw the blocks "
        "that result, and tell what to change. By the published rules; for this board by what its TensorRT "
        "says.",
    )
    parser.add_argument("model", metavar="MODEL", help="a model's name, a folder with a model.yaml, or an ONNX file")
    boards = ", ".join(BOARDS)
    parser.add_argument("--board", metavar="BOARD", help=f"one of {boards}; left out: this one, by its own TensorRT")
    parser.add_argument("--tensorrt", metavar="VERSION", help="such as 8.5; default: of the board's newest JetPack")
    parser.add_argument("--precision", choices=PRECISIONS, default="int8", help="default: %(default)s")
    parser.add_argument("--batch", type=_batch, default=1, metavar="N", help="where the file leaves it open; default 1")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the input, where the file leaves it open")
    parser.add_argument("--layers", action="store_true", help="list every layer, not only those that cannot run there")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("-c", "--config", metavar="FILE", help="the configuration beside which models/ is")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0, also for a board without DLA. Raises EdgeError."""
    base = (Path(args.config).parent if args.config else Path()).absolute()
    file, given = _file(args.model, base)
    size = args.size or given.size
    board, tensorrt, said = args.board, args.tensorrt, None
    if board is None:
        picture = given.model_copy(update={"size": size}).plain()
        board, tensorrt, said = here(args.config, file, picture, args.precision, args.batch)
    placement = plan(file, board, tensorrt, args.precision, args.batch, size, said)
    if args.json:
        print(json.dumps({**placement.plain(), "asked_here": said is not None}))
    else:
        print("\n".join(_told(args.model, placement, Paint(sys.stdout), args.layers, said is not None)))
    return 0


def _file(model: str, base: Path) -> Tuple[Path, InputSpec]:
    """The ONNX file that is meant, and what its model.yaml says of the input."""
    if model.endswith(".onnx"):
        return Path(model), InputSpec.model_validate({})
    spec = checked(read_spec(model, base))
    return spec.onnx, spec.input


def _batch(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: a number from 1 to 4096")
    return int(text)


def _size(text: str) -> Size:
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdigit() and 1 <= int(part) <= 8192 for part in parts):
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: WIDTHxHEIGHT, such as 640x480")
    return Size(int(parts[0]), int(parts[1]))


def _told(name: str, placement: Placement, paint: Paint, every: bool, here: bool) -> List[str]:
    where = f"{placement.board}, TensorRT {placement.tensorrt}, {placement.precision}"
    lines = [f"{paint(clean(Path(name).name), 'bold')} on {where}: {_summary(placement, paint)}"]
    if placement.if_maybe != Outcome(placement.switches, placement.dla_share):
        lines.append(f"  where every maybe holds: {_outcome(placement.if_maybe)}")
    for text in placement.warnings:
        lines += [paint(line, *_loud(text)) for line in _wrapped(f"warning: {clean(text)}", "", "  ")]
    if placement.cores:
        lines += ["", *_picture(placement, paint), "", *_blocks(placement.blocks, paint)]
        lines += _layers(placement.layers, paint) if every else _groups(placement.layers, paint)
        lines += _suggestions(placement, paint)
        by = "By the published rules: TensorRT on the board has the last word"
        by = "By what this board's TensorRT says of each layer, and the published rules" if here else by
        lines += ["", paint(f"{by} (docs/dla.md).", "dim")]
    return lines


def _summary(placement: Placement, paint: Paint) -> str:
    if not placement.cores:
        return paint("all on the GPU", "blue")
    if placement.whole:
        return paint("whole on the DLA", "green")
    colour = "yellow" if placement.dla_share else "blue"
    return paint(_outcome(Outcome(placement.switches, placement.dla_share)), colour)


def _loud(text: str) -> Tuple[str, ...]:
    return ("red", "bold") if text.startswith("FP16 IS SLOW") else ("yellow",)


def _outcome(outcome: Outcome) -> str:
    share = f"{outcome.dla_share:.1%}" if 0.999 < outcome.dla_share < 1 else f"{outcome.dla_share:.0%}"
    times = "switch" if outcome.switches == 1 else "switches"
    return f"{share} of the multiplications on the DLA, {outcome.switches} {times}"


def _picture(placement: Placement, paint: Paint) -> List[str]:
    """The layers in the order in which they run, as many columns as the window has."""
    verdicts: Dict[str, List[str]] = {}
    for layer in placement.layers:
        verdicts.setdefault(layer.name, []).append(layer.verdict)
    run = [verdicts[name].pop(0) for block in placement.blocks for name in block.layers]
    strip = _strip([len(block.layers) for block in placement.blocks], run, max(width() - 4, 20))
    drawn, start = "", 0
    for place in range(1, len(strip) + 1):
        if place == len(strip) or strip[place] != strip[start]:
            drawn += paint(_MARKS[strip[start]] * (place - start), _COLOURS[strip[start]])
            start = place
    legend = "  ".join(f"{paint(mark, _COLOURS[said])} {run.count(said)} {said}" for said, mark in _MARKS.items())
    return [f"  {drawn}", f"  {legend}" + (" (drawn on the GPU)" if "maybe" in run else "")]


def _strip(blocks: Sequence[int], run: Sequence[str], columns: int) -> List[str]:
    """A verdict for each column. Where layers share one, what keeps the network off the DLA is shown; yet each block
    has a column of its own as long as there are enough."""
    spare = columns - len(blocks)
    if len(run) <= columns or spare < 0:
        shares = [min(columns, len(run)) / len(run) * count for count in blocks]
    else:
        extra = len(run) - len(blocks)
        shares = [1 + spare * (count - 1) / extra for count in blocks]
    strip: List[str] = []
    at, edge = 0, 0.0
    for count, share in zip(blocks, shares):
        edge += share
        room = round(edge) - len(strip)
        for column in range(room):
            shown = run[at + column * count // room : at + (column + 1) * count // room]
            strip.append(next((verdict for verdict in ("no", "maybe") if verdict in shown), "yes"))
        at += count
    return strip


def _blocks(blocks: Sequence[PlacedBlock], paint: Paint) -> List[str]:
    columns = [Column("BLOCK", True), Column("ON"), Column("LAYERS", True), Column("MACS", True), Column("FROM … TO")]
    rows = [
        [
            str(number),
            paint(block.device, _DEVICES[block.device]),
            str(len(block.layers)),
            _millions(block.macs),
            _span(block) + (f" ({block.loadables} subgraphs)" if block.loadables > 1 else ""),
        ]
        for number, block in enumerate(blocks, 1)
    ]
    if len(rows) > _LISTED:
        rows = [*rows[:_LISTED], ["…", "", "", "", f"and {len(rows) - _LISTED} more"]]
    return table(columns, rows, paint)


def _span(block: PlacedBlock) -> str:
    first, last = _short(block.layers[0]), _short(block.layers[-1])
    return first if len(block.layers) == 1 else f"{first} … {last}"


def _groups(layers: Sequence[Layer], paint: Paint) -> List[str]:
    """Those that are no yes, by operator and reason."""
    groups: Dict[Tuple[str, str, str], List[str]] = {}
    for layer in layers:
        if layer.verdict != "yes":
            groups.setdefault((layer.op, layer.verdict, layer.reason), []).append(layer.name)
    if not groups:
        return []
    room = width() - len("LAYERS  ") - sum(max(len(key[part]) + 2 for key in groups) for part in range(3))
    rows = [
        [
            clean(op),
            paint(verdict, _COLOURS[verdict]),
            str(len(names)),
            clean(reason),
            paint(_few(names, 1 if room < _NAMED * _NAME else _NAMED), "dim"),
        ]
        for (op, verdict, reason), names in groups.items()
    ]
    columns = [Column("OP"), Column("DLA"), Column("LAYERS", True), Column("WHY"), Column("WHICH")]
    return ["", *table(columns, rows, paint)]


def _layers(layers: Sequence[Layer], paint: Paint) -> List[str]:
    rows = [
        [_short(layer.name), clean(layer.op), paint(layer.verdict, _COLOURS[layer.verdict]), _millions(layer.macs),
         clean(layer.reason)]
        for layer in layers
    ]  # fmt: skip
    columns = [Column("LAYER"), Column("OP"), Column("DLA"), Column("MACS", True), Column("WHY")]
    return ["", *table(columns, rows, paint)]


def _suggestions(placement: Placement, paint: Paint) -> List[str]:
    if not placement.suggestions:
        return []
    now = Outcome(placement.switches, placement.dla_share)
    lines = ["", paint("To do better:", "bold")]
    for suggestion in placement.suggestions[:_SUGGESTED]:
        lines += _suggestion(suggestion, now, paint)
    if len(placement.suggestions) > _SUGGESTED:
        lines.append(f"  and {len(placement.suggestions) - _SUGGESTED} more (--json has them)")
    if placement.with_suggestions not in (now, *(s.outcome for s in placement.suggestions)):
        lines.append(f"  changes of the network together: {_outcome(placement.with_suggestions)}")
    return lines


def _suggestion(suggestion: Suggestion, now: Outcome, paint: Paint) -> List[str]:
    gain = "together with the others" if suggestion.outcome == now else _outcome(suggestion.outcome)
    kind = "the same results" if suggestion.exact else "not the same results: measure, or train on"
    about = f" ({_few(suggestion.layers)})" if suggestion.layers else ""
    lines = _wrapped(clean(suggestion.change) + about, "  ", "    ")
    return [*lines, *(paint(line, "dim") for line in _wrapped(f"{gain}; {kind}", "      ", "      "))]


def _wrapped(text: str, first: str, later: str) -> List[str]:
    room = max(width(), 40)
    return textwrap.wrap(text, room, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


def _few(names: Sequence[str], most: int = _NAMED) -> str:
    shown = ", ".join(_short(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _short(name: str) -> str:
    """A name's end tells more than its beginning."""
    name = clean(name)
    return name if len(name) <= _NAME else "…" + name[-_NAME + 1 :]


def _millions(macs: int) -> str:
    return f"{macs / 1e6:.1f} M" if macs else ""
