"""Files as large as they may be, made to be slow: each is understood, or refused, in a bounded time."""

import math
import time
from pathlib import Path

import pytest

from edge.config import survey
from edge.config.files import MAX_BYTES, Files

MAIN = Path("/nowhere/edge.yaml")
CPU_S = 20.0  # of this thread, on a slow machine
HEAD = "device: a\nmodels: {m: {spec: x}}\ncameras:\n"
CAMERA = f"{HEAD}  c:\n    source: test://\n"
ROUND = ", ".join(f"[{0.5 + 0.4 * math.cos(i / 15.92):.3f}, {0.5 + 0.4 * math.sin(i / 15.92):.3f}]" for i in range(100))


def many(piece: str, count: int) -> str:
    return "".join(piece.format(i) for i in range(count))


LARGE = {
    "unknown keys": many("k{}: 1\n", 20000),
    "unknown keys of a camera": CAMERA + many("    fsp{}: 1\n", 16000),
    "cameras without a source": HEAD + many("  c{}: {{}}\n", 18000),
    "cameras": HEAD + many("  c{}: {{source: 'test://'}}\n", 8000),
    "one key again and again": HEAD + "  c:\n" + "    fps: 1\n" * 20000,
    "zones with many corners": CAMERA + "    zones:\n" + many("      z{}: {{points: [" + ROUND + "]}}\n", 150),
    "unknown models": CAMERA + f"    models: [{many('m{}, ', 20000)}]\n",
    "unknown labels": CAMERA + f"    objects: {{{many('m{}: , ', 9000)}}}\n"
    "    zones: {z: {points: [[0, 0], [1, 0], [0, 1]], objects: [" + many("x{}, ", 9000) + "]}}\n",
    "a long value": "device: " + "x" * 250000,
    "a long key": "x" * 250000 + ": 1",
    "deep lists": "[" * 250000,
    "deep mappings": "{a: " * 60000,
    "anchors": many("a{0}: &x{0} 1\n", 14000),
    "comments": "#\n" * 120000 + "device: a",
    "lines in quotes": "a: '" + "x\n\n" * 80000 + "'",
    "references": "a:\n" + "- ${env:X}\n" * 20000,
    "a bomb of aliases": "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 500)),
    "digits": f"{CAMERA}    latency: {'9' * 200000}",
    "a user in a URL": f"{CAMERA}    password: rtsp://{'a.' * 60000}@{'b@' * 30000}",
}


@pytest.mark.parametrize("name", LARGE)
def test_large_files_are_not_slow(name):
    content = LARGE[name].encode()
    assert len(content) < MAX_BYTES
    files = Files(MAIN, {str(MAIN): content})
    began = time.thread_time()
    _, problems = survey(MAIN, {}, files)
    assert time.thread_time() - began < CPU_S
    assert all(problem.line for problem in problems)
    assert problems or name in ("cameras", "comments", "zones with many corners")
