"""What the board that this is says of a network's layers: the last word on what its DLA takes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from edge.cli.models_context import Site
from edge.errors import EdgeError, EngineError
from edge.models.dla.boards import BOARDS
from edge.models.engines.recipe import Batch, Recipe
from edge.models.onnx_header import read_header


def here(
    config: Optional[str], onnx: Path, picture: Dict[str, Any], precision: str, batch: int
) -> Tuple[str, str, Optional[Dict[str, bool]]]:
    """The board's name, its TensorRT, and of each layer whether the DLA takes it: None where there is no DLA.

    ``picture``: the model's input section. Raises EdgeError where this board cannot be asked.
    """
    return asyncio.run(_ask(Site(config).python, onnx, picture, precision, batch))


async def _ask(
    python: str, onnx: Path, picture: Dict[str, Any], precision: str, batch: int
) -> Tuple[str, str, Optional[Dict[str, bool]]]:
    from edge.daemon.builder import ask_placement, ask_platform

    try:
        platform = await ask_platform(python)
    except EngineError as error:
        raise EdgeError(f"give --board: this machine cannot be asked ({error})") from None
    board = next((key for key, known in BOARDS.items() if known.name == platform.board), None)
    if board is None:
        raise EdgeError(f"give --board: there are no rules for {platform.board or 'this machine'}")
    release = ".".join(part for part in platform.tensorrt.split(".")[:3] if part.isdigit())
    if not platform.dla_cores:
        return board, release, None
    recipe = Recipe(onnx.stem, onnx, _sized(onnx, picture), precision, "dla", Batch(batch, batch, batch))
    return board, release, await ask_placement(python, recipe, platform)


def _sized(onnx: Path, picture: Dict[str, Any]) -> Dict[str, Any]:
    """The input section with a size, from the file where it is not given."""
    shape = read_header(onnx).inputs[0].shape or ()
    if picture.get("size") or len(shape) != 4:
        return picture
    height, width = (shape[2], shape[3]) if picture["layout"] == "nchw" else (shape[1], shape[2])
    if not (isinstance(width, int) and isinstance(height, int)):
        raise EdgeError(f"{onnx}: its input takes any size: give --size")
    return {**picture, "size": [width, height]}
