"""What a running camera is told: live changes, another source, off and on, less while the device is hot."""

from __future__ import annotations

from typing import Callable

from edge.config import CameraConfig
from edge.daemon import camera_orders
from tests.daemon.watched import Watched, run

ECHO = (
    "channel.send({**online, 'codec': order['source']['location']})\n"
    "while True:\n"
    "    heard = channel.receive().control\n"
    "    if heard['op'] == 'stop': break\n"
    "    channel.send({**online, 'codec': repr(heard), 'width': 640 + len(repr(heard))})\n"
)


def test_live_changes_reach_the_running_process(capture: Callable[[str], None]) -> None:
    capture(ECHO)

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.states)
        pid = watched.camera.process.pid if watched.camera.process else 0
        config = CameraConfig(source="test://", fps=9, stall_timeout="20s", frozen_timeout="1m")
        watched.camera.change(config)
        await watched.until(lambda: "'op': 'change'" in watched.camera.codec)
        told = eval(watched.camera.codec)
        assert told == {"op": "change", "fps": 9.0, "stall_timeout": 20.0, "frozen_timeout": 60.0, "analyse": None}
        watched.camera.rename("door")
        await watched.until(lambda: "door" in watched.camera.codec)
        assert watched.camera.process is not None and watched.camera.process.pid == pid
        await watched.camera.stop()

    run(test)


def test_a_rebuild_waits_for_the_old_process_and_takes_the_latest_source(capture: Callable[[str], None]) -> None:
    capture(ECHO)

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.states)
        old = watched.camera.process
        for size in ("320x240", "640x480", "1024x768"):
            watched.camera.rebuild(CameraConfig(source=f"test://?size={size}"))
        assert watched.camera.state == "starting" and watched.camera.process is old
        await watched.until(lambda: watched.camera.state == "online")
        assert old is not None and old.ended and watched.camera.process is not old
        assert "size=1024x768" in watched.camera.codec
        assert watched.camera.restarts == 0, "nothing failed"
        assert [state for state, _ in watched.states] == ["online", "starting", "online"]
        await watched.camera.stop()

    run(test)


def test_off_and_on_again_while_the_process_still_ends(capture: Callable[[str], None]) -> None:
    capture(ECHO)

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.states)
        watched.camera.rebuild(CameraConfig(source="test://", enabled=False))
        assert watched.camera.state == "disabled"
        await watched.until(lambda: watched.camera.process is not None and watched.camera.process.ended)
        assert watched.camera.state == "disabled"
        watched.camera.rebuild(CameraConfig(source="test://"))
        await watched.until(lambda: watched.camera.state == "online")
        await watched.camera.stop()

    run(test)


def test_a_rebuild_ends_the_wait_for_another_try(capture: Callable[[str], None]) -> None:
    capture("channel.send({'op': 'end', 'state': 'unauthorized', 'reason': order['source']['location']})")

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.camera.state == "unauthorized")
        watched.camera.rebuild(CameraConfig(source="test://?size=320x240"))
        await watched.until(lambda: "size=320x240" in watched.camera.reason)
        await watched.camera.stop()

    run(test)


def test_a_hot_device_gets_fewer_pictures_from_the_camera_too(capture: Callable[[str], None]) -> None:
    capture(
        "channel.send({**online, 'codec': repr(order['source']['fps'])})\n"
        "while True:\n"
        "    heard = channel.receive().control\n"
        "    if heard['op'] == 'stop': break\n"
        "    channel.send({**online, 'codec': repr(heard), 'width': heard['fps'] * 100})\n"
    )

    async def test() -> None:
        watched = Watched(fps=8)
        watched.camera.govern(0.5)
        watched.camera.start()
        await watched.until(lambda: watched.states)
        assert watched.camera.codec == "4.0", "one that begins while it is hot"
        watched.camera.govern(0.25)
        await watched.until(lambda: watched.camera.width == 200)
        assert eval(watched.camera.codec) == {"op": "change", "fps": 2.0}
        watched.camera.change(CameraConfig(source="test://", fps=16))
        await watched.until(lambda: watched.camera.width == 400)
        watched.camera.govern(1.0)
        await watched.until(lambda: watched.camera.width == 1600)
        watched.camera.govern(1.0)  # no news
        await watched.camera.stop()

    run(test)


def test_what_is_told_of_motion() -> None:
    always = CameraConfig(source="test://", motion={"sensitivity": 0.9})
    assert camera_orders.later(always, 5.0)["analyse"] is None
    assert camera_orders.at_first(always, 5.0)["decode"] == "full"
    lawn = {"points": [[0, 0.5], [1, 0.5], [1, 1]]}
    on_motion = CameraConfig(
        source="test://", analyse="on-motion", motion={"heartbeat": "30s", "hold": "5s", "masks": {"lawn": lawn}}
    )
    told = {"sensitivity": 0.5, "heartbeat": 30.0, "hold": 5.0, "masks": [[[0.0, 0.5], [1.0, 0.5], [1.0, 1.0]]]}
    assert camera_orders.later(on_motion, 2.0) == {
        "fps": 2.0, "stall_timeout": 10.0, "frozen_timeout": 30.0, "analyse": told
    }  # fmt: skip
    assert camera_orders.at_first(on_motion, 2.0)["analyse"] == told
    few = camera_orders.at_first(CameraConfig(source="test://", decode="on-activity"), 2.0)
    assert few["decode"] == "on-activity" and few["analyse"] is not None, "who decodes few looks for motion in them"


def test_a_process_knows_whether_something_is_tracked(capture: Callable[[str], None]) -> None:
    capture(ECHO)

    async def test() -> None:
        watched = Watched()
        watched.camera.start()
        await watched.until(lambda: watched.states)
        watched.camera.track(True)
        await watched.until(lambda: "tracked" in watched.camera.codec)
        assert eval(watched.camera.codec) == {"op": "change", "tracked": True}
        watched.camera.rebuild(CameraConfig(source="test://?size=640x480"))
        await watched.until(lambda: watched.camera.state == "online" and "tracked" in watched.camera.codec)
        watched.camera.track(True)  # no news
        watched.camera.track(False)
        await watched.until(lambda: "False" in watched.camera.codec)
        await watched.camera.stop()

    run(test)
