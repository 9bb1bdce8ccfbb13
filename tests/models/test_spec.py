"""model.yaml: what it may say, what is found wrong in it, and what the worker is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from edge.errors import ConfigError, ModelError
from edge.models import folders
from edge.models.outputs import OUTPUTS
from edge.models.spec import ensure, load_spec, read_spec
from tests.models.conftest import FileServer

MINIMAL = """\
onnx: net.onnx
output: {decoder: yolov8}
labels: [a, b, c, d]
"""


@pytest.fixture
def write(tmp_path: Path, make_onnx: Callable[..., bytes]) -> Callable[..., Path]:
    """``write(text, **of make_onnx)``: a folder ``net`` with that model.yaml and a network; the folder above it."""

    def make(text: str = MINIMAL, **network: Any) -> Path:
        (tmp_path / "net").mkdir(exist_ok=True)
        (tmp_path / "net" / "model.yaml").write_text(text)
        (tmp_path / "net" / "net.onnx").write_bytes(make_onnx(**network))
        return tmp_path

    return make


def test_the_smallest_one(write: Callable[..., Path]) -> None:
    spec = load_spec("./net", write())
    assert spec.name == "net" and spec.labels == ["a", "b", "c", "d"] and spec.min_score == 0.4
    assert spec.input.size == (64, 48)
    told = spec.worker_dict()
    assert json.loads(json.dumps(told)) == told
    assert told == {
        "name": "net",
        "onnx": str(spec.folder / "net.onnx"),
        "input": {
            "color": "bgr", "scale": 1.0, "mean": 0.0, "std": 1.0, "layout": "nchw", "fit": "stretch",
            "letterbox_align": "center", "pad": 114.0, "size": [64, 48],
        },
        "output": {"decoder": "yolov8", "nms_iou": 0.45, "top_k": 400, "max_detections": 100},
        "labels": ["a", "b", "c", "d"],
        "min_score": 0.4,
    }  # fmt: skip


def test_the_documented_one(shared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "fastestdet"
    folder.mkdir()
    (folder / "model.yaml").write_text(
        f"onnx: {shared}/models/FastestDet.onnx     # relative to this file; or {{url: …, sha256: …}}\n"
        "licence: BSD-3-Clause\n"
        "input: {color: bgr, scale: 0.00392157, fit: stretch}        # also mean, std, layout; fit: letterbox\n"
        "output: {decoder: fastestdet, nms_iou: 0.45}\n"
        "labels: coco80                                              # or a list, or a file\n"
    )
    spec = load_spec("./fastestdet", tmp_path)
    assert len(spec.labels) == 80 and spec.labels[0] == "person" and spec.labels[79] == "toothbrush"
    assert spec.input.size == (352, 352) and spec.licence == "BSD-3-Clause"


def test_paths_and_names(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    base = write()
    config = base / "etc"
    (config / "models").mkdir(parents=True)
    (base / "net").rename(config / "models" / "net")
    for ref in ("net", "models/net", "./models/net", "models/net/model.yaml", str(config / "models" / "net")):
        assert load_spec(ref, config).folder.resolve() == config / "models" / "net"
        assert load_spec(ref, config).name == "net"
    with pytest.raises(ModelError, match="no model 'net'"):
        load_spec("net", base)
    monkeypatch.setenv("EDGE_MODELS", f"/nowhere:{config / 'models'}")
    assert load_spec("net", base).folder == config / "models" / "net"


def test_a_path_of_the_user(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(write()))
    assert load_spec("~/net", Path("/")).name == "net"


def test_no_such_model(write: Callable[..., Path]) -> None:
    base = write()
    with pytest.raises(ModelError, match=r"no model 'persn' \(did you mean 'person'\?\).*in .*/models/persn"):
        load_spec("persn", base)
    with pytest.raises(ModelError, match=r"there is no .*/nothing"):
        load_spec("./nothing", base)
    (base / "empty").mkdir()
    with pytest.raises(ModelError, match=r"empty has no model\.yaml"):
        load_spec("./empty", base)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("onnx net.onnx", ["model.yaml:1"]),
        ("", ["the file is empty"]),
        ("labels: [a]\noutput: {decoder: yolov8}", ["onnx: is missing"]),
        (MINIMAL + "outputs: {}", ["model.yaml:4:1: outputs: unknown key (did you mean 'output'?)"]),
        (
            MINIMAL.replace("yolov8", "yolov9"),
            ["model.yaml:2:19: output.decoder: found 'yolov9'; allowed:", "'yolov8'"],
        ),
        (MINIMAL.replace("yolov8", "yolov8, strides: [8]"), ["2:27: output.strides: unknown key", "nms_iou"]),
        (MINIMAL.replace("yolov8", "yolov8, nms_iou: 45"), ["output.nms_iou: found 45; allowed: a number from 0 to 1"]),
        (MINIMAL.replace("yolov8", "yolox, strides: 8"), ["output.strides: found 8; allowed: a list"]),
        (MINIMAL.replace("{decoder: yolov8}", "yolov8"), ["output: found 'yolov8'; allowed: keys and values"]),
        (MINIMAL.replace("{decoder: yolov8}", "{}"), ["output.decoder: is missing"]),
        (MINIMAL + "input: {color: gbr}", ["input.color: found 'gbr'; allowed: 'bgr', 'rgb' or 'gray'"]),
        (MINIMAL + "input: {mean: [1, 2]}", ["input.mean: found 2 numbers; allowed: one, or 3 for color bgr"]),
        (MINIMAL + "input: {std: 0}", ["input.std: found 0"]),
        (MINIMAL + "input: {scale: a}", ["input.scale: found 'a'; allowed: a number from -1e+06 to 1e+06"]),
        (MINIMAL + "input: {size: 64}", ["input.size: found 64; allowed: WIDTHxHEIGHT"]),
        (MINIMAL + "min_score: 40", ["min_score: found 40; allowed: a number from 0 to 1"]),
        (MINIMAL + "sha256: abc", ["sha256: found 'abc'; allowed: 64 hexadecimal digits"]),
        (MINIMAL.replace("[a, b, c, d]", "[a, a]"), ["labels: entry 2 'a' is there already, as number 1"]),
        (MINIMAL.replace("[a, b, c, d]", "[a/b]"), ["labels: entry 1 'a/b' has a character that cannot stand"]),
        (MINIMAL.replace("[a, b, c, d]", "[]"), ["labels: found an empty list; allowed: at least 1 entries"]),
        (MINIMAL.replace("[a, b, c, d]", "coco"), ["labels: no file", "allowed: coco80, a list, or a text file"]),
        (MINIMAL.replace("net.onnx", "{url: 'https://h/x.onnx'}"), ["1:1: onnx.sha256: is missing"]),
        (MINIMAL.replace("net.onnx", "{url: h/x, sha256: 1}"), ["onnx.url: found 'h/x'", "onnx.sha256: found 1"]),
        (MINIMAL.replace("net.onnx", "{url: 'https://u:hush@h/x', sha256: 1}"), ["without user and password"]),
        (MINIMAL.replace("yolov8", "ssd"), ["output.priors: is missing"]),
        (MINIMAL.replace("yolov8", "ssd, priors: [{step: 8}]"), ["output.priors[0].min_sizes: is missing"]),
        (MINIMAL.replace("yolov8", "ssd, priors: [{min_sizes: [8]}]"), ["a level needs step"]),
        (MINIMAL.replace("yolov8", "ssd, priors: p.npy, variances: [1, 2, 3]"), ["variances: found 3 numbers"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(write: Callable[..., Path], text: str, found: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_spec("./net", write(text))
    for part in found:
        assert part in str(caught.value)
    assert "hush" not in str(caught.value)


def test_all_problems_at_once(write: Callable[..., Path]) -> None:
    text = "onnx: net.onnx\nlabels: [a]\nmin_score: 2\ninput: {color: x, fit: y}\noutput: {decoder: yolox, strides: 3}"
    with pytest.raises(ConfigError) as caught:
        load_spec("./net", write(text))
    assert [p.line for p in caught.value.problems] == [3, 4, 4, 5]


@pytest.mark.parametrize(
    ("text", "network", "found"),
    [
        (MINIMAL.replace("net.onnx", "no.onnx"), {}, r"model\.yaml:1: onnx: no file .*/net/no\.onnx"),
        (MINIMAL, {"inputs": {"a": [1, 3, 8, 8], "b": [1, 3, 8, 8]}}, "one input is needed, the network has a float32"),
        (MINIMAL, {"inputs": {"a": [1, 3, 8]}}, "has 3 axes: pictures need four"),
        (MINIMAL, {"inputs": {"a": [1, 1, 8, 8]}}, "input.color: bgr has 3 channels, the input is a float32 1x1x8x8"),
        (MINIMAL, {"inputs": {"a": [1, 8, 8, 3]}}, "input.color: bgr has 3 channels"),
        (MINIMAL, {"inputs": {"a": [1, 3, "h", "w"]}}, "input: size is missing: the network takes any width"),
        (MINIMAL + "input: {size: 8x8}\n", {}, r"model\.yaml:4: input\.size: 8x8 does not fit the input x"),
        (MINIMAL, {"kind": 7}, "the input x int64 1x3x48x64 is none of float32"),
        (MINIMAL + "sha256: " + "0" * 64, {}, "is not the file meant: its SHA-256 is [0-9a-f]{64}, expected 000"),
    ],
)
def test_a_network_that_does_not_fit(
    write: Callable[..., Path], text: str, network: Dict[str, Any], found: str
) -> None:
    with pytest.raises(ModelError, match=found):
        load_spec("./net", write(text, **network))


def test_sizes_of_networks_that_take_any(write: Callable[..., Path]) -> None:
    text = MINIMAL + "input: {size: 96x64, layout: nhwc}"
    assert load_spec("./net", write(text, inputs={"x": ["n", "h", "w", 3]})).input.size == (96, 64)
    text = MINIMAL + "input: {size: 96x64, color: gray}"
    assert load_spec("./net", write(text, inputs={"x": [1, 1, "h", 96]})).input.size == (96, 64)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "is a Git LFS pointer"),
        (b"<html><body>404</body></html>", "is no ONNX file"),
        (b"\x08\x07", "it has no graph"),
    ],
)
def test_a_broken_onnx_file(write: Callable[..., Path], content: bytes, found: str) -> None:
    base = write()
    (base / "net" / "net.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=rf"model\.yaml:1: onnx: .*{found}"):
        load_spec("./net", base)


def test_a_network_cut_short_anywhere(write: Callable[..., Path]) -> None:
    base = write(weights={"w": 50})
    whole = (base / "net" / "net.onnx").read_bytes()
    for length in range(1, len(whole), 7):
        (base / "net" / "net.onnx").write_bytes(whole[:length])
        with pytest.raises(ModelError, match="onnx"):
            load_spec("./net", base)


def test_inputs_that_are_weights_are_none(write: Callable[..., Path]) -> None:
    assert load_spec("./net", write(weights={"w": 50})).input.size == (64, 48)


def test_a_hash_is_made_once_until_the_file_changes(
    write: Callable[..., Path], make_onnx: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make_onnx()
    base = write(MINIMAL + f"sha256: {hashlib.sha256(content).hexdigest().upper()}\n")
    load_spec("./net", base)
    with monkeypatch.context() as patch:
        patch.setattr("edge.models.verify.sha256_of", lambda path: pytest.fail("hashed again"))
        load_spec("./net", base)
    (base / "net" / "net.onnx").write_bytes(content + b"\x00")
    with pytest.raises(ModelError, match="is not the file meant"):
        load_spec("./net", base)


def test_a_state_folder_that_cannot_be_written_is_no_matter(
    write: Callable[..., Path], make_onnx: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "file" / "state"))
    load_spec("./net", write(MINIMAL + f"sha256: {hashlib.sha256(make_onnx()).hexdigest()}\n"))


def test_a_download_is_never_silent(
    write: Callable[..., Path], make_onnx: Callable[..., bytes], server: FileServer, state: Path
) -> None:
    content = make_onnx()
    digest = hashlib.sha256(content).hexdigest()
    server.files["/net.onnx"] = content
    base = write(MINIMAL.replace("net.onnx", f"{{url: {server.url}/net.onnx, sha256: {digest}}}"))
    with pytest.raises(ModelError, match=r"model\.yaml:1: onnx: not fetched yet; fetch it: edge models pull .*/net"):
        load_spec("./net", base)
    assert server.requests == []
    spec = ensure(read_spec("./net", base))
    assert spec.onnx == state / "models" / f"{digest}.onnx" and spec.onnx.read_bytes() == content
    assert load_spec("./net", base).onnx == spec.onnx
    spec.onnx.write_bytes(content[:-1])
    with pytest.raises(ModelError, match="is not the file meant"):
        load_spec("./net", base)
    ensure(read_spec("./net", base))
    assert load_spec("./net", base).onnx.read_bytes() == content


def test_priors_are_found_beside_the_file(write: Callable[..., Path]) -> None:
    spec = load_spec("./net", write(MINIMAL.replace("yolov8", "ssd, priors: priors.npy")))
    assert spec.worker_dict()["output"]["priors"] == str((spec.folder / "priors.npy").resolve())
    spec = load_spec("./net", write(MINIMAL.replace("yolov8", "ssd, priors: [{step: 8, min_sizes: [9]}]")))
    assert spec.worker_dict()["output"]["priors"][0]["min_sizes"] == [9.0]


def test_labels_from_a_file(write: Callable[..., Path]) -> None:
    base = write(MINIMAL.replace("[a, b, c, d]", "names.txt"))
    names = base / "net" / "names.txt"
    names.write_bytes("\ufeffcat \r\ndog\r\n\n".encode())
    assert load_spec("./net", base).labels == ["cat", "dog"]
    names.write_text("cat\n\ndog\n")
    with pytest.raises(ConfigError, match=r"model\.yaml:3:9: labels: .*names\.txt:2 is empty"):
        load_spec("./net", base)
    names.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"names\.txt cannot be read"):
        load_spec("./net", base)


def test_every_decoder_has_the_options_that_model_yaml_offers() -> None:
    """The daemon's side describes what the worker's side does: the same names, and the same defaults."""
    decoders = pytest.importorskip("edge.inference.decoders.registry")
    from edge.inference.decoders import families, make_decoder

    assert sorted(OUTPUTS) == families()
    for name, schema in OUTPUTS.items():
        family = decoders._FAMILIES[name]
        theirs = {**family.shared_defaults, **family.defaults}
        assert set(schema.model_fields) - {"decoder"} == set(theirs), name
        needed = {"priors": [{"step": 8, "min_sizes": [9]}]} if name == "ssd" else {}
        written = schema(decoder=name, **needed).model_dump()
        assert {k: v for k, v in written.items() if k not in ("decoder", *needed)} == {
            k: v for k, v in theirs.items() if k not in needed
        }
        make_decoder(written, 2, (64, 64))


def test_what_preprocessing_takes_is_what_model_yaml_says(write: Callable[..., Path]) -> None:
    from edge.inference.preprocess import Preprocessor

    text = MINIMAL + "input: {color: rgb, scale: 0.1, mean: [1, 2, 3], std: 2, layout: nhwc, fit: letterbox, pad: 0}\n"
    spec = load_spec("./net", write(text, inputs={"x": [1, 48, 64, 3]}))
    assert Preprocessor(spec.worker_dict()["input"], spec.input.size or (0, 0)).item_shape == (48, 64, 3)


def test_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")
    assert folders.state_folder() == Path("/var/lib/a")
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_DATA_HOME", "/home/u/data")
    assert folders.state_folder() == Path("/home/u/data/edge")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/u")
    assert folders.state_folder() == Path("/home/u/.local/share/edge")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert folders.state_folder() == folders.SYSTEM_STATE
