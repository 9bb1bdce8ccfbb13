"""What last worked, kept on disk: whole, private, and found again."""

import json
import os
import stat

import pytest

from edge.config import load
from edge.config.files import Files, read_files
from edge.config.last_good import find, place_of, save
from tests.config.test_load import EXAMPLE


@pytest.fixture
def main(write):
    write("source: file:clip.mp4\npassword: ${env:NOPE}\n", "etc/cameras.d/yard.yaml")
    return write(EXAMPLE, "etc/edge.yaml")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "var" / "edge"


def test_kept_and_found(main, folder):
    assert find(folder, main) is None
    files = read_files(main)
    save(folder, files)
    main.write_text("broken: [")
    kept = find(folder, main)
    assert (kept.files, kept.files.digest) == (files, files.digest)
    assert kept.saved == pytest.approx(os.stat(place_of(folder, main)).st_mtime, abs=60)
    assert os.listdir(folder) == [place_of(folder, main).name], "nothing else is left there"


def test_nobody_else_reads_it(main, folder):
    old = os.umask(0)
    try:
        save(folder, read_files(main))
        place_of(folder, main).chmod(0o644)
        save(folder, read_files(main))
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(place_of(folder, main)).st_mode) == 0o600


def test_references_stay_as_they_are(main, folder):
    save(folder, read_files(main))
    assert "${env:NOPE}" in place_of(folder, main).read_text()


@pytest.mark.parametrize("content", [bytes(range(256)), b"", b"\xef\xbb\xbfa: \xc3\xa4\r\n", b"\xed\xb2\x80\xed"])
def test_any_bytes_come_back(main, folder, content):
    files = Files(main, {str(main): content})
    save(folder, files)
    assert find(folder, main).files == files


def test_found_under_each_name_of_the_main_file(main, folder, monkeypatch):
    save(folder, read_files(main))
    monkeypatch.chdir(main.parent)
    kept = find(folder, type(main)("edge.yaml"))
    assert list(kept.files.contents) == ["edge.yaml", "cameras.d/yard.yaml"]
    assert kept.files.digest == read_files(main).digest
    main.with_name("cameras.d").joinpath("yard.yaml").unlink()
    config = load(kept.files.main, files=Files(kept.files.main, {"edge.yaml": kept.files.contents["edge.yaml"]}))
    assert config.folder == main.parent


def test_each_main_file_has_its_own(main, folder, write):
    other = write(EXAMPLE, "etc/other.yaml")
    save(folder, read_files(main))
    assert find(folder, other) is None
    save(folder, read_files(other))
    assert find(folder, main).files.main == main
    assert find(folder, other).files.main == other


def test_the_newest_takes_the_place(main, folder):
    save(folder, read_files(main))
    main.write_text(EXAMPLE.replace("gate-7", "gate-8"))
    (folder / f".{place_of(folder, main).name}.new").write_text("what a power cut left")
    save(folder, read_files(main))
    assert b"gate-8" in find(folder, main).files.contents[str(main)]
    assert len(os.listdir(folder)) == 1


def test_damaged_is_none(main, folder):
    save(folder, read_files(main))
    place = place_of(folder, main)
    good = place.read_text()
    kept = json.loads(good)
    for damaged in (
        "", "[", "[]", "5", "null", "{}", "[" * 10000, good[:-1], good[: len(good) // 2],
        good.replace("gate-7", "gate-8"), good.replace("cameras.d/yard", "cameras.d/lawn"),
        json.dumps({**kept, "files": []}), json.dumps({**kept, "files": {"edge.yaml": 5}}),
        json.dumps({**kept, "saved": "soon"}), json.dumps({**kept, "saved": 10**999}),
        json.dumps({**kept, "main": "/other"}),
    ):  # fmt: skip
        place.write_text(damaged)
        assert find(folder, main) is None, damaged
    place.write_bytes(b"\xff" * 100)
    assert find(folder, main) is None
    place.unlink()
    place.mkdir()
    assert find(folder, main) is None


def test_a_folder_that_cannot_be_written_is_told(main, folder):
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.raises(OSError):
        save(folder, read_files(main))


def test_a_failure_leaves_the_old_one(main, folder, monkeypatch):
    save(folder, read_files(main))
    old = find(folder, main)
    main.write_text(EXAMPLE.replace("gate-7", "gate-8"))
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, no_space)
            with pytest.raises(OSError, match="No space"):
                save(folder, read_files(main))
        assert find(folder, main) == old
        assert len(os.listdir(folder)) == 1


def no_space(*_args):
    raise OSError(28, "No space left on device")
