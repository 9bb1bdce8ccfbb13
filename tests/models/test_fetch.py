"""Downloads: resumed, verified, locked, and nothing half left behind."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Callable, List, Optional, Tuple

import pytest

from edge.errors import ModelError
from edge.models import fetch as fetching
from edge.models.fetch import fetch
from tests.models.conftest import FileServer

CONTENT = bytes(range(256)) * 4000  # 1 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
AT_ONCE = (0.0, 0.0)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "net.onnx"


@pytest.fixture
def url(server: FileServer) -> str:
    server.files["/net.onnx"] = CONTENT
    return server.url + "/net.onnx"


def left(target: Path) -> List[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_a_file_comes_whole_with_its_progress(server: FileServer, url: str, target: Path) -> None:
    seen: List[Tuple[int, Optional[int]]] = []
    fetch(url, SHA256, target, len(CONTENT), lambda done, total: seen.append((done, total)))
    assert target.read_bytes() == CONTENT and left(target) == ["net.onnx"]
    assert seen[0] == (0, len(CONTENT)) and seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    fetch(url, SHA256, target)
    assert len(server.requests) == 1  # it is there: nobody is asked


@pytest.mark.parametrize(
    "answers", [["break", "break"], ["break", 503], ["break", "shift"], ["break", "whole"], ["chunked"]]
)
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_transfer_that_breaks_off_goes_on(
    server: FileServer, url: str, target: Path, answers: List[object], size: Optional[int]
) -> None:
    server.answers = list(answers)
    fetch(url, SHA256, target, size, pauses=AT_ONCE)
    assert target.read_bytes() == CONTENT and left(target) == ["net.onnx"]
    if answers == ["break", "break"]:
        half, three_quarters = len(CONTENT) // 2, len(CONTENT) * 3 // 4
        ranges = [asked for _, asked in server.requests]
        assert ranges == [None, f"bytes={half}-", f"bytes={three_quarters}-"]


def test_what_an_earlier_run_left_is_gone_on_from(server: FileServer, url: str, target: Path) -> None:
    server.answers = ["break", 503, 503]
    with pytest.raises(ModelError, match=f"503.*Run it again to go on from {len(CONTENT) // 2} bytes"):
        fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)
    assert left(target) == ["net.onnx.part"]
    fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)
    assert target.read_bytes() == CONTENT and left(target) == ["net.onnx"]
    assert server.requests[-1][1] == f"bytes={len(CONTENT) // 2}-"


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_part_that_is_complete_already(server: FileServer, url: str, target: Path, size: Optional[int]) -> None:
    target.parent.mkdir()
    (target.parent / "net.onnx.part").write_bytes(CONTENT)
    fetch(url, SHA256, target, size)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_part_that_is_too_long_starts_anew(server: FileServer, url: str, target: Path, size: Optional[int]) -> None:
    target.parent.mkdir()
    (target.parent / "net.onnx.part").write_bytes(CONTENT + b"more")
    fetch(url, SHA256, target, size, pauses=AT_ONCE)
    assert target.read_bytes() == CONTENT


def test_a_wrong_part_is_thrown_away_at_the_end(server: FileServer, url: str, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / "net.onnx.part").write_bytes(b"x" * 1000)
    with pytest.raises(ModelError, match="is not the pinned file"):
        fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)
    assert left(target) == []
    fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)
    assert target.read_bytes() == CONTENT


def test_another_content_names_both_hashes_and_is_removed(server: FileServer, url: str, target: Path) -> None:
    other = b"y" * len(CONTENT)
    server.files["/net.onnx"] = other
    with pytest.raises(ModelError) as caught:
        fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)
    assert SHA256 in str(caught.value) and hashlib.sha256(other).hexdigest() in str(caught.value)
    assert left(target) == []


def test_another_size_is_refused_before_it_comes(server: FileServer, url: str, target: Path) -> None:
    server.files["/net.onnx"] = b"<html>login first</html>"
    with pytest.raises(ModelError, match=f"offers 24 bytes, the pinned file has {len(CONTENT)}"):
        fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)
    assert left(target) == []


def test_a_stream_without_an_end_is_cut(server: FileServer, url: str, target: Path) -> None:
    server.files["/net.onnx"] = CONTENT + b"z"
    server.answers = ["chunked"]
    with pytest.raises(ModelError, match="sends more than"):
        fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (401, 1), (500, 3), (429, 3)])
def test_refusals(server: FileServer, url: str, target: Path, status: int, tries: int) -> None:
    server.answers = [status] * 10
    with pytest.raises(ModelError, match=f"the server answers {status} "):
        fetch(url, SHA256, target, pauses=AT_ONCE)
    assert len(server.requests) == tries and left(target) == []


def test_no_way_there(free_port: int, target: Path) -> None:
    with pytest.raises(ModelError) as caught:
        fetch(f"http://127.0.0.1:{free_port}/net.onnx?token=hush", SHA256, target, pauses=AT_ONCE)
    text = str(caught.value)
    assert "no connection: Connection refused" in text and str(target) in text and SHA256 in text
    assert "hush" not in text and left(target) == []


def test_no_room(server: FileServer, url: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 16 << 20})
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(ModelError, match="no room in"):
        fetch(url, SHA256, target, len(CONTENT))
    assert left(target) == []


def test_a_folder_that_cannot_be_made(server: FileServer, url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        fetch(url, SHA256, tmp_path / "file" / "models" / "net.onnx")


def test_a_damaged_file_is_fetched_anew(server: FileServer, url: str, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT[:-1])
    fetch(url, SHA256, target, len(CONTENT))
    assert target.read_bytes() == CONTENT


def test_two_at_once_fetch_once(server: FileServer, url: str, target: Path, wait_until: Callable[..., object]) -> None:
    server.hold.clear()
    errors: List[BaseException] = []

    def run() -> None:
        try:
            fetch(url, SHA256, target, len(CONTENT))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(server.requests) == 1)
    server.hold.set()
    for thread in threads:
        thread.join(30)
    assert not errors and len(server.requests) == 1
    assert target.read_bytes() == CONTENT and left(target) == ["net.onnx"]


def test_a_killed_fetch_leaves_no_lock(server: FileServer, url: str, target: Path) -> None:
    """A lock goes with its process: what a killed one left is taken over."""
    target.parent.mkdir()
    part = target.parent / "net.onnx.part"
    script = "import os, sys; from pathlib import Path; from edge.models import fetch; "
    script += "file = fetch._locked(Path(sys.argv[1])); os._exit(0)"
    subprocess.run([sys.executable, "-c", script, str(part)], check=True, cwd=str(ROOT), timeout=60)
    assert part.exists()
    fetch(url, SHA256, target, len(CONTENT), pauses=AT_ONCE)
    assert target.read_bytes() == CONTENT
