"""The files' bytes: read once, understood later, the same as from the disk; and their digest."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from edge.config import load, survey
from edge.config.files import MAX_BYTES, Files, Unreadable, read_files
from edge.errors import ConfigError
from tests.config.conftest import MINIMAL
from tests.config.test_load import EXAMPLE


def same_as_disk(main):
    """What is wrong with ``main`` and its cameras, read from memory when nothing is on the disk any more."""
    files = read_files(main)
    config, problems = survey(main, {})
    away = main.parent.with_name("away")
    main.parent.rename(away)
    try:
        from_memory, told = survey(main, {}, files)
        assert told == problems
        assert from_memory.model_dump() == config.model_dump()
        assert [c.source_url() for c in from_memory.cameras.values()] == [
            c.source_url() for c in config.cameras.values()
        ]
        assert [m.folder for m in from_memory.models.values()] == [m.folder for m in config.models.values()]
    finally:
        away.rename(main.parent)
    return problems


@pytest.fixture
def write(write, tmp_path):
    return lambda text, name="edge.yaml": write(text, f"etc/{name}")


@pytest.mark.parametrize("text", ["", "a: [", "device: 5.5\n", "device: a\nfps: 1\n", "cameras: []\n", EXAMPLE])
def test_memory_and_disk_are_alike(write, text):
    write("source: file:clip.mp4\n", "cameras.d/yard.yaml")
    write("left: {source: 'test://'}\nyard: {source: 'test://'}\n", "cameras.d/doors.yaml")
    write("left: [", "cameras.d/zoo.yaml")
    write("source: test://", "cameras.d/old.yml")
    (write("", "cameras.d/empty.yaml").parent / "folder.yaml").mkdir()
    assert len(same_as_disk(write(text))) >= 4


def test_files_that_cannot_be_read(write, tmp_path):
    main = write(MINIMAL)
    write("", "cameras.d/x.yaml").write_bytes(b"#" * (MAX_BYTES + 5))
    (main.parent / "cameras.d" / "gone.yaml").symlink_to("nowhere")
    os.mkfifo(str(main.parent / "cameras.d" / "pipe.yaml"))
    found = {p.file.rpartition("/")[2]: p for p in same_as_disk(main)}
    assert "no such file" in found["gone.yaml"].message and found["gone.yaml"].line is None
    assert "neither a file" in found["pipe.yaml"].message
    assert "larger than 256 KiB" in found["x.yaml"].message
    shutil.rmtree(str(main.parent / "cameras.d"))
    write("", "cameras.d")
    assert "not a directory" in same_as_disk(main)[0].message
    main.unlink()
    assert "no such file" in same_as_disk(main)[0].message


def test_a_path_that_is_none():
    for main in (Path("a\0b/edge.yaml"), Path("x" * 5000)):
        assert isinstance(read_files(main).contents[str(main)], Unreadable)
        assert survey(main)[1]


def test_load_from_memory(write):
    main = write(EXAMPLE)
    files = read_files(main)
    main.write_text("device: other\n")
    assert load(main, files=files).device == "gate-7"
    assert load(main).device == "other"
    with pytest.raises(ConfigError, match=r"edge\.yaml:1:1: the file is empty"):
        load(main, files=Files(main, {str(main): b""}))


def test_the_digest_is_of_what_is_in_the_files(write, monkeypatch):
    main = write(EXAMPLE)
    camera = write("source: test://\n", "cameras.d/a.yaml")
    seen = [read_files(main).digest]

    def changed() -> bool:
        digest = read_files(main).digest
        seen.append(digest)
        return digest not in seen[:-1]

    os.utime(main, (1, 1))
    main.chmod(0o600)
    write("x", "cameras.d/.a.yaml.swp")
    write("x", "cameras.d/notes.txt")
    write("x", "other.yaml")
    assert not changed()
    main.write_text(EXAMPLE + "\n")
    assert changed()
    camera.write_text("source: test://x\n")
    assert changed()
    camera.rename(camera.with_name("b.yaml"))
    assert changed()
    camera.with_name("b.yaml").rename(camera.with_name("b.yml"))
    assert changed()
    camera.with_name("b.yml").unlink()
    assert changed()
    main.rename(main.with_name("kept"))
    assert changed()
    main.mkdir()
    assert changed()
    main.rmdir()
    main.write_text(EXAMPLE)
    assert changed()
    monkeypatch.setattr("builtins.open", refuse)
    assert changed()


def refuse(*_args, **_kwargs):
    raise PermissionError(13, "Permission denied")


def test_the_digest_is_of_the_names_below_the_folder(write, tmp_path, monkeypatch):
    main = write(EXAMPLE)
    write("source: test://\n", "cameras.d/a.yaml")
    digest = read_files(main).digest
    monkeypatch.chdir(main.parent)
    assert read_files(Path("edge.yaml")).digest == digest
    assert list(read_files(Path("edge.yaml")).contents) == ["edge.yaml", "cameras.d/a.yaml"]
    assert list(read_files(main).named()) == ["edge.yaml", "cameras.d/a.yaml"]


def test_content_and_reason_are_not_taken_for_one_another():
    main = Path("/a/edge.yaml")
    contents = [b"is a folder", Unreadable("is a folder"), b"", Unreadable("")]
    assert len({Files(main, {str(main): content}).digest for content in contents}) == 4
    beside = Files(main, {str(main): b"a", "/a/cameras.d/b.yaml": b""})
    assert beside.digest != Files(main, {str(main): b"a/a/cameras.d/b.yaml"}).digest


@pytest.mark.skipif(sys.getfilesystemencoding() != "utf-8", reason="names of files are not UTF-8 here")
def test_odd_names_of_files_are_told_on_one_line(write):
    main = write(MINIMAL)
    (main.parent / "cameras.d").mkdir()
    for name in (b"caf\xe9.yaml", b"two\nlines.yaml", b"\x1b[31m.yml"):
        with open(os.fsencode(str(main.parent / "cameras.d")) + b"/" + name, "w") as file:
            file.write("source: test://\n")
    problems = same_as_disk(main)
    assert len(problems) == 3
    for problem in problems:
        assert str(problem).isprintable()
        str(problem).encode("utf-8")
    assert any(p.file.endswith("/caf\\udce9.yaml") for p in problems)


def test_bytes_that_are_no_utf8_behind_a_byte_order_mark(write):
    main = write("")
    main.write_bytes("äää: 1\nb: ".encode("utf-8-sig") + b"\xff\n")
    (problem,) = survey(main)[1]
    assert (problem.line, problem.column) == (2, 4)
    assert "0xff" in problem.message
