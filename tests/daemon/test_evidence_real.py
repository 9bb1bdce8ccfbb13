"""The whole way with nothing made up: a camera by RTSP, its capture process, a picture and a recording on disk."""

from __future__ import annotations

import asyncio
import select
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from edge.daemon.camera import Camera
from edge.wire.channel import Channel
from edge.wire.memory import SlotReader
from edge.wire.messages import FORMATS, MEMORY, Credit, Memory, PictureHeader
from scripts.servers import RtspServer
from tests.daemon.evidence_double import Site
from tests.daemon.test_evidence_camera import Wired
from tests.daemon.watched import run

WANTED: Dict[str, Any] = {
    "snapshots": {"events": ["object.*"], "form": "clean", "quality": 95},
    "clips": {"events": ["zone.enter"], "before": "1s", "after": "1s"},
    "fps": 10,
}


class Inference:
    """The other end of the pictures: takes one at a time, as an inference process does."""

    def __init__(self, camera: Camera) -> None:
        self.channel, theirs = Channel.pair()
        self.channel.set_timeout(0)
        camera.ask({"op": "inference"}, [theirs.fileno()])
        theirs.close()
        self.memory: Any = None
        self.serial = 0

    async def picture(self, site: Site) -> Tuple[PictureHeader, bytes]:
        """The next one, and the brightness of all of it."""
        self.serial += 1
        self.channel.send_bytes(Credit(True, self.serial).pack())
        while True:
            await site.until(lambda: select.select([self.channel], [], [], 0)[0])
            message = self.channel.receive()
            if message.data[0] == MEMORY:
                size = Memory.unpack(message.data).slot_size
                self.memory = SlotReader(message.fds[0], size)
                continue
            header = PictureHeader.unpack(message.data)
            assert FORMATS[header.format] in ("i420", "nv12")
            view = bytes(self.memory.view(header.slot))
            rows = [view[header.offsets[0] + y * header.strides[0] :][: header.width] for y in range(header.height)]
            return header, b"".join(rows)


def brightness(jpeg: bytes) -> bytes:
    """Of every pixel of a picture."""
    pipeline = ["fdsrc", "!", "jpegdec", "!", "videoconvert", "!", "video/x-raw,format=GRAY8,colorimetry=1:4:0:0", "!",
                "fdsink"]  # fmt: skip
    done = subprocess.run(["gst-launch-1.0", "-q", *pipeline], input=jpeg, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def psnr(one: bytes, other: bytes) -> float:
    import numpy as np

    a, b = (np.frombuffer(data, np.uint8).astype(np.float64) for data in (one, other))
    a = np.clip((a - 16) * 255 / 219, 0, 255)  # of the stream's range, which JPEG's is not
    return float(10 * np.log10(255**2 / max(1e-9, float(((a - b) ** 2).mean()))))


def test_the_very_picture_and_a_recording(
    rtsp_server: Callable[..., RtspServer], shared: Path, tmp_path: Path
) -> None:
    clip = sorted((shared / "media").glob("*square*.mp4")) or sorted((shared / "media").glob("*.mp4"))
    server = rtsp_server(live=clip[0])

    async def test() -> None:
        wired = Wired(tmp_path, source=server.url("live"), **WANTED)
        site = wired.site
        wired.camera.start()
        await wired.until(lambda: wired.camera.state == "online")
        assert wired.camera.codec in ("h264", "h265")
        inference = Inference(wired.camera)
        seen: List[Tuple[PictureHeader, bytes]] = [await inference.picture(site) for _ in range(15)]
        header, pixels = seen[10]
        at = header.captured / 1e9
        event = site.happen("object.start", at, picture=header.captured)
        recorded = site.happen("zone.enter", at, picture=header.captured)
        while not (site.pictures and site.told):
            await asyncio.wait_for(inference.picture(site), 60)  # the stream goes on
        jpeg = wired.evidence.read(str(event.snapshot))
        assert jpeg is not None and jpeg[:2] == b"\xff\xd8"
        quality = psnr(pixels, brightness(jpeg))
        others = [psnr(other, brightness(jpeg)) for _, other in (seen[7], seen[13])]
        print(f"PSNR {quality:.1f} dB; of other pictures {others}")
        assert quality >= 35 and quality > max(others) + 1, "it is the very picture"
        (ready,) = site.told
        assert (ready.type, ready.of) == ("clip.ready", recorded.id), ready.reason
        assert ready.duration_s is not None and ready.duration_s >= 1.5
        mp4 = wired.evidence.read(str(recorded.clip))
        assert mp4 is not None and mp4[4:8] == b"ftyp"
        path = await wired.evidence.snapshot("gate")
        assert (wired.evidence.read(path) or b"")[:2] == b"\xff\xd8"
        inference.channel.close()
        await wired.end()

    run(test)
