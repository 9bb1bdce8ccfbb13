"""What goes wrong in the inference worker stays where it is: one model, one camera, and never the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from edge.wire import start
from edge.wire.channel import Channel, Closed
from edge.wire.messages import CREDIT, MEMORY, PICTURE, RESULT, Memory, PictureHeader
from tests.inference import networks
from tests.inference.harness import PATIENCE, Autopilot, FakeCamera, InferenceHarness, grey

pytest.importorskip("onnxruntime")


@pytest.fixture
def good(tmp_path: Path) -> Dict[str, Any]:
    return networks.order(networks.brightness(tmp_path / "good.onnx"), "good")


# ---- models that cannot be loaded ------------------------------------------------------------------------------------


def missing(folder: Path) -> Dict[str, Any]:
    return networks.order(folder / "nowhere.onnx")


def broken(folder: Path) -> Dict[str, Any]:
    (folder / "broken.onnx").write_bytes(os.urandom(4000))
    return networks.order(folder / "broken.onnx")


def cut_short(folder: Path) -> Dict[str, Any]:
    whole = networks.brightness(folder / "whole.onnx", work=2).read_bytes()
    (folder / "short.onnx").write_bytes(whole[: len(whole) // 2])
    return networks.order(folder / "short.onnx")


def wrong_decoder(folder: Path) -> Dict[str, Any]:
    return networks.order(networks.brightness(folder / "network.onnx"), output={"decoder": "fastestdet"})


def unknown_decoder(folder: Path) -> Dict[str, Any]:
    return networks.order(networks.brightness(folder / "network.onnx"), output={"decoder": "tarot"})


def wrong_labels(folder: Path) -> Dict[str, Any]:
    return networks.order(networks.brightness(folder / "network.onnx"), labels=["a", "b", "c"])


def wrong_colour(folder: Path) -> Dict[str, Any]:
    return networks.order(networks.brightness(folder / "network.onnx"), input={"color": "bgr"})


def wrong_size(folder: Path) -> Dict[str, Any]:
    return networks.order(networks.brightness(folder / "network.onnx"), input={"color": "gray", "size": [64, 64]})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (missing, ["nowhere.onnx"]),
        (broken, ["broken.onnx"]),
        (cut_short, ["short.onnx"]),
        (wrong_decoder, ["network.onnx", "fastestdet"]),
        (unknown_decoder, ["network.onnx", "tarot"]),
        (wrong_labels, ["network.onnx", "3"]),
        (wrong_colour, ["network.onnx", "channels"]),
        (wrong_size, ["network.onnx", "64"]),
    ],
)
def test_a_model_that_cannot_run_says_why_and_the_others_go_on(
    tmp_path: Path, good: Dict[str, Any], make: Callable[[Path], Dict[str, Any]], words: Any
) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, make(tmp_path))
        worker.add_model(2, good)
        beside, with_it = worker.add_camera(1, models=(2,)), worker.add_camera(2, models=(1, 2))
        failed = worker.state(1)
        assert failed["state"] == "failed"
        for word in words:
            assert word in failed["reason"], failed
        assert "\n" not in failed["reason"]
        worker.ready(2)
        for camera in (beside, with_it):
            (result,) = worker.take(1, camera=camera.number, sequence=camera.answer(grey(luma=200)))
            assert result.header.model == 2 and len(result.boxes) == 1
    assert "Traceback" not in worker.stderr


def test_an_unknown_backend(good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good, backend="abacus")
        assert worker.state(1)["state"] == "failed"
        assert "abacus" in worker.states[1]["reason"]


def test_a_model_that_fails_at_run_time(tmp_path: Path, good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, networks.order(networks.fragile(tmp_path / "fragile.onnx"), "fragile"))
        worker.add_model(2, good)
        fragile = worker.add_camera(1, models=(1,))
        both = worker.add_camera(2, models=(1, 2))
        worker.ready(1, 2)
        worker.take(1, camera=1, sequence=fragile.answer(grey(luma=60)))
        worker.take(2, camera=2, sequence=both.answer(grey(luma=60)))
        del worker.states[1]
        fragile.answer(grey(luma=230))
        failed = worker.state(1)
        assert failed["state"] == "failed" and failed["reason"]
        # The camera that has another model goes on with that one, for as long as it likes.
        for _ in range(5):
            (result,) = worker.take(1, camera=2, model=2, sequence=both.answer(grey(luma=200)))
            assert len(result.boxes) == 1


# ---- cameras that break the protocol ---------------------------------------------------------------------------------


def header(camera: FakeCamera, **more: Any) -> bytes:
    credit = camera.credit()
    camera.send_memory(64 * 48 * 3 // 2)
    whole = PictureHeader(
        0, 0, 0, credit.serial, 1, 1, 2, 3, 64, 48, (0, 64 * 48, 64 * 48 * 5 // 4), (64, 32, 32), -1.0
    )
    return whole._replace(**more).pack()


def send(data: bytes) -> Callable[[FakeCamera], None]:
    return lambda camera: camera.channel.send_bytes(data)


def send_header(**more: Any) -> Callable[[FakeCamera], None]:
    return lambda camera: camera.channel.send_bytes(header(camera, **more))


def lying_memory(camera: FakeCamera) -> None:
    with open("/proc/self/exe", "rb") as file:
        camera.channel.send_bytes(Memory(1 << 40).pack(), [file.fileno()])


def memory_that_cannot_be_mapped(camera: FakeCamera) -> None:
    fd = os.open("/", os.O_RDONLY)  # a folder: its size may do, and mapping it does not
    camera.channel.send_bytes(Memory(1).pack(), [fd])
    os.close(fd)


def no_descriptor(camera: FakeCamera) -> None:
    camera.channel.send_bytes(Memory(4096).pack())


def twice(camera: FakeCamera) -> None:
    data = header(camera)
    camera.channel.send_bytes(data)
    camera.channel.send_bytes(data)


def uninvited(camera: FakeCamera) -> None:
    camera.send(grey(), camera.credit()._replace(serial=77))


@pytest.mark.parametrize(
    "fault",
    [
        send(b"\x00" * 40),
        send(bytes([RESULT]) * 12),
        send(bytes([CREDIT]) * 8),
        send(bytes([PICTURE]) * 20),
        send(bytes([MEMORY])),
        send(b"{not json"),
        send(b'{"op": "stop"}'),
        send(os.urandom(3000)),
        no_descriptor,
        lying_memory,
        memory_that_cannot_be_mapped,
        send_header(format=9),
        send_header(format=255),
        send_header(slot=2),
        send_header(slot=255),
        send_header(width=0),
        send_header(height=0),
        send_header(width=2**32 - 1, height=2**32 - 1),
        send_header(offsets=(2**32 - 1, 0, 0)),
        send_header(strides=(1, 1, 1)),
        send_header(strides=(2**32 - 1,) * 3),
        twice,
        uninvited,
    ],
    ids=lambda fault: getattr(fault, "__name__", None),
)
def test_a_camera_that_breaks_the_protocol_is_dropped_and_the_others_go_on(
    good: Dict[str, Any], fault: Callable[[FakeCamera], None]
) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good)
        bad = worker.add_camera(1, name="the bad one")
        fine = worker.add_camera(2)
        worker.ready(1)
        worker.take(1, camera=2, sequence=fine.answer(grey(luma=200)))
        fault(bad)
        with pytest.raises(Closed):
            while True:
                bad.channel.receive()
        for _ in range(3):
            (result,) = worker.take(1, camera=2, sequence=fine.answer(grey(luma=200)))
            assert len(result.boxes) == 1
        # It may come back, as a new capture process.
        again = worker.add_camera(1)
        worker.take(1, camera=1, sequence=again.answer(grey(luma=200)))
    assert "the bad one" in worker.stderr
    assert "Traceback" not in worker.stderr


def test_a_camera_that_goes_and_one_that_is_stuck_hinder_nobody(good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good)
        gone, stuck, fine = (worker.add_camera(n, fps=60) for n in (1, 2, 3))
        worker.ready(1)
        stuck.credit()
        gone.credit()
        gone.close()
        for _ in range(10):
            worker.take(1, camera=3, sequence=fine.answer(grey(luma=200)))
        assert worker.process.poll() is None


def test_a_camera_whose_socket_is_replaced_starts_anew(good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good)
        first = worker.add_camera(1)
        worker.ready(1)
        first.credit()  # never answered
        old = first.channel
        second = worker.add_camera(1)
        with pytest.raises((Closed, OSError)):
            while True:
                old.receive()
        for _ in range(3):
            worker.take(1, camera=1, sequence=second.answer(grey(luma=200)))


def test_a_camera_that_is_taken_away(good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good)
        camera, other = worker.add_camera(1), worker.add_camera(2)
        worker.ready(1)
        worker.take(1, camera=1, sequence=camera.answer(grey(luma=200)))
        worker.control.send({"op": "forget", "id": 1})
        with pytest.raises(Closed):
            while True:
                camera.credit()
        worker.take(1, camera=2, sequence=other.answer(grey(luma=200)))
        assert "1" not in worker.beat()["missed"]


# ---- its own end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stop", "close"])
def test_it_ends_within_bounds_in_the_midst_of_its_work(tmp_path: Path, how: str) -> None:
    slow = networks.order(networks.brightness(tmp_path / "slow.onnx", batch=1, size=160, work=12), "slow")
    with InferenceHarness() as worker:
        worker.add_model(1, slow)
        pilots = [Autopilot(worker.add_camera(n, fps=60), grey()) for n in (1, 2, 3)]
        worker.ready(1)
        worker.take(4)
        if how == "stop":
            worker.control.send({"op": "stop"})
        else:
            worker.control.close()
        assert worker.process.wait(PATIENCE) == 0
        for pilot in pilots:
            pilot.close()
    assert worker.stderr == ""


def test_it_ends_while_a_model_is_loaded(good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good)
        worker.control.send({"op": "stop"})
        assert worker.process.wait(PATIENCE) == 0
    assert "Traceback" not in worker.stderr


def test_it_dies_with_a_daemon_that_is_killed(wait_until: Callable[..., Any]) -> None:
    between = """
import os, subprocess, sys
script, fd = sys.argv[1:]
child = subprocess.Popen([sys.executable, script, "edge.inference", "i", fd, str(os.getpid())], pass_fds=[int(fd)])
print(child.pid, flush=True)
child.wait()
"""
    control, theirs = Channel.pair()
    control.set_timeout(PATIENCE)
    fd = theirs.fileno()
    daemon = subprocess.Popen(
        [sys.executable, "-c", between, start.__file__, str(fd)], pass_fds=[fd], stdout=subprocess.PIPE, text=True
    )
    try:
        assert daemon.stdout is not None
        worker = int(daemon.stdout.readline())
        assert (control.receive().control or {})["op"] == "beat"
        daemon.kill()
        theirs.close()
        with pytest.raises(Closed):
            while True:
                control.receive()
        wait_until(lambda: not Path(f"/proc/{worker}").exists(), what="the worker gone")
    finally:
        daemon.kill()
        daemon.wait(PATIENCE)
        if daemon.stdout is not None:
            daemon.stdout.close()
        control.close()


def test_an_interrupt_at_the_terminal_is_the_daemons_business(good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good)
        camera = worker.add_camera(1)
        worker.ready(1)
        os.kill(worker.process.pid, signal.SIGINT)
        worker.take(1, sequence=camera.answer(grey(luma=200)))


def test_it_tells_of_itself_once_a_second(good: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, good)
        pilot = Autopilot(worker.add_camera(1, fps=20), grey(luma=200))
        worker.ready(1)
        worker.take(3)
        first, second = worker.beat(), worker.beat()
        pilot.close()
        assert second["time"] - first["time"] > 0.9e9
        (lane,) = second["lanes"]
        assert lane["id"] == 1 and lane["pictures"] >= 3 and lane["busy_ns"] > 0
        assert second["missed"] == {"1": 0}
