"""Systems of another kind than this machine's, and commands in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, List

import pytest

from scripts.servers import PATIENCE, ROOT


class OtherSystem:
    """A root file system. ``prefix`` is what a command line begins with to run there."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prefix(self, *binds: Path) -> List[str]:
        """``binds``: folders of this machine that are seen there too."""
        words = [str(ROOT / "scripts" / "in_system")]
        for bind in binds:
            words += ["--bind", str(bind)]
        return [*words, str(self.root)]

    def start(self, *words: str, timeout: float = 20 * PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; what it says to stdout and stderr is one."""
        return subprocess.run(
            [*self.prefix(), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            text=True,
        )

    def run(self, *words: str) -> str:
        done = self.start(*words)
        assert done.returncode == 0, f"{' '.join(words)}: status {done.returncode}\n{done.stdout}"
        return done.stdout

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """The first test waits for the root to be made, and all that runs by qemu is slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(3600))


def make(name: str) -> OtherSystem:
    """Without such a system the tests are left out, but not in CI."""
    done = subprocess.run([str(ROOT / "scripts" / "other_system"), name], capture_output=True, text=True)
    if done.returncode == 3 and not os.environ.get("CI"):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return OtherSystem(Path(done.stdout.strip()))


@pytest.fixture(scope="session")
def gstreamer_118() -> OtherSystem:
    """Debian 11: GStreamer 1.18, Python 3.9."""
    return make("gstreamer-1.18")


@pytest.fixture(scope="session")
def arm64() -> Iterator[OtherSystem]:
    """A fresh Debian 12 for ARM with the system's packages, and nothing of ours."""
    kept = make("arm64").root
    root = kept.parent / f"other-arm64-{os.getpid()}"
    subprocess.run(["cp", "-a", "--reflink=auto", str(kept), str(root)], check=True)
    try:
        yield OtherSystem(root)
    finally:
        shutil.rmtree(str(root), ignore_errors=True)
