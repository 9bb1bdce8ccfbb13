"""What a capture process is told of a source: all that it knows, and as the daemon says it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from edge.capture.source import Source
from edge.config import load
from edge.config.order import source_order
from edge.daemon.camera import Camera

CAMERAS = {
    "net": "{source: 'rtsp://me:word@10.0.0.1/x', size: 320x240, latency: 0.5, fps: 2}",
    "clip": "{source: 'file:a.mp4', loop: true}",
    "own": "{source: 'csi://1?flip=clockwise&exposure=1ms..2ms'}",
}


@pytest.mark.parametrize("name", CAMERAS)
def test_it_is_a_source(name: str, tmp_path: Path) -> None:
    file = tmp_path / "edge.yaml"
    (tmp_path / "a.mp4").write_bytes(b"")
    cameras = "".join(f"  {camera}: {text}\n" for camera, text in CAMERAS.items())
    file.write_text(f"device: a\nmodels: {{p: {{spec: person}}}}\ncameras:\n{cameras}")
    camera = load(file).cameras[name]
    order = source_order(camera)
    assert set(order) == set(Source._fields)
    source = Source(**json.loads(json.dumps(order)))
    assert source.location == (str(tmp_path / "a.mp4") if name == "clip" else camera.source_url().location)
    if name == "net":
        assert (source.username, source.password, source.latency, source.fps) == ("me", "word", 0.5, 2.0)
        assert list(source.size or ()) == [320, 240]

    async def of_the_daemon() -> object:
        return Camera(0, name, camera, "python", lambda _: None, lambda _: None)._order()["source"]

    assert asyncio.run(of_the_daemon()) == order
