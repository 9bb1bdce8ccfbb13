"""Configurations that went wrong in every way: bytes, YAML structure, values. Each can be made again from its seed."""

import copy
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, List, Tuple

import yaml

from edge.config.files import Files

MAIN = Path("/nowhere/etc/edge.yaml")
TEXTS = {
    "edge.yaml": """\
device: gate-7
mqtt:
  url: mqtt://broker:1883   # a comment
  username: edge
  password: ${env:PASSWORD}
models:
  people: {spec: ./fastestdet, min_score: 0.4}
  cars: {spec: "./yolox"}
cameras:
  square:
    source: rtsp://127.0.0.1:8554/square
    username: viewer
    password: 'hunter2'
    fps: 5
    size: 1280x720
    latency: 200ms
    models: [people]
    objects: {person: {min_score: 0.4, max_area: 0.9}, dog: }
    zones:
      gate: {points: [[0.1, 0.5], [0.6, 0.5], [0.6, 1.0], [0.1, 1.0]], dwell: 5s, objects: [person]}
    lines:
      door: &door
        points: [[0.5, 0.0], [0.5, 1.0]]
      wall: *door
  clip: {source: "file:clip.mp4", loop: true, models: [people, cars]}
""",
    "cameras.d/yard.yaml": """\
source: test://?size=640x360
enabled: false
stall_timeout: 1m30s
models:
- cars
zones:
  a-zone:
    points:
    - [0, 0]
    - [1, 0]
    - [0.5, 1]
""",
    "cameras.d/more.yaml": """\
left: {source: 'rtsp://u:p@h/l', models: [cars]}
right: {source: 'test://', models: [cars]}
""",
}
TREES = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
VALUES: List[Any] = [
    None, True, False, 0, -1, 1, 5, 1e-320, 1e308, -0.0, 2**63, 10**60, float("nan"), float("inf"), "", " ", "~",
    "on", "010", "1:30", "0x1F", "1_000", "1e5", "10s", "-5s", "99999999d", "5 parsecs", "1280x720", "0x0",
    "8192x8192", "auto", "rtsp://a:b@c/d", "rtsp://", "rtsp://[::1", "rtsp://h:99999/", "test://",
    "test://?size=x&rate=nan&pattern=", "file:", "file:%00", "file:" + "x" * 300, "file:" + "../" * 700, "csi://0",
    "mqtt://h", "mqtts://h", "mqtt://u:p@h:1/t", "people", "cars", "person", "${env:PASSWORD}", "${env:NOPE}",
    "${env:}", "${file:/dev/zero}", "${file:/nowhere}", "${", "$${", "${a}", "é", "猫", "\u202e", "\ufeff", "🦊" * 30,
    "a\nb", "a\tb", "\x07", "\x00", "\x1b[31m", "\u2028", "x" * 3000, "a" * 65, "../x", "~nobody/x", "/", ".", "a/b",
    "#", "+", "$SYS", [], {}, [[]], [None], [0, 0], [[0, 0], [1, 1], [0, 1]], [["a"]], {"": ""}, {"a": {}},
    {"source": "test://"}, {"<<": {"a": 1}}, {"points": [[0, 0], [1, 0], [0, 1]]}, list(range(300)),
    {f"k{i}": i for i in range(100)}, [[i / 200, (i * 37 % 100) / 100] for i in range(100)],
]  # fmt: skip
KEYS: List[Any] = [
    "device", "mqtt", "models", "cameras", "source", "zones", "points", "objects", "<<", "password", "spec", "url",
    "fps", "min-score", "Enabled", "", " ", "é", "a b", "a/b", "x" * 70, "x" * 5000, "\x07", "\u202e", "0", 5, 1.5,
    None, True,
]  # fmt: skip
PIECES = [
    b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b"\t", b"\n", b"\r", b"\x85",
    b"\r\n", b": ", b"- ", b"? ", b"&a ", b"*a ", b"*door", b"<<: *door", b"!x ", b"!!binary ",
    b"!!python/object:os ", b"|\n", b">-\n", b"%YAML 1.1\n", b"---\n", b"...\n", b"[", b"]", b"{", b"}", b",", b"#",
    b"'", b'"', b'"\\U00110000"', b'"\\x00"', b"@", b"`", b"${env:PASSWORD}", b"${", b"9" * 400, b"[" * 200,
    b"{a: " * 60, b"\xe2\x80\xa8", b"\xf0\x9f\xa6\x8a", b" " * 1000,
]  # fmt: skip


def mutated(seed: int) -> Files:
    """A configuration in which one to four things are wrong, in one of its files or in several."""
    random = Random(seed)
    contents: Dict[str, Any] = {str(MAIN.parent / name): text.encode() for name, text in TEXTS.items()}
    kind: Callable[[Random, str, bytes], bytes] = random.choice([_bytes, _lines, _structure, _values])
    for _ in range(random.choice([1, 1, 2])):
        name = random.choice(list(TEXTS))
        path = str(MAIN.parent / name)
        contents[path] = kind(random, name, contents[path])
    return Files(MAIN, contents)


def _bytes(random: Random, name: str, content: bytes) -> bytes:
    """Bits flipped, pieces cut out, doubled, put in, the end cut off."""
    data = bytearray(content)
    for _ in range(random.randint(1, 4)):
        at, length = random.randrange(len(data) + 1), random.choice([1, 2, 5, 30])
        what = random.randrange(6)
        if what == 0 and at < len(data):
            data[at] ^= 1 << random.randrange(8)
        elif what == 1:
            del data[at:]
        elif what == 2:
            del data[at : at + length]
        elif what == 3:
            data[at:at] = data[at : at + length] * random.choice([1, 2, 50])
        elif what == 4:
            data[at:at] = random.choice(PIECES)
        else:
            data[at:at] = bytes(random.randrange(256) for _ in range(length))
    return bytes(data)


def _lines(random: Random, name: str, content: bytes) -> bytes:
    """Lines moved, doubled, left out, indented otherwise."""
    lines = content.split(b"\n")
    for _ in range(random.randint(1, 4)):
        at, to = random.randrange(len(lines)), random.randrange(len(lines))
        what = random.randrange(4)
        if what == 0 and len(lines) > 1:
            lines.insert(to, lines.pop(at))
        elif what == 1:
            lines.insert(to, lines[at])
        elif what == 2 and len(lines) > 1:
            del lines[at]
        else:
            lines[at] = b" " * random.randrange(9) + lines[at].lstrip()
    return b"\n".join(lines)


def _structure(random: Random, name: str, content: bytes) -> bytes:
    """Nodes moved, doubled, taken out, put under other names, wrapped."""
    tree = copy.deepcopy(TREES[name])
    for _ in range(random.randint(1, 4)):
        places = _places(tree)
        if not places:
            break
        container, key = random.choice(places)
        other, to = random.choice(places)
        what, node = random.randrange(6), container[key]
        if what == 0:
            del container[key]
        elif what == 1:
            other[to] = copy.deepcopy(node)
        elif what == 2 and isinstance(other, dict):
            other[random.choice(KEYS)] = copy.deepcopy(node)
        elif what == 3 and isinstance(container, dict):
            container[random.choice(KEYS)] = container.pop(key)
        elif what == 4:
            container[key] = random.choice([[node], {"a": node}, [node, node], str(node), {random.choice(KEYS): node}])
        else:
            container[key], other[to] = copy.deepcopy(other[to]), copy.deepcopy(node)
    return _dumped(random, tree)


def _values(random: Random, name: str, content: bytes) -> bytes:
    """Values that are odd in themselves, wherever they stand."""
    tree = copy.deepcopy(TREES[name])
    for _ in range(random.randint(1, 3)):
        container, key = random.choice(_places(tree))
        container[key] = copy.deepcopy(random.choice(VALUES))
    return _dumped(random, tree)


def _places(tree: Any) -> List[Tuple[Any, Any]]:
    """(container, key) of every node below the root."""
    found: List[Tuple[Any, Any]] = []
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, inner in entries:
        found.append((tree, key))
        found += _places(inner)
    return found


def _dumped(random: Random, tree: Any) -> bytes:
    flow = random.choice([True, False, None])
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=random.random() < 0.5, default_flow_style=flow)
    return text.encode("utf-8", "surrogatepass")
