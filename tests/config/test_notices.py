"""The kernel's word: watches that are taken and let go, and what is done without it."""

import asyncio
import errno
import os

import asyncinotify
import pytest

from edge.config import notices
from edge.config.notices import Notices
from edge.config.ways import Folder, ways
from tests.config.watching import TEXTS, watching


@pytest.fixture
def main(tmp_path):
    path = tmp_path / "etc" / "edge.yaml"
    path.parent.mkdir()
    path.write_text(TEXTS[0])
    return path


@pytest.fixture
def no_inotify(monkeypatch, request):
    """The kernel's limits are reached: of instances, or of watches."""

    def refuse(*_):
        raise OSError(request.param, os.strerror(request.param))

    if request.param == errno.EMFILE:
        monkeypatch.setattr(notices, "Inotify", refuse)
    else:
        monkeypatch.setattr(asyncinotify.Inotify, "add_watch", refuse)
    return request.param


@pytest.mark.parametrize("no_inotify", [errno.EMFILE, errno.ENOSPC, errno.EACCES], indirect=True)
def test_without_inotify_a_look_now_and_then_finds_it(main, no_inotify, caplog):
    async def test(watched):
        for text in TEXTS[1:4]:
            main.write_text(text)
            await watched.tells(text)
        settling = asyncio.get_running_loop().create_task(watched.watch.settle(0.3))
        await asyncio.sleep(0)
        main.write_text(TEXTS[4])
        assert (await settling).contents[str(main)] == TEXTS[4].encode()

    with caplog.at_level("WARNING", "edge.config"):
        watching(main, test, poll_s=0.05)
    warned = 0 if no_inotify == errno.EACCES else 1
    assert len(caplog.records) == warned, "told once"


def test_events_that_were_lost_count_as_one(main):
    told = []

    async def test():
        listener = Notices(lambda: told.append(1))
        listener.start()
        listener.watch(ways(main))
        overflow = asyncinotify.Event(None, asyncinotify.Mask.Q_OVERFLOW, 0, None)
        gone = asyncinotify.Event(None, asyncinotify.Mask.IGNORED, 0, None)
        assert listener._matters(overflow) and not listener._matters(gone)
        await listener.stop()

    asyncio.run(test())


def test_watches_are_let_go(main, tmp_path):
    async def test():
        listener = Notices(lambda: None)
        listener.start()
        for _ in range(3):
            assert listener.watch(ways(main))
            assert not listener.watch(ways(main)), "the second time nothing is new"
            assert listener.watch({str(tmp_path): Folder({"x"})})
            assert len(listener._watched) == 1
        await listener.stop()

    asyncio.run(test())


def test_the_mask_of_a_folder_above_asks_for_no_writing():
    assert not notices._WAY & asyncinotify.Mask.MODIFY
    assert notices._FILES & asyncinotify.Mask.MODIFY
