"""A broker that does what a test tells it to: refuses, answers with a reason, is silent, ends connections."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType
from typing import Callable, List, NamedTuple, Optional, Tuple, Type


class Published(NamedTuple):
    connection: int  # counts from 1
    topic: str
    payload: bytes
    mid: int
    retain: bool


#: The reason code to answer with; None: no answer; a string: end the connection ("close", "reset").
Answer = Callable[[Published], object]


class FakeBroker:
    """Speaks the protocol of whoever connects. ``connack``: its reason code, or several for one connection after the
    other (the last one stays); ``properties``: MQTT 5's, of the CONNACK, encoded.
    """

    def __init__(self, answer: Answer = lambda _: 0, connack: Tuple[int, ...] = (0,), properties: bytes = b"") -> None:
        self.answer, self.connack, self.properties = answer, connack, properties
        self.published: List[Published] = []
        self.subscribed: List[Tuple[int, str]] = []  # connection, filter
        self.connections = 0
        self.farewells = 0
        self.most_in_flight = 0
        self.deaf = False  # reads no more
        self._unanswered: List[Tuple[socket.socket, int]] = []
        self._sockets: List[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(16)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def on(self, topic: str) -> List[Published]:
        return [p for p in list(self.published) if p.topic == topic]

    def send(self, packet: bytes) -> None:
        """To the newest connection, as it is."""
        self._sockets[-1].sendall(packet)

    def say(self, topic: str, payload: bytes, retain: bool = False, v5: bool = False, properties: bytes = b"") -> None:
        name = topic.encode()
        body = struct.pack("!H", len(name)) + name
        body += (bytes([len(properties)]) + properties if v5 else b"") + payload
        self.send(bytes([0x30 | retain]) + _length(len(body)) + body)

    def release(self, code: int = 0) -> None:
        """Answer what was left unanswered, in its order."""
        with self._lock:
            waiting, self._unanswered = self._unanswered, []
        for sock, mid in waiting:
            sock.sendall(_puback(mid, code))

    @property
    def unanswered(self) -> int:
        return len(self._unanswered)

    def end(self, how: str = "close") -> None:
        """End every connection."""
        for sock in self._sockets:
            _finish(sock, how)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.end()
        for thread in self._threads:
            thread.join(10)

    def __enter__(self) -> FakeBroker:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    # ---- in its threads ---------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(sock)
            self._threads.append(threading.Thread(target=self._serve, args=(sock,), daemon=True))
            self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._talk(sock)
        except (OSError, EOFError):
            pass
        finally:
            _finish(sock, "close")

    def _talk(self, sock: socket.socket) -> None:
        stream = sock.makefile("rb")
        with stream:
            v5, number = False, 0
            while not self.deaf:
                command, body = _packet(stream)
                kind = command & 0xF0
                if kind == 0x10:
                    v5 = body[6] == 5
                    self.connections += 1
                    number = self.connections
                    code = self.connack[min(number, len(self.connack)) - 1]
                    extra = bytes([len(self.properties)]) + self.properties if v5 else b""
                    sock.sendall(bytes([0x20, 2 + len(extra), 0, code]) + extra)
                    if code:
                        return
                elif kind == 0x30:
                    if not self._take(sock, _published(number, command, body, v5)):
                        return
                elif kind == 0x80:
                    at = 3 if v5 else 2
                    while at < len(body):
                        size = struct.unpack_from("!H", body, at)[0]
                        self.subscribed.append((number, body[at + 2 : at + 2 + size].decode()))
                        at += 3 + size
                    sock.sendall(bytes([0x90, 4 if v5 else 3]) + body[:2] + (b"\0\1" if v5 else b"\1"))
                elif kind == 0xC0:
                    sock.sendall(b"\xd0\0")
                elif kind == 0xE0:
                    self.farewells += 1
                    return
            threading.Event().wait(30)

    def _take(self, sock: socket.socket, message: Published) -> bool:
        self.published.append(message)
        said = self.answer(message)
        if said is None:
            with self._lock:
                self._unanswered.append((sock, message.mid))
                self.most_in_flight = max(self.most_in_flight, len(self._unanswered))
            return True
        if isinstance(said, str):
            _finish(sock, said)
            return False
        assert isinstance(said, int)
        sock.sendall(_puback(message.mid, said))
        return True


def _puback(mid: int, code: int) -> bytes:
    return struct.pack("!BBHBB", 0x40, 4, mid, code, 0) if code else struct.pack("!BBH", 0x40, 2, mid)


def _finish(sock: socket.socket, how: str) -> None:
    try:
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


def _length(n: int) -> bytes:
    out = b""
    while True:
        n, digit = divmod(n, 128)
        out += bytes([digit | (0x80 if n else 0)])
        if not n:
            return out


def _varint(data: bytes, at: int) -> Tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 128:
            return value, at


def _packet(stream: object) -> Tuple[int, bytes]:
    def read(n: int) -> bytes:
        data: bytes = stream.read(n)  # type: ignore[attr-defined]
        if len(data) < n:
            raise EOFError
        return data

    command, head = read(1)[0], b""
    while not head or head[-1] & 128:
        head += read(1)
    return command, read(_varint(head, 0)[0])


def _published(number: int, command: int, body: bytes, v5: bool) -> Published:
    size = struct.unpack_from("!H", body)[0]
    topic, at = body[2 : 2 + size].decode(), 2 + size
    mid = struct.unpack_from("!H", body, at)[0]
    at += 2
    if v5:
        length, at = _varint(body, at)
        at += length
    return Published(number, topic, body[at:], mid, bool(command & 1))
