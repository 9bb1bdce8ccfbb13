"""Every way in which editors and machines save a file, with the kernel's own inotify."""

import os
import shutil

import pytest

from tests.config.watching import TEXTS, watching

NEVER = 3600.0  # of looks without the kernel's word
HOW = {"poll_s": NEVER, "quiet_s": 0.05}


def in_place(main, text):
    main.write_text(text)


def by_rename(main, text):
    new = main.with_name(f".{main.name}.new")
    new.write_text(text)
    new.replace(main)


def as_vim(main, text):
    """With its probe, its swap file and a backup that is the old file under another name."""
    swap = main.with_name(f".{main.name}.swp")
    swap.write_text("swap")
    probe = main.with_name("4913")
    probe.write_text("")
    probe.unlink()
    backup = main.with_name(f"{main.name}~")
    main.rename(backup)
    main.write_text(text)
    backup.unlink()
    swap.unlink()


def by_deletion(main, text):
    main.unlink()
    main.write_text(text)


def in_two_halves(main, text):
    with open(main, "w") as file:
        file.write(text[:5])
        file.flush()
        file.write(text[5:])


def by_hard_link(main, text):
    new = main.with_name("other")
    new.write_text(text)
    main.unlink()
    os.link(new, main)
    new.unlink()


def by_copy(main, text):
    new = main.with_name("other")
    new.write_text(text)
    shutil.copy(new, main)


SAVES = [in_place, by_rename, as_vim, by_deletion, in_two_halves, by_hard_link, by_copy]


def plain(folder):
    (folder / "etc").mkdir()
    return folder / "etc" / "edge.yaml", folder / "etc" / "edge.yaml"


def linked_file(folder):
    (folder / "etc").mkdir()
    (folder / "git" / "conf").mkdir(parents=True)
    (folder / "etc" / "edge.yaml").symlink_to("../git/edge.yaml")
    (folder / "git" / "edge.yaml").symlink_to(folder / "git" / "conf" / "gate.yaml")
    return folder / "etc" / "edge.yaml", folder / "git" / "conf" / "gate.yaml"


def linked_folder(folder):
    (folder / "git" / "conf").mkdir(parents=True)
    (folder / "etc").symlink_to("git/conf")
    return folder / "etc" / "edge.yaml", folder / "git" / "conf" / "edge.yaml"


@pytest.mark.parametrize("save", SAVES)
@pytest.mark.parametrize("layout", [plain, linked_file, linked_folder])
def test_saves_are_seen(tmp_path, layout, save):
    """``layout``: the path as named, and where the file is. Twice: the second save is of the new file."""
    main, real = layout(tmp_path)
    real.write_text(TEXTS[0])

    async def test(watched):
        for text in TEXTS[1:3]:
            save(real, text)
            await watched.tells(text)

    assert watching(main, test, **HOW).told[-1] == TEXTS[2]


def test_a_link_that_is_turned(tmp_path):
    main, real = linked_file(tmp_path)
    real.write_text(TEXTS[0])

    async def test(watched):
        for number, text in enumerate(TEXTS[1:4]):
            target = tmp_path / "git" / f"new{number}" / "edge.yaml"
            target.parent.mkdir()
            target.write_text(text)
            new = main.with_name("new")
            new.symlink_to(target)
            new.replace(main)
            await watched.tells(text)
            target.write_text(text + "# in the new place\n")
            await watched.tells(text + "# in the new place\n")

    watching(main, test, **HOW)


def test_a_mounted_config_map(tmp_path):
    """As kubelet updates one: a new folder, a new link to it, renamed over the old one, the old folder removed."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "cameras.d").mkdir()

    def update(number):
        version = etc / f"..2024_{number}"
        version.mkdir()
        (version / "edge.yaml").write_text(TEXTS[number])
        (version / "yard.yaml").write_text(f"source: test://?rate={number + 1}\n")
        (etc / "..data_tmp").symlink_to(version.name)
        (etc / "..data_tmp").replace(etc / "..data")
        if number:
            shutil.rmtree(etc / f"..2024_{number - 1}")

    update(0)
    (etc / "edge.yaml").symlink_to("..data/edge.yaml")
    (etc / "cameras.d" / "yard.yaml").symlink_to("../..data/yard.yaml")

    async def test(watched):
        for number in range(1, 5):
            update(number)
            await watched.tells(TEXTS[number])
            camera = watched.watch.files.contents[str(etc / "cameras.d" / "yard.yaml")]
            assert camera == b"source: test://?rate=%d\n" % (number + 1)

    watched = watching(etc / "edge.yaml", test, **HOW)
    assert watched.told == TEXTS[1:5], "each update is told once"


def test_cameras_come_and_go(tmp_path):
    main = tmp_path / "edge.yaml"
    main.write_text(TEXTS[0])
    folder = tmp_path / "cameras.d"

    async def test(watched):
        for name in ("a.yaml", "b.yaml"):  # the folder is made anew
            folder.mkdir()
            (folder / name).write_text("source: test://\n")
            await watched.lists("edge.yaml", f"cameras.d/{name}")
            (folder / "c.yaml").write_text("")
            await watched.lists("edge.yaml", f"cameras.d/{name}", "cameras.d/c.yaml")
            (folder / "c.yaml").rename(folder / "d.yaml")
            await watched.lists("edge.yaml", f"cameras.d/{name}", "cameras.d/d.yaml")
            (folder / "d.yaml").unlink()
            await watched.lists("edge.yaml", f"cameras.d/{name}")
            shutil.rmtree(folder)
            await watched.lists("edge.yaml")
        away = tmp_path / "away"
        away.mkdir()
        (away / "e.yaml").symlink_to(tmp_path / "e")
        folder.symlink_to("away")
        await watched.lists("edge.yaml", "cameras.d/e.yaml")
        (tmp_path / "e").write_text("source: test://\n")
        await watched.until(lambda: watched.watch.files.contents[str(folder / "e.yaml")] == b"source: test://\n")
        folder.unlink()
        await watched.lists("edge.yaml")

    watching(main, test, **HOW)


def test_the_folder_moves_away_and_back(tmp_path):
    main = tmp_path / "site" / "etc" / "edge.yaml"
    main.parent.mkdir(parents=True)
    main.write_text(TEXTS[0])

    async def test(watched):
        for folder in (main.parent, main.parent.parent):
            away = tmp_path / "away"
            folder.rename(away)
            await watched.until(lambda: "no such file" in watched.text)
            away.rename(folder)
            await watched.until(lambda: watched.text == TEXTS[0])
            shutil.rmtree(folder)
            await watched.until(lambda: "no such file" in watched.text)
            main.parent.mkdir(parents=True)
            main.write_text(TEXTS[0])
            await watched.until(lambda: watched.text == TEXTS[0])
        main.write_text(TEXTS[1])
        await watched.tells(TEXTS[1])

    watching(main, test, **HOW)


def test_a_file_that_may_not_be_read_for_a_while(tmp_path):
    """The mode alone is changed; where root reads all the same, nothing is told."""
    main = tmp_path / "edge.yaml"
    main.write_text(TEXTS[0])

    async def test(watched):
        main.chmod(0)
        if not os.access(main, os.R_OK):
            await watched.until(lambda: "permission denied" in watched.text)
        main.chmod(0o644)
        await watched.until(lambda: watched.text == TEXTS[0])
        main.write_text(TEXTS[1])
        await watched.tells(TEXTS[1])

    assert watching(main, test, **HOW).told[-1] == TEXTS[1]
