"""The catalogue that is shipped, and `edge models` at work."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Callable, List, Tuple

import pytest

from edge.cli.download import ProgressLine
from edge.cli.main import main
from edge.errors import ConfigError, ModelError
from edge.models.catalogue import Catalogue, find_catalogue
from edge.models.file import LaterFile, OnnxDownload
from edge.models.labels import read_labels
from edge.models.spec import load_spec
from tests.models.conftest import FileServer


def test_every_entry_is_sound() -> None:
    catalogue = find_catalogue()
    assert catalogue is not None and len(catalogue.names) == 9
    for name in catalogue.names:
        entry = catalogue.entry(name)
        assert isinstance(entry.onnx, OnnxDownload) and entry.licence and entry.description, name
        assert entry.onnx.url.startswith("https://") and entry.onnx.bytes, name
        assert isinstance(entry, LaterFile) or read_labels(entry.labels, catalogue.path.parent), name


def test_entries_are_the_known_files(shared: Path) -> None:
    """Those that are at hand have the size and the hash that the catalogue says."""
    catalogue = find_catalogue()
    assert catalogue is not None
    for name, file in (("fastestdet", "FastestDet"), ("rfb-320", "version-RFB-320"), ("rfb-640", "version-RFB-640")):
        content = (shared / "models" / f"{file}.onnx").read_bytes()
        onnx = catalogue.entry(name).onnx
        assert isinstance(onnx, OnnxDownload)
        assert onnx.bytes == len(content) and onnx.sha256 == hashlib.sha256(content).hexdigest()


def test_a_fetched_entry_is_a_model_by_its_name(shared: Path, state: Path, tmp_path: Path) -> None:
    catalogue = find_catalogue()
    assert catalogue is not None
    for name, file in (("fastestdet", "FastestDet"), ("rfb-640", "version-RFB-640")):
        with pytest.raises(ModelError, match=f"not fetched yet; fetch it: edge models pull {name}$"):
            load_spec(name, tmp_path)
        onnx = catalogue.entry(name).onnx
        assert isinstance(onnx, OnnxDownload)
        (state / "models").mkdir(parents=True, exist_ok=True)
        (state / "models" / f"{onnx.sha256}.onnx").write_bytes((shared / "models" / f"{file}.onnx").read_bytes())
        assert load_spec(name, tmp_path).name == name
    with pytest.raises(ModelError, match="yunet: cannot be run yet: no decoder"):
        load_spec("yunet", tmp_path)


def test_a_broken_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text("nothing: here")
    with pytest.raises(ConfigError, match="needs models"):
        Catalogue(path)
    path.write_text("models: {a: 1}")
    with pytest.raises(ConfigError, match="an entry is keys and values"):
        Catalogue(path).entry("a")


@pytest.fixture
def own(
    tmp_path: Path, server: FileServer, make_onnx: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> Tuple[Path, str]:
    """An installation with a catalogue that points at the test's server, and the hash of its network."""
    content = make_onnx()
    digest = hashlib.sha256(content).hexdigest()
    server.files = {"/net.onnx": content, "/later.onnx": content}
    folder = tmp_path / "installed"
    folder.mkdir()
    onnx = f"sha256: {digest}, bytes: {len(content)}"
    (folder / "catalogue.yaml").write_text(
        "models:\n"
        f"  net: {{description: a net, licence: MIT, onnx: {{url: '{server.url}/net.onnx', {onnx}}},\n"
        "    output: {decoder: yolov8}, labels: [a, b, c, d]}\n"
        f"  later: {{description: another, licence: MIT, onnx: {{url: '{server.url}/later.onnx', {onnx}}},\n"
        "    not_yet: no decoder}\n"
    )
    for module in ("catalogue", "folders"):
        monkeypatch.setattr(f"edge.models.{module}.installed_models", lambda: folder)
    monkeypatch.setattr("edge.cli.models.installed_models", lambda: folder)
    monkeypatch.chdir(tmp_path)
    return folder, digest


def test_list_pull_and_info(
    own: Tuple[Path, str],
    state: Path,
    tmp_path: Path,
    make_onnx: Callable[..., bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine = tmp_path / "models" / "mine"
    mine.mkdir(parents=True)
    (mine / "model.yaml").write_text("onnx: n.onnx\noutput: {decoder: yolov8}\nlabels: [a]\n")
    (mine / "n.onnx").write_bytes(make_onnx())
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "model.yaml").write_text("onnx: 1\n")

    def states() -> List[Tuple[str, str]]:
        assert main(["models", "list", "--json"]) == 0
        return [(row["name"], row["state"]) for row in json.loads(capsys.readouterr().out)["models"]]

    assert states() == [("broken", "broken"), ("mine", "yours"), ("net", "to pull"), ("later", "to pull")]
    assert main(["models", "info", "net"]) == 0
    assert "not here: edge models pull net" in capsys.readouterr().out

    assert main(["models", "pull", "net"]) == 0
    out = capsys.readouterr().out
    assert "net: 100 % of 0.0 MiB\n" in out and out.endswith(f"{own[1]}.onnx, verified\n")
    assert states() == [("broken", "broken"), ("mine", "yours"), ("net", "here"), ("later", "here")]
    assert main(["models", "list"]) == 0
    table = capsys.readouterr().out
    assert "NAME" in table and "mine" in table and "MIT" in table and "another (cannot be run yet)" in table

    assert main(["models", "info", "net"]) == 0
    told = capsys.readouterr().out
    for part in ("x float32 1x3x48x64", "y float32 1x8x10", "4: a, b, c, d", "verified", "fixed, 1", "yolov8", "MIT"):
        assert part in told
    assert main(["models", "info", "./models/mine"]) == 0
    assert "not said" in capsys.readouterr().out
    assert main(["models", "info", "later"]) == 0
    assert "no decoder" in capsys.readouterr().out
    assert main(["models", "pull", "later", "./models/mine"]) == 0
    told = capsys.readouterr().out
    assert "Not to be run yet: no decoder" in told and "nothing to fetch" in told


def test_beside_a_configuration(own: Tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc" / "models" / "far").mkdir(parents=True)
    (tmp_path / "etc" / "models" / "far" / "model.yaml").write_text("onnx: 1\n")
    assert main(["models", "list", "--json", "-c", str(tmp_path / "etc" / "edge.yaml")]) == 0
    assert "far" in [row["name"] for row in json.loads(capsys.readouterr().out)["models"]]


def test_pulls_that_fail(
    own: Tuple[Path, str], server: FileServer, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [404]
    assert main(["models", "pull", "net"]) == 1
    assert capsys.readouterr().err.endswith("/net.onnx: the server answers 404 Not Found\n")
    assert main(["models", "pull", "nett"]) == 1
    assert "no model 'nett' (did you mean 'net'?)" in capsys.readouterr().err
    server.files["/net.onnx"] = b"x" * len(server.files["/net.onnx"])
    assert main(["models", "pull", "net"]) == 1
    assert own[1] in capsys.readouterr().err
    assert list((state / "models").iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal() -> None:
    out, now = Terminal(), [0.0]
    with ProgressLine("net", out, lambda: now[0]) as line:
        for part in range(0, 101, 5):
            line.update(part << 20, 100 << 20)
            now[0] += 0.0625
    text = out.getvalue()
    assert text.count("\n") == 1 and text.endswith("\033[K\n")
    assert "[############............]  50 %  50.0 MiB of 100.0 MiB  80.0 MiB/s" in text
    assert text.count("\r") == 11  # ten a second, and the last
    with ProgressLine("net", out, lambda: now[0]) as line:
        line.update(5 << 20, None)
    assert "net  5.0 MiB" in out.getvalue()


def test_lines_elsewhere() -> None:
    out = io.StringIO()
    with ProgressLine("net", out, lambda: 0.0) as line:
        for part in range(40, 101):
            line.update(part << 20, 100 << 20)
    lines = out.getvalue().splitlines()
    assert lines[0] == "net: going on from 40.0 MiB" and lines[-1] == "net: 100 % of 100.0 MiB"
    assert len(lines) == 8


def test_nothing_is_said_of_what_is_here() -> None:
    out = io.StringIO()
    with ProgressLine("net", out):
        pass
    assert out.getvalue() == ""
