"""When a camera that failed is tried again: sooner when it answers, and with a decoder that failed before."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Callable, List

import pytest

from edge.daemon import decoders, knock, retry
from edge.daemon.backoff import Backoff
from edge.daemon.decoders import Decoders
from scripts.servers import free_port
from tests.daemon.watched import Watched, run


async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"RTSP/1.0 200 OK\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("before", ["refused", "silent"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_unreachable_camera_is_tried_at_once_when_it_answers(
    before: str, host: str, capture: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knock, "EVERY_S", 0.05)
    monkeypatch.setattr(knock, "_BOUND_S", 0.3)
    monkeypatch.setattr(retry, "Backoff", lambda rng: Backoff(1000.0, 1000.0, rng=rng))
    capture("channel.send({'op': 'end', 'state': 'unreachable', 'reason': 'so it is'})")
    port = free_port()

    async def test() -> None:
        silent = socket.create_server(("127.0.0.1", port)) if before == "silent" else None
        watched = Watched(source=f"rtsp://{host}:{port}/live")
        watched.camera.start()
        await watched.until(lambda: watched.states)
        await watched.until(lambda: watched.camera._retry._door.closed)
        capture("channel.send(online); wait()")
        if silent is not None:
            silent.close()
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        await watched.until(lambda: watched.camera.state == "online")
        assert watched.camera.restarts == 1
        await watched.camera.stop()
        server.close()

    run(test)


BROKEN = (
    "if 'nvv4l2decoder' in order['avoid']:\n"
    "    channel.send({**online, 'decoder': 'avdec_h264', 'note': 'nvv4l2decoder failed'}); wait()\n"
    "else:\n"
    "    channel.send({'op': 'end', 'state': 'stalled', 'reason': 'no', 'broken': 'nvv4l2decoder'})\n"
)


def test_a_decoder_has_a_second_try_and_is_then_left_alone_for_a_while(
    capture: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "FIRST_S", 0.0)
    starts: List[Any] = []

    async def test() -> None:
        watched = Watched()
        start = watched.camera.start
        monkeypatch.setattr(watched.camera, "start", lambda: (starts.append(None), start()))
        capture(BROKEN)
        watched.camera.start()
        await watched.until(lambda: watched.states)
        assert watched.states == [("online", "")], "no failure that anybody has to know of, but the note"
        assert (watched.camera.decoder, len(starts), watched.camera.restarts) == ("avdec_h264", 3, 0)
        # After a while it works again.
        capture("channel.send({**online, 'decoder': 'nvv4l2decoder'} if not order['avoid'] else online); wait()")
        watched.camera.check_heartbeat()
        await watched.until(lambda: watched.camera.decoder == "nvv4l2decoder")
        assert [state for state, _ in watched.states] == ["online", "starting", "online"]
        watched.camera.check_heartbeat()
        assert watched.camera.state == "online"
        await watched.camera.stop()

    run(test)


def test_one_bad_start_is_forgotten() -> None:
    found = Decoders()
    found.failed("nvv4l2decoder", 0.0)
    assert found.avoided == []
    found.worked("nvv4l2decoder")
    found.failed("nvv4l2decoder", 10.0)
    assert found.avoided == []
    found.failed("nvv4l2decoder", 11.0)
    assert found.avoided == ["nvv4l2decoder"]


def test_the_waits_double_up_to_a_day_and_start_anew_once_it_worked() -> None:
    found, now, waits = Decoders(), 0.0, []
    for _ in range(8):
        found.failed("nvv4l2decoder", now)
        found.failed("nvv4l2decoder", now)
        found.worked("avdec_h264")
        began = now
        while not found.due(now):
            now += 600
        waits.append((now - began) / 3600)
        found.forgive()
    assert waits == [1, 2, 4, 8, 16, 24, 24, 24]
    found.worked("nvv4l2decoder")
    found.failed("nvv4l2decoder", now)
    found.failed("nvv4l2decoder", now)
    assert not found.due(now + 3599) and found.due(now + 3600)
