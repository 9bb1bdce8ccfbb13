"""A capture worker as the daemon would start it, with this test as daemon and as inference process."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Tuple, Type, Union

import numpy as np

from edge.wire import start
from edge.wire.channel import Channel, Closed
from edge.wire.memory import SlotReader
from edge.wire.messages import FORMATS, MEMORY, PICTURE, Credit, Memory, PictureHeader

#: Bound of every wait: a broken worker fails its test, a slow machine does not.
PATIENCE = 100.0
Planes = List[np.ndarray]
Source = Dict[str, Any]


def rtsp(url: str, **more: Any) -> Source:
    """An RTSP source as the daemon orders it; ``username`` and ``password`` apart."""
    return {"kind": "rtsp", "location": url, **more}


def clip(path: Union[Path, str], **more: Any) -> Source:
    return {"kind": "file", "location": str(path), **more}


def generated(**options: Any) -> Source:
    """A test picture: width, height, rate, pattern."""
    return {"kind": "test", "location": "test://", "options": options}


class CaptureHarness:
    """Use as a context manager. ``stderr`` is what the worker said once it has ended."""

    def __init__(
        self,
        source: Source,
        python: Union[Path, str] = sys.executable,
        stall_timeout: float = PATIENCE,
        attach: bool = True,
        environment: Optional[Dict[str, str]] = None,
    ) -> None:
        self.control, theirs = Channel.pair()
        fd = theirs.fileno()
        self.process = subprocess.Popen(
            [str(python), start.__file__, "edge.capture", "test", str(fd), str(os.getpid())],
            pass_fds=[fd],
            stderr=subprocess.PIPE,
            env=environment,
        )
        theirs.close()
        self.control.set_timeout(PATIENCE)
        self.control.send({"op": "open", "source": source, "stall_timeout": stall_timeout})
        self.pictures: Optional[Channel] = None
        self.memory: Optional[SlotReader] = None
        self.memories: List[int] = []
        self.messages: List[Dict[str, Any]] = []
        self.serial = 0
        self.stderr = ""
        if attach:
            self.attach()

    def attach(self) -> None:
        """Give the worker a new socket to the inference process, in place of the one it had."""
        if self.pictures is not None:
            self.pictures.close()
        self.memory = None
        self.pictures, theirs = Channel.pair()
        self.pictures.set_timeout(PATIENCE)
        self.control.send({"op": "inference"}, [theirs.fileno()])
        theirs.close()

    def __enter__(self) -> CaptureHarness:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.control.close()
        if self.pictures is not None:
            self.pictures.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE)
            if kind is None:
                raise
        finally:
            assert self.process.stderr is not None
            self.stderr = self.process.stderr.read().decode("utf-8", "replace")
            self.process.stderr.close()
        if kind is not None:
            print("the worker said:", self.stderr, sep="\n")

    def hear(self) -> Dict[str, Any]:
        """The next control message."""
        message = self.control.receive().control
        assert message is not None
        self.messages.append(message)
        return message

    def wait_for(self, op: str, timeout: float = PATIENCE) -> Dict[str, Any]:
        """The next control message with this op."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            message = self.hear()
            if message["op"] == op:
                return message
            assert message["op"] != "end", f"waited for {op!r}: {message}"
        raise AssertionError(f"no {op!r}; saw {self.messages}")

    def give_credit(self, fresh: bool = True) -> None:
        assert self.pictures is not None
        self.serial += 1
        self.pictures.send_bytes(Credit(fresh, self.serial).pack())

    def take_picture(self) -> Tuple[PictureHeader, Planes]:
        """The answer to the last credit."""
        assert self.pictures is not None
        while True:
            message = self.pictures.receive()
            if message.data[0] == MEMORY:
                size = Memory.unpack(message.data).slot_size
                self.memories.append(size)
                self.memory = SlotReader(message.fds[0], size)
                continue
            assert message.data[0] == PICTURE
            header = PictureHeader.unpack(message.data)
            assert header.serial == self.serial
            return header, planes(header, self.memory)

    def picture(self, fresh: bool = True) -> Tuple[PictureHeader, Planes]:
        """Give a credit; the header of the picture that answers it and its planes."""
        self.give_credit(fresh)
        return self.take_picture()

    def answered(self) -> bool:
        """Whether something waits at the picture socket."""
        assert self.pictures is not None
        return bool(select.select([self.pictures], [], [], 0)[0])

    def ended(self) -> Dict[str, Any]:
        """The farewell; the process is gone afterwards, with status 0."""
        while True:
            farewell = self.hear()
            if farewell["op"] == "end":
                break
        assert self.process.wait(PATIENCE) == 0
        try:
            while True:
                self.messages.append(self.control.receive().control or {})
        except Closed:
            pass
        return farewell

    def cpu_s(self) -> float:
        """Seconds of CPU that the worker has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def planes(header: PictureHeader, memory: Optional[SlotReader]) -> Planes:
    """The planes of an I420 or grey picture as arrays, copied."""
    assert memory is not None
    data = np.frombuffer(memory.view(header.slot), np.uint8)
    width, height = header.width, header.height
    half = ((height + 1) // 2, (width + 1) // 2)
    sizes = {"i420": [(height, width), half, half], "gray8": [(height, width)]}[FORMATS[header.format]]
    return [
        np.lib.stride_tricks.as_strided(data[offset:], (h, w), (stride, 1)).copy()
        for (h, w), offset, stride in zip(sizes, header.offsets, header.strides)
    ]
