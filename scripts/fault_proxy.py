"""A TCP proxy in front of an RTSP server that breaks what comes through, on command: a camera with every fault.

    with FaultProxy(server.port) as proxy:
        url = proxy.url("square")               # the port stays the same, whatever the mode
        proxy.set("lose", share=0.05)

A mode acts on what is there and on what comes while it lasts:

    pass              everything goes through
    refuse            nothing listens at the port, and the connections are reset
    silent            who connects gets no answer, and who is connected gets none any more
    half-open         who is connected gets no answer any more, for ever; who connects anew is served
    stall             RTSP goes through, pictures do not
    garbage           the payload of every RTP packet is random bytes
    garbage-packets   every RTP and RTCP packet is random bytes, headers too
    garbage-stream    everything from the server is random bytes
    truncate          every RTP packet is cut short somewhere in its payload
    lose              that share of the RTP packets is left out
    reset, close      connections are reset, or closed in order, at once and as soon as they are made

Nothing has to be rewritten: the server names its streams by the address that it was asked by. Media must come through
the same connection (RTSP over TCP). What is random follows from the seed and the number of the connection.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from types import TracebackType
from typing import Dict, List, Optional, Tuple, Type

from scripts.rtsp_harm import HARMS, Harm
from scripts.servers import PATIENCE, free_port

MODES = ("pass", "refuse", "silent", "half-open", "reset", "close", *HARMS)
_CHUNK = 65536

Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One client's connection. ``dead``: nobody answers it any more."""

    def __init__(self, client: Streams, server: Optional[Streams], harm: Harm) -> None:
        self.client, self.server, self.harm = client, server, harm
        self.dead = server is None

    def end(self, reset: bool) -> None:
        for streams in (self.client, self.server):
            if streams is not None:
                _end(streams[1], reset)


def _end(writer: asyncio.StreamWriter, reset: bool) -> None:
    if not reset:
        writer.close()
        return
    sock = writer.get_extra_info("socket")
    if sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class FaultProxy:
    """``port`` is where it listens, on 127.0.0.1; ``counts`` are the RTP packets, by what became of them."""

    def __init__(self, target_port: int, seed: int = 0) -> None:
        self.target_port, self.seed = target_port, seed
        self.mode, self.share = "pass", 0.0
        self.counts: Dict[str, int] = {"passed": 0, "harmed": 0, "dropped": 0}
        self._links: List[_Link] = []
        self._made = 0
        # Bound by its number and not as any free one, the port stays bound while nothing listens.
        self.port = free_port()
        self._listener = socket.socket()
        # Or it could not listen again while a connection of before is not forgotten yet.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(64)
        self._listener.setblocking(False)
        self._loop = asyncio.new_event_loop()
        self._loop.add_reader(self._listener, self._accept)
        self._thread = threading.Thread(target=self._run, name=f"fault proxy {self.port}", daemon=True)
        self._thread.start()

    def url(self, mount: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{mount}"

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._links)

    def set(self, mode: str, share: float = 0.0) -> None:
        """From now on the connections are treated so. ``share`` (0 to 1) is for ``lose``."""
        if mode not in MODES:
            raise ValueError(f"no mode {mode!r}; there are {', '.join(MODES)}")
        asyncio.run_coroutine_threadsafe(self._change(mode, share), self._loop).result(PATIENCE)

    def close(self) -> None:
        """End every connection and the proxy."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    # ---- in its thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        self._loop.run_until_complete(self._end_all())
        self._loop.close()

    async def _end_all(self) -> None:
        for link in self._links:
            link.end(reset=False)
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close a step later

    async def _change(self, mode: str, share: float) -> None:
        if mode == "refuse" != self.mode:
            self._loop.remove_reader(self._listener)
            self._listener.shutdown(socket.SHUT_RDWR)
        elif self.mode == "refuse" != mode:
            self._listener.listen(64)
            self._loop.add_reader(self._listener, self._accept)
        self.mode, self.share = mode, share
        for link in self._links:
            if mode in ("refuse", "reset", "close"):
                link.end(reset=mode != "close")
            elif mode in ("silent", "half-open"):
                link.dead = True

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return  # gone before it was taken
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.create_task(self._serve(client))

    async def _serve(self, sock: socket.socket) -> None:
        client = await asyncio.open_connection(sock=sock)
        server: Optional[Streams] = None
        if self.mode != "silent":
            try:
                server = await asyncio.open_connection("127.0.0.1", self.target_port)
            except OSError:
                _end(client[1], reset=True)  # the camera is gone: so are we, for this client
                return
        self._made += 1
        link = _Link(client, server, Harm(random.Random(f"{self.seed}/{self._made}"), self.counts))
        link.dead = link.dead or self.mode == "silent"
        self._links.append(link)
        if self.mode in ("refuse", "reset", "close"):
            link.end(reset=self.mode != "close")
        pumps = [self._loop.create_task(self._upstream(link)), self._loop.create_task(self._downstream(link))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            link.end(reset=False)
            self._links.remove(link)

    async def _upstream(self, link: _Link) -> None:
        while True:
            data = await link.client[0].read(_CHUNK)
            if not data:
                return
            if link.server is not None and not link.dead:
                link.server[1].write(data)
                await link.server[1].drain()

    async def _downstream(self, link: _Link) -> None:
        """Ends with the server, but never for a client that must not learn of it."""
        while link.server is not None:
            data = await link.server[0].read(_CHUNK)
            if not data and not link.dead:
                return
            if link.dead:
                break
            data = link.harm.treat(data, self.mode, self.share)
            if data:
                link.client[1].write(data)
                await link.client[1].drain()
        if link.server is not None:
            link.server[1].close()
        await asyncio.Event().wait()
