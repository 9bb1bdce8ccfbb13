"""Which folders, and which names in them, matter to a configuration's files."""

import os

import pytest

from edge.config.ways import ways


@pytest.fixture
def names(tmp_path):
    """``names(main)``: the names that matter by folder, of those below the test's own folder."""
    root = os.path.realpath(tmp_path)

    def of(main):
        found = {os.path.relpath(path, root): folder.names for path, folder in ways(main).items()}
        return {path: sorted(names) for path, names in found.items() if not path.startswith("..")}

    return of


def test_plain_files(tmp_path, names):
    (tmp_path / "etc" / "cameras.d").mkdir(parents=True)
    for name in ("a.yaml", "b.yml", "c.txt", ".d.yaml"):
        (tmp_path / "etc" / "cameras.d" / name).write_text("")
    main = tmp_path / "etc" / "edge.yaml"
    assert names(main) == {".": ["etc"], "etc": ["cameras.d", "edge.yaml"], "etc/cameras.d": ["a.yaml", "b.yml"]}
    folders = ways(main)
    assert "/" in folders and not folders["/"].holds_files, "a parent that is moved takes the file along"
    assert folders[str(main.parent)].holds_files and not folders[str(main.parent)].cameras
    cameras = folders[str(main.parent / "cameras.d")]
    assert cameras.holds_files and cameras.matters("new.yaml") and cameras.matters("new.yml")
    for name in (".new.yaml", "new.yaml~", ".new.yaml.swp", "4913", "new.txt", "edge.yaml.new"):
        assert not cameras.matters(name)
        assert not folders[str(main.parent)].matters(name)


def test_nothing_there(tmp_path, names):
    main = tmp_path / "etc" / "edge.yaml"
    assert names(main) == {".": ["etc"], "etc": ["cameras.d", "edge.yaml"], "etc/cameras.d": []}


def test_a_mounted_config_map(tmp_path, names):
    """As kubelet lays it out."""
    etc = tmp_path / "etc"
    (etc / "..2024").mkdir(parents=True)
    (etc / "..2024" / "edge.yaml").write_text("")
    (etc / "..data").symlink_to("..2024")
    (etc / "edge.yaml").symlink_to("..data/edge.yaml")
    found = names(etc / "edge.yaml")
    assert found["etc"] == ["..2024", "..data", "cameras.d", "edge.yaml"]
    assert found["etc/..2024"] == ["edge.yaml"]


def test_links_of_every_kind(tmp_path, names):
    for folder in ("a/b", "store", "far/cameras"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "store" / "real.yaml").write_text("")
    (tmp_path / "etc").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "edge.yaml").symlink_to("../../store/./x.yaml")
    (tmp_path / "store" / "x.yaml").symlink_to("real.yaml")
    (tmp_path / "a" / "b" / "cameras.d").symlink_to(tmp_path / "far" / "cameras")
    (tmp_path / "far" / "cameras" / "yard.yaml").symlink_to("../../store/yard.yaml")
    assert names(tmp_path / "etc" / "edge.yaml") == {
        ".": ["a", "etc", "far", "store"],
        "a": ["b"],
        "a/b": ["cameras.d", "edge.yaml"],
        "store": ["real.yaml", "x.yaml", "yard.yaml"],
        "far": ["cameras"],
        "far/cameras": ["yard.yaml"],
    }
    assert ways(tmp_path / "etc" / "edge.yaml")[str(tmp_path / "store")].holds_files


def test_links_in_a_ring_end(tmp_path, names):
    (tmp_path / "edge.yaml").symlink_to("other.yaml")
    (tmp_path / "other.yaml").symlink_to("edge.yaml")
    (tmp_path / "cameras.d").symlink_to("cameras.d/x")
    found = names(tmp_path / "edge.yaml")
    assert found["."] == ["cameras.d", "edge.yaml", "other.yaml"]
