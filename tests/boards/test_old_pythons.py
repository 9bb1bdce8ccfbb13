"""The same answer on JetPack 4.6's Python, which runs the workers there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from edge.boards import look
from scripts.servers import ROOT
from tests.boards import roots

ASK = """
import json, sys
from edge.boards import look
found = look(sys.argv[1])
board = found.board
print(json.dumps([sys.version_info[:2], board.name, board.release, board.memory_mib, board.dla_cores,
                  [d.element for d in board.decoders["h264"]], sorted(board.quirks), found.l4t, found.warning]))
"""


@pytest.mark.parametrize(("fixture", "version"), [("python36", [3, 6]), ("python38", [3, 8])])
def test_the_same_board(fixture: str, version: object, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    python = request.getfixturevalue(fixture)
    tree = roots.tree("Jetson-AGX", "nvidia,galen nvidia,jetson-xavier nvidia,p2822-0000+p2888-0001 nvidia,tegra194")
    files = {**tree, **roots.release("r32"), **roots.memory(32_690_000)}
    root = roots.write(tmp_path, files)
    done = subprocess.run(
        [str(python), "-W", "error", "-c", ASK, root],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=str(tmp_path),
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    found = look(root)
    board = found.board
    assert json.loads(done.stdout) == [
        version, "Jetson AGX Xavier", "r32", 32768, 2,
        [d.element for d in board.decoders["h264"]], sorted(board.quirks), "32.7.1", "",
    ]
