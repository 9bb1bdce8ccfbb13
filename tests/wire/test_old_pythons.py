"""The wire between this Python and the workers' ones: the same bytes, descriptors and memory on both sides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.wire import start
from edge.wire.channel import Channel
from edge.wire.memory import SlotReader
from edge.wire.messages import MEMORY, Credit, Memory, PictureHeader, ResultHeader, Times, unpack_result

HEADER = PictureHeader(1, 2, 3, 2**32 - 1, 2**64 - 1, -5, 2**62, 7, 1920, 1080, (0, 1, 2), (3, 4, 5), 0.25)
TIMES = Times(1, 2, 3, 4, 5, 6, 2**60)

#: Runs there: answers a credit as a capture process does, then with a result as an inference process does.
PEER = """
import ctypes, importlib.util, os, sys
folder = os.path.dirname(sys.argv[1])
spec = importlib.util.spec_from_file_location("start", os.path.join(folder, "start.py"))
start = importlib.util.module_from_spec(spec)
spec.loader.exec_module(start)
start._make_importable()
from edge.wire.channel import Channel
from edge.wire.clock import monotonic_ns
from edge.wire.memory import Slots
from edge.wire.messages import *

channel = Channel.from_fd(int(sys.argv[2]))
credit = Credit.unpack(channel.receive().data)
slots = Slots(5000)
ctypes.memmove(slots.address(1), b"picture", 7)
channel.send_bytes(Memory(slots.slot_size).pack(), [slots.fd])
header = PictureHeader(
    1, 2, 3, credit.serial, 2 ** 64 - 1, -5, 2 ** 62, 7, 1920, 1080, (0, 1, 2), (3, 4, 5), 0.25)
channel.send_bytes(header.pack())
channel.send_bytes(pack_result(ResultHeader(1, 2, 3, Times(1, 2, 3, 4, 5, 6, 2 ** 60), 8, 9), b"\\0" * 48))
channel.send({"op": "beat", "time": monotonic_ns(), "python": sys.version_info[:2]})
channel.receive()
"""


@pytest.fixture(params=["3.6", "3.8"])
def python(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("python" + request.param.replace(".", "")))


def test_both_sides_understand_each_other(python: str) -> None:
    channel, theirs = Channel.pair()
    channel.set_timeout(20)
    fd = theirs.fileno()
    peer = subprocess.Popen(
        [python, "-W", "error", "-c", PEER, start.__file__, str(fd)], pass_fds=[fd], cwd=str(Path(os.sep))
    )
    theirs.close()
    try:
        channel.send_bytes(Credit(True, HEADER.serial).pack())
        message = channel.receive()
        assert message.data[0] == MEMORY
        reader = SlotReader(message.fds[0], Memory.unpack(message.data).slot_size)
        assert PictureHeader.unpack(channel.receive().data) == HEADER
        assert reader.view(1)[:7] == b"picture"
        header, boxes = unpack_result(channel.receive().data)
        assert (header, len(boxes)) == (ResultHeader(1, 2, 3, TIMES, 8, 9), 48)
        beat = channel.receive().control
        assert beat is not None
        assert beat["op"] == "beat"
        assert tuple(beat["python"]) == ((3, 6) if "3.6" in python else (3, 8))
        assert sys.version_info[:2] != (3, 6)
    finally:
        channel.close()
        assert peer.wait(20) is not None
        peer.kill()
