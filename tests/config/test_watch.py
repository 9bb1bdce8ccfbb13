"""When a save is told: once it is done, once, never lost, and never for what is no change."""

import asyncio
import os
import threading

import pytest

from edge.config import watch as watch_module
from edge.config.files import read_files
from tests.config.watching import PATIENCE, TEXTS, Watched, watching

NEVER = 3600.0


@pytest.fixture
def main(tmp_path):
    path = tmp_path / "etc" / "edge.yaml"
    path.parent.mkdir()
    path.write_text(TEXTS[0])
    return path


@pytest.fixture
def patient(monkeypatch):
    """A writer is waited for as long as it takes, however slow the machine."""
    monkeypatch.setattr(watch_module, "_WRITER_S", PATIENCE)
    monkeypatch.setattr(watch_module, "_LONGEST_S", 2 * PATIENCE)


async def passes(seconds):
    """Let so much time pass in which nothing is to happen."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        await asyncio.sleep(0.01)


def test_the_last_of_many_saves_wins(main):
    async def test(watched):
        for text in TEXTS[1:]:
            main.write_text(text)
            await asyncio.sleep(0)
        await watched.tells(TEXTS[-1])

    watched = watching(main, test, poll_s=NEVER)
    assert len(watched.told) < 10, "a burst is not told save by save"


def test_two_saves_one_after_the_other_are_both_told(main):
    async def test(watched):
        for text in TEXTS[1:4]:
            main.write_text(text)
            await watched.tells(text)

    assert watching(main, test, poll_s=NEVER).told == TEXTS[1:4]


def test_a_save_during_the_call_is_not_lost(main):
    left = TEXTS[2:5]

    def save_again():
        if left:
            main.write_text(left.pop(0))

    async def test(watched):
        main.write_text(TEXTS[1])
        await watched.tells(TEXTS[4])

    assert watching(main, test, on_change=save_again, poll_s=NEVER).told == TEXTS[1:5]


def test_a_save_during_the_read_is_not_lost(main, monkeypatch):
    """The file changes when its old content has been read and has not been told yet."""
    left = TEXTS[2:5]

    def slow_read(path):
        files = read_files(path)
        if left and files.contents[str(main)] != TEXTS[0].encode():
            main.write_text(left.pop(0))
        return files

    monkeypatch.setattr(watch_module, "read_files", slow_read)

    async def test(watched):
        main.write_text(TEXTS[1])
        await watched.tells(TEXTS[4])

    watching(main, test, poll_s=NEVER)


def test_a_save_in_two_halves_is_told_whole(main, patient):
    whole = TEXTS[1] + "# the second half\n"

    async def test(watched):
        with open(main, "w") as file:
            file.write(TEXTS[1])
            file.flush()
            await passes(0.4)
            assert watched.told == [], "whoever writes has the file open"
            file.write("# the second half\n")
        await watched.tells(whole)

    assert watching(main, test, poll_s=NEVER, quiet_s=0.05).told == [whole]


def test_who_never_closes_the_file_is_waited_for_a_little(main, monkeypatch):
    monkeypatch.setattr(watch_module, "_WRITER_S", 0.3)

    async def test(watched):
        with open(main, "w") as file:
            file.write(TEXTS[1])
            file.flush()
            await watched.tells(TEXTS[1])
            file.write("# more\n")
            file.flush()
            await watched.tells(TEXTS[1] + "# more\n")

    watching(main, test, poll_s=NEVER)


def test_who_writes_without_end_does_not_keep_others_waiting(main, monkeypatch):
    monkeypatch.setattr(watch_module, "_LONGEST_S", 0.5)

    async def test(watched):
        async def write():
            while True:
                (main.parent / "cameras.d" / "log.yaml").write_text("x")
                await asyncio.sleep(0.02)

        (main.parent / "cameras.d").mkdir()
        writer = asyncio.get_running_loop().create_task(write())
        main.write_text(TEXTS[1])
        await watched.tells(TEXTS[1])
        await watched.watch.settle(30)
        writer.cancel()

    watching(main, test, poll_s=NEVER)


def test_what_is_no_change_is_not_told(main):
    async def test(watched):
        os.utime(main, (1, 1))
        main.write_text(TEXTS[0])
        main.replace(main.with_name("kept"))
        main.with_name("kept").replace(main)
        await watched.until(lambda: watched.watch._events_seen >= 4)
        main.write_text(TEXTS[1])
        await watched.tells(TEXTS[1])

    assert watching(main, test, poll_s=NEVER).told == [TEXTS[1]]


def test_files_of_editors_are_not_even_looked_at(main):
    (main.parent / "cameras.d").mkdir()

    async def test(watched):
        for folder in (main.parent, main.parent / "cameras.d"):
            for name in (".edge.yaml.swp", "4913", "edge.yaml~", "#edge.yaml#", ".hidden.yaml", "x.txt", "x.yaml.new"):
                (folder / name).write_text("x")
                (folder / name).chmod(0o600)
                (folder / name).unlink()
        assert watched.watch._events == 0
        main.unlink()  # one event, after all of those
        await watched.until(lambda: watched.told)
        assert watched.watch._events == 1

    watching(main, test, poll_s=NEVER)


def test_what_changed_before_the_start_is_told(main):
    files = read_files(main)
    main.write_text(TEXTS[1])

    async def test(watched):
        await watched.tells(TEXTS[1])
        main.write_text(TEXTS[0])
        await watched.tells(TEXTS[0])

    assert watching(main, test, known=files, poll_s=NEVER).told == [TEXTS[1], TEXTS[0]]


def test_settling_gives_what_is_there_after_a_quiet_time(main):
    async def test(watched):
        main.write_text(TEXTS[1])
        await watched.tells(TEXTS[1])
        settling = asyncio.get_running_loop().create_task(watched.watch.settle(0.3))
        await asyncio.sleep(0)
        main.write_text(TEXTS[2])
        begun = asyncio.get_running_loop().time()
        files = await settling
        assert asyncio.get_running_loop().time() - begun >= 0.29
        assert files is watched.watch.files
        assert files.contents[str(main)] == TEXTS[2].encode()
        assert files.digest == read_files(main).digest
        main.write_text(TEXTS[3])
        await watched.tells(TEXTS[3])

    watching(main, test, poll_s=NEVER)


def test_settling_takes_the_place_of_the_call(main):
    """Who waits for a quiet time gets the files by that: they are not told once more."""

    async def test(watched):
        main.write_text(TEXTS[1])
        await watched.until(lambda: watched.watch._events)
        files = await watched.watch.settle(0.01)  # before the debounce of 0.5 s is over
        assert files.contents[str(main)] == TEXTS[1].encode()
        await watched.until(lambda: not watched.watch._stirred.is_set())
        main.write_text(TEXTS[2])
        await watched.tells(TEXTS[2])

    told = watching(main, test, poll_s=NEVER, quiet_s=0.5).told
    assert told[-1] == TEXTS[2] and set(told[:-1]) <= {"", TEXTS[1]}, "a busy machine sees the file emptied too"


def test_nothing_is_left_open(main):
    async def test():
        for _ in range(3):
            async with Watched(main) as watched:
                main.write_text(TEXTS[len(main.read_text()) % 7])
                await watched.watch.settle(0.05)
        return set(os.listdir("/proc/self/fd"))

    async def nothing():
        return set(os.listdir("/proc/self/fd"))

    assert len(asyncio.run(test())) == len(asyncio.run(nothing()))
    for thread in threading.enumerate():
        if thread.name.startswith("edge-config"):
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_an_error_of_ours_is_not_swallowed(main, monkeypatch):
    errors = []

    async def test(watched):
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        monkeypatch.setattr(watch_module, "ways", lambda _: 1 / 0)
        main.write_text(TEXTS[1])
        await watched.until(lambda: errors)

    watching(main, test, poll_s=NEVER)
    assert isinstance(errors[0]["exception"], ZeroDivisionError)
