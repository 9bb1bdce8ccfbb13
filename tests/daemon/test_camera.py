"""One camera seen from the daemon: its states follow from what its process says, and from how that ends."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, List

import pytest

from edge.daemon import camera as camera_module
from tests.daemon.watched import BOUND, Watched, run


def test_online_then_stopped(capture: Callable[[str], None]) -> None:
    capture("channel.send(online); wait()")

    async def test() -> None:
        watched = Watched()
        assert watched.camera.state == "starting"
        watched.camera.start()
        await watched.until(lambda: watched.states)
        assert watched.states == [("online", "")]
        assert (watched.camera.codec, watched.camera.width, watched.camera.height) == ("h264", 640, 360)
        assert watched.links == 1, "its process can take a socket to the inference process"
        await watched.camera.stop()
        assert watched.camera.process is not None and watched.camera.process.ended
        assert watched.states == [("online", "")], "an end that was asked for is no fault"

    run(test)


@pytest.mark.parametrize("state", ["unreachable", "unauthorized", "unsupported", "stalled"])
def test_a_farewell_is_its_state_and_another_try_follows(capture: Callable[[str], None], state: str) -> None:
    capture(f"channel.send({{'op': 'end', 'state': '{state}', 'reason': 'so it is'}})")

    async def test() -> None:
        watched = Watched()
        loop = asyncio.get_running_loop()
        delays: List[float] = []
        call_later = loop.call_later

        def hurry(delay: float, callback: Any, *more: Any) -> Any:
            if callback == watched.camera.start:
                delays.append(delay)
                delay = 0.0
            return call_later(delay, callback, *more)

        loop.call_later = hurry  # type: ignore[method-assign]
        watched.camera.start()
        await watched.until(lambda: len(delays) >= 4)
        await watched.camera.stop()
        assert watched.states == [(state, "so it is")], "the same state is told once"
        assert watched.camera.restarts >= 4
        if state in ("unauthorized", "unsupported"):
            assert min(delays) >= 30, "what cannot mend itself is not tried again and again"
        else:
            assert all(base <= d <= 1.25 * base for base, d in zip((1, 2, 4, 8), delays)), delays

    run(test)


def test_a_clip_that_is_over_is_not_begun_again(capture: Callable[[str], None]) -> None:
    capture("channel.send(online); channel.send({'op': 'end', 'state': 'ended', 'reason': 'the file is over'})")

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.camera.state == "ended")
        assert watched.states == [("online", ""), ("ended", "the file is over")]
        assert watched.camera.restarts == 0
        await watched.camera.stop()

    run(test)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ("sys.exit(3)", "status 3"),
        ("raise RuntimeError('a bug')", "status 1"),
    ],
)
def test_a_process_that_ends_without_a_word(capture: Callable[[str], None], code: str, words: str) -> None:
    capture("channel.send(online)\n" + code)

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: len(watched.states) == 2)
        state, reason = watched.states[1]
        assert state == "stalled" and words in reason
        assert watched.camera.restarts == 1
        await watched.camera.stop()

    run(test)


def test_one_that_is_silent_is_killed_and_a_slow_start_is_not(
    capture: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "HEARTBEAT_S", 0.3)
    capture("time.sleep(1.0); channel.send(online); time.sleep(1000)")

    async def test() -> None:
        watched = Watched()
        watched.camera.start()

        def check() -> bool:
            watched.camera.check_heartbeat()
            return len(watched.states) == 2

        await watched.until(check)
        assert watched.states[0] == ("online", ""), "the first sign of life may take its time"
        assert watched.states[1][0] == "stalled" and "hangs" in watched.states[1][1]
        await watched.camera.stop()

    run(test)


def test_one_that_is_stuck_is_killed_at_the_end(
    capture: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "STOP_S", 0.2)
    capture("channel.send(online); time.sleep(1000)")

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.states)
        await asyncio.wait_for(watched.camera.stop(), BOUND)
        assert watched.camera.process is not None and watched.camera.process.ended

    run(test)


def test_it_is_linked_again_when_it_has_lost_the_inference_process(capture: Callable[[str], None]) -> None:
    capture("channel.send({'op': 'detached'}); channel.send({'op': 'detached'}); channel.send(online); wait()")

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.states)
        assert watched.links == 3
        await watched.camera.stop()

    run(test)


def test_what_the_process_is_told(capture: Callable[[str], None]) -> None:
    capture("channel.send({'op': 'end', 'state': 'unreachable', 'reason': repr(order)})")

    async def test() -> None:
        watched = Watched(
            source="rtsp://viewer:p%40ss@10.0.0.7:8554/live?channel=1", fps=7, size="640x360", latency="300ms",
            stall_timeout="4s",
        )  # fmt: skip
        watched.camera.start()
        await watched.until(lambda: watched.states)
        order = eval(watched.states[0][1])
        assert order["stall_timeout"] == 4.0
        source = order["source"]
        assert source["location"] == "rtsp://10.0.0.7:8554/live?channel=1", "without user and password"
        assert (source["username"], source["password"]) == ("viewer", "p@ss")
        assert (source["kind"], source["fps"], source["size"], source["latency"]) == ("rtsp", 7.0, [640, 360], 0.3)
        await watched.camera.stop()

    run(test)


def test_one_that_is_disabled_has_no_process() -> None:
    async def test() -> None:
        watched = Watched(enabled=False)
        watched.camera.start()
        assert watched.camera.state == "disabled" and watched.camera.process is None
        await watched.camera.stop()

    run(test)


def test_an_interpreter_that_is_not_there() -> None:
    async def test() -> None:
        watched = Watched(python="/nowhere/python3")
        watched.camera.start()
        ((state, reason),) = watched.states
        assert state == "unsupported" and "/nowhere/python3" in reason
        await watched.camera.stop()

    run(test)


def test_a_frozen_picture_is_told_and_untold_without_a_restart(capture: Callable[[str], None]) -> None:
    capture(
        "channel.send(online)\n"
        "channel.send({'op': 'frozen', 'frozen': True, 'seconds': 30.2})\n"
        "channel.send({'op': 'frozen', 'frozen': False, 'seconds': 0.0}); wait()"
    )

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: len(watched.states) == 3)
        assert watched.states == [("online", ""), ("frozen", "the same picture for 30 s"), ("online", "")]
        assert watched.camera.restarts == 0
        await watched.camera.stop()

    run(test)


def test_another_size_in_mid_stream_is_news_of_the_same_state(capture: Callable[[str], None]) -> None:
    capture("channel.send(online); channel.send({**online, 'width': 1280}); channel.send(online); wait()")

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: len(watched.states) == 3)
        assert watched.states == [("online", "")] * 3
        assert (watched.camera.width, watched.camera.height) == (640, 360)
        await watched.camera.stop()

    run(test)


BEAT = (
    "{'op': 'beat', 'frames': 1, 'sent': 1, 'time': 0, 'packets': 1, 'decoded': 1, 'quiet': False, 'moved': 0, "
    "'rss': rss, 'fds': 9, 'threads': 9}"
)


@pytest.mark.parametrize(("grown", "replaced"), [(600 << 20, True), (100 << 20, False)])
def test_a_process_that_leaks_is_replaced(capture: Callable[[str], None], grown: int, replaced: bool) -> None:
    capture(
        f"channel.send(online)\nfor rss in [50 << 20] * 40 + [{grown}]:\n    channel.send({BEAT})\n"
        "channel.send({**online, 'width': 32}); wait()"
    )

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: len(watched.states) == 2)
        state, reason = watched.states[1]
        assert (state == "stalled" and "memory from 50 to 600 MiB" in reason) is replaced
        assert watched.camera.restarts == int(replaced)
        await watched.camera.stop()

    run(test)
