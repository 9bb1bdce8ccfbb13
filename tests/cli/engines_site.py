"""What the tests of the engines' commands have in common: a configuration, and ``edge`` on a simulated board."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from edge.models.folders import installed_models
from scripts.servers import PATIENCE, ROOT
from tests.simulation.tensorrt.setting import TensorRT

PERSON = installed_models() / "person"


class Board:
    """``folder`` holds its configuration and its state."""

    def __init__(self, folder: Path, version: str = "8.5", board: str = "xavier-nx") -> None:
        self.folder = folder
        self.tensorrt = TensorRT(version, board, folder)
        self.tensorrt.skip_without()
        self.state = folder / "state"
        self.config = folder / "edge.yaml"
        #: Its files, where the workers are to know the board by them.
        self.root: Optional[Path] = None

    def configure(self, models: Dict[str, Any], cameras: Optional[Dict[str, Any]] = None) -> None:
        self.config.write_text(json.dumps({"device": "board", "models": models, "cameras": cameras or {}}))

    @property
    def environment(self) -> Dict[str, str]:
        drop = ("NO_COLOR", "FORCE_COLOR", "EDGE_", "JOURNAL_STREAM")
        base = {key: value for key, value in os.environ.items() if not key.startswith(drop)}
        root = {} if self.root is None else {"EDGE_ROOT": str(self.root)}
        return self.tensorrt.environment({**base, **root, "STATE_DIRECTORY": str(self.state)})

    def start(self, *words: str, **how: Any) -> subprocess.Popen[str]:
        """``edge models`` with these words, in a process of its own."""
        # Whoever is started in a shell's background ignores Ctrl-C, and so would this.
        command = ["env", "--default-signal=INT", sys.executable, "-m", "edge", "models", *words]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **how,
        )  # fmt: skip

    def run(self, *words: str, status: int = 0) -> str:
        """What it prints; with another status than 0 the one line of its error."""
        process = self.start(*words)
        out, error = process.communicate(timeout=PATIENCE * 2)
        assert process.returncode == status, out + error
        assert "Traceback" not in error, error
        if status == 0:
            return out
        assert len(error.splitlines()) == 1, error
        return error.strip()

    def hear(self, process: subprocess.Popen[str], *texts: str) -> str:
        """What it says until all of these were in it."""
        assert process.stdout is not None and process.stderr is not None
        said = ""
        while not all(text in said for text in texts):
            line = process.stdout.readline()
            if not line:
                raise AssertionError(said + process.stderr.read())
            said += line
        return said

    def json(self, *words: str) -> Dict[str, Any]:
        found: Dict[str, Any] = json.loads(self.run(*words, "--json"))
        return found

    def with_config(self, *words: str) -> List[str]:
        return [*words, "-c", str(self.config)]

    def left(self) -> List[str]:
        """The files of the state folder, but for locks, what builds have learnt, and what hashes are known."""
        known = (".lock", "timing.cache", "verified.json", "lock")
        return sorted(path.name for path in self.state.rglob("*") if path.is_file() and not path.name.endswith(known))
