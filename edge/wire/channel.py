"""One message in, one message out: a Unix SEQPACKET socket between two processes.

A datagram is a whole message, delivered in order; the end of the other process is seen as the end of the channel.
A message is either JSON (control: it starts with ``{``) or binary (its first byte is a kind of
:mod:`edge.wire.messages`). File descriptors travel beside a message.
"""

import array
import json
import os
import socket
import struct
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

MAX_MESSAGE = 65536
# Beside the data, room for a few descriptors; more than this never travels in one message.
_ANCILLARY = socket.CMSG_SPACE(4 * array.array("i").itemsize)
_SEND_BUFFER = 1 << 20


class Closed(Exception):
    """The process at the other end is gone."""


class Message(NamedTuple):
    """``control`` for JSON, else ``data``; ``fds`` are owned by the receiver."""

    data: bytes
    control: Optional[Dict[str, Any]]
    fds: List[int]


class Channel:
    """One end. Not locked: several threads may send (a datagram is atomic), one thread receives."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    @classmethod
    def pair(cls) -> "Tuple[Channel, Channel]":
        """Two connected ends."""
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(a), cls(b)

    @classmethod
    def from_fd(cls, fd: int) -> "Channel":
        """The end that was inherited as descriptor ``fd``, or came beside a message."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=fd)
        os.set_inheritable(fd, False)
        return cls(sock)

    def fileno(self) -> int:
        return self.socket.fileno()

    def set_timeout(self, seconds: Optional[float]) -> None:
        """Bound of :meth:`receive` and :meth:`send`; None waits for ever, 0 never."""
        self.socket.settimeout(seconds)

    def send(self, message: Dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Send a control message. Raises Closed, or BlockingIOError/socket.timeout when the bound is over."""
        self.send_bytes(json.dumps(message, separators=(",", ":")).encode("utf-8"), fds)

    def send_bytes(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send a binary message, with descriptors beside it. Raises ValueError for one that no receiver takes whole."""
        if len(data) > MAX_MESSAGE:
            raise ValueError("a message of {} bytes; {} is the most".format(len(data), MAX_MESSAGE))
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self.socket.sendmsg([data], ancillary)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed() from error

    def receive(self) -> Message:
        """The next message. Raises Closed at the end, BlockingIOError/socket.timeout when the bound is over."""
        try:
            data, ancillary, _flags, _address = self._receive()
        except ConnectionResetError:
            # The other end was closed with messages of ours unread. The kernel says so once, and before it gives what
            # the other end had still to say.
            data, ancillary, _flags, _address = self._receive()
        fds: List[int] = []
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                count = len(payload) // struct.calcsize("i")
                fds.extend(struct.unpack("{}i".format(count), payload[: count * struct.calcsize("i")]))
        if not data:
            for fd in fds:
                os.close(fd)
            raise Closed()
        control = json.loads(data.decode("utf-8")) if data[:1] == b"{" else None
        return Message(data, control, fds)

    def _receive(self) -> Tuple[bytes, List[Tuple[int, int, bytes]], int, Any]:
        return self.socket.recvmsg(MAX_MESSAGE, _ANCILLARY, socket.MSG_CMSG_CLOEXEC)

    def close(self) -> None:
        self.socket.close()
