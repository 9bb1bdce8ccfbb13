"""A camera of the daemon's and its (made-up) capture process, as far as evidence goes: orders out, answers back."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest

from edge.config import CameraConfig
from edge.daemon.camera import Camera
from edge.daemon.evidence.evidence import Evidence
from edge.events.event import Event
from tests.daemon.evidence_double import Site
from tests.daemon.watched import Watched, run

BOTH: Dict[str, Any] = {"snapshots": {"events": ["object.start"]}, "clips": {"events": ["zone.enter"], "after": 0}}
#: Answers as the contract has it; what it hears else it tells as its codec.
SERVE = """
channel.send({**online, 'codec': repr(order.get('record'))})
clips = {}
while True:
    message = channel.receive()
    heard = message.control
    if heard['op'] == 'snapshot':
        assert len(message.fds) == 1
        os.write(message.fds[0], b'a picture'); os.close(message.fds[0])
        channel.send({'op': 'snapshot', 'request': heard['request'], 'ok': True, 'captured': heard['captured']})
    elif heard['op'] == 'clip' and message.fds:
        clips[heard['request']] = heard, message.fds[0]
        channel.send({**online, 'codec': 'a clip', 'width': 1})
    elif heard['op'] == 'clip':
        clips[heard['request']][0]['to'] = heard['to']
    elif heard['op'] == 'stop':
        for clip, fd in clips.values():
            os.write(fd, b'a clip'); os.close(fd)
            said = {'request': clip['request'], 'start': clip['from'], 'end': clip['to'], 'ok': True}
            channel.send({'op': 'clip', **said})
        break
    else:
        channel.send({**online, 'codec': repr(heard), 'width': 640 + len(repr(heard))})
"""


class Wired(Watched):
    """The same with evidence."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.site = Site(folder / "evidence")
        self.evidence: Evidence = self.site.evidence
        super().__init__(**config)
        self.camera = Camera(
            1, "gate", self.camera.config, sys.executable, self._link, self._changed, random.Random(1), self.evidence
        )  # fmt: skip
        self.site.cameras["gate"] = self.camera  # type: ignore[assignment]

    def happen(self, kind: str, at: float = 100.0) -> Event:
        return self.site.happen(kind, at)

    async def end(self) -> None:
        await self.camera.stop()
        await self.evidence.stop()


def test_what_is_kept_of_the_stream_is_told_and_told_again_when_it_changes(
    capture: Callable[[str], None], tmp_path: Path
) -> None:
    capture(SERVE)

    async def test() -> None:
        wired = Wired(tmp_path, **BOTH, memory="10MB")
        wired.camera.start()
        await wired.until(lambda: wired.states)
        assert eval(wired.camera.codec) == {"seconds": 10.0, "bytes": 10_000_000}
        process = wired.camera.process
        changes: List[Tuple[Dict[str, Any], Any]] = [
            ({**BOTH, "memory": "10MB", "fps": 9}, "not told"),
            ({**BOTH, "memory": "20MB"}, {"seconds": 10.0, "bytes": 20_000_000}),
            ({"fps": 8}, None),
        ]
        for config, expected in changes:
            wired.camera.codec = ""
            wired.camera.change(CameraConfig(source="test://", **config))
            await wired.until(lambda: "change" in wired.camera.codec)
            told = eval(wired.camera.codec)
            assert told.get("record", "not told") == expected
        wired.evidence.commanded = True
        wired.camera.codec = ""
        wired.camera.change(wired.camera.config)
        await wired.until(lambda: "record" in wired.camera.codec)
        assert wired.camera.process is process, "without an interruption"
        await wired.end()

    run(test)


def test_a_raw_source_gets_a_new_pipeline(capture: Callable[[str], None], tmp_path: Path) -> None:
    capture("channel.send({**online, 'codec': 'raw', 'decoder': repr(order.get('record'))}); wait()")

    async def test() -> None:
        wired = Wired(tmp_path)
        wired.camera.start()
        await wired.until(lambda: wired.states)
        process = wired.camera.process
        wired.camera.change(CameraConfig(source="test://", fps=9))
        assert wired.camera.state == "online", "nothing that it would need an encoder for"
        wired.camera.change(CameraConfig(source="test://", **BOTH))
        await wired.until(lambda: wired.camera.process is not process and wired.camera.state == "online")
        assert "seconds" in wired.camera.decoder and wired.camera.restarts == 0
        await wired.end()

    run(test)


def test_a_reload_tells_a_camera_what_has_changed_and_nothing_else(
    capture: Callable[[str], None], tmp_path: Path
) -> None:
    capture(SERVE)

    async def test() -> None:
        wired = Wired(tmp_path)
        wired.camera.start()
        await wired.until(lambda: wired.states)
        wired.camera.codec = ""
        wired.camera.keep()
        wired.evidence.commanded = True
        wired.camera.keep()
        await wired.until(lambda: "change" in wired.camera.codec)
        told = eval(wired.camera.codec)
        assert set(told) == {"op", "record"}, "the first one told nothing"
        await wired.end()

    run(test)


def test_a_raw_source_whose_order_changed_before_it_was_online(capture: Callable[[str], None], tmp_path: Path) -> None:
    capture(
        "kept = order.get('record')\n"
        "if kept is None: assert channel.receive().control['op'] == 'change'\n"
        "channel.send({**online, 'codec': 'raw', 'decoder': repr(kept)}); wait()"
    )

    async def test() -> None:
        wired = Wired(tmp_path)
        wired.camera.start()
        wired.camera.change(CameraConfig(source="test://", **BOTH))
        await wired.until(lambda: wired.camera.state == "online")
        assert "seconds" in wired.camera.decoder and wired.camera.restarts == 0
        await wired.end()

    run(test)


def test_masks_come_before_the_end_of_a_clip_whose_camera_is_rebuilt(
    capture: Callable[[str], None], tmp_path: Path
) -> None:
    capture(SERVE)

    async def test() -> None:
        wired = Wired(tmp_path, **BOTH)
        wired.camera.start()
        await wired.until(lambda: wired.states)
        wired.happen("zone.enter")
        await wired.until(lambda: wired.camera.codec == "a clip")
        told: List[Dict[str, Any]] = []
        ask = wired.camera.ask
        wired.camera.ask = lambda order, fds: told.append(order) or ask(order, fds)  # type: ignore
        masks = {"door": {"points": [[0, 0], [0.5, 0], [0.5, 0.5]]}}
        wired.camera.rebuild(CameraConfig(source="test://", masks=masks, enabled=False, **BOTH))
        assert len(told[0]["masks"]) == 1
        await wired.end()

    run(test)


def test_a_picture_and_a_clip_by_a_real_channel(capture: Callable[[str], None], tmp_path: Path) -> None:
    capture(SERVE)

    async def test() -> None:
        wired = Wired(tmp_path, **BOTH)
        wired.camera.start()
        await wired.until(lambda: wired.states)
        picture, clip = wired.happen("object.start"), wired.happen("zone.enter")
        await wired.until(lambda: wired.site.pictures and wired.camera.codec == "a clip")
        assert wired.evidence.read(str(picture.snapshot)) == b"a picture"
        await wired.camera.stop()  # told to stop, it writes what there is
        await wired.evidence.stop()
        (ready,) = wired.site.told
        assert (ready.type, ready.of, ready.clip) == ("clip.ready", clip.id, clip.clip)
        assert wired.evidence.read(str(clip.clip)) == b"a clip"

    run(test)


def test_a_clip_goes_on_under_the_old_name(capture: Callable[[str], None], tmp_path: Path) -> None:
    capture(SERVE)

    async def test() -> None:
        wired = Wired(tmp_path, **BOTH)
        wired.camera.start()
        await wired.until(lambda: wired.states)
        clip = wired.happen("zone.enter")
        await wired.until(lambda: wired.camera.codec == "a clip")
        wired.camera.rename("door")
        wired.site.cameras["door"] = wired.site.cameras.pop("gate")
        await wired.end()
        (ready,) = wired.site.told
        assert (ready.type, ready.camera, ready.of) == ("clip.ready", "gate", clip.id)

    run(test)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "its capture process was killed by signal 11"),
        ("channel.send({'op': 'end', 'state': 'stalled', 'reason': 'no picture for 10 s'})", "no picture for 10 s"),
        ("sys.exit(3)", "its capture process ended with status 3"),
    ],
)
def test_a_process_that_dies_with_requests_under_way(
    capture: Callable[[str], None], tmp_path: Path, code: str, words: str
) -> None:
    capture("channel.send(online); message = channel.receive()\n" + code)

    async def test() -> None:
        wired = Wired(tmp_path, **BOTH)
        wired.camera.start()
        await wired.until(lambda: wired.states)
        event = wired.happen("object.start")
        await wired.until(lambda: wired.site.told)
        (failed,) = wired.site.told
        assert (failed.type, failed.of) == ("snapshot.failed", event.id) and words in (failed.reason or "")
        await wired.end()
        assert wired.site.files() == []

    run(test)


def test_one_that_hangs_does_not_keep_the_daemon_from_its_end(capture: Callable[[str], None], tmp_path: Path) -> None:
    capture("channel.send(online); time.sleep(1000)")

    async def test() -> None:
        wired = Wired(tmp_path, **BOTH)
        wired.camera.start()
        await wired.until(lambda: wired.states)
        for n in range(3):
            wired.happen("object.start", 100.0 + n)
        await asyncio.wait_for(wired.end(), 60)
        assert [event.type for event in wired.site.told] == ["snapshot.failed"] * 3
        assert wired.site.files() == [] and not [p for p in os.listdir(tmp_path / "evidence") if p.startswith(".")]

    run(test)
