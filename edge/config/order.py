"""What a capture process is told of a camera's source."""

from __future__ import annotations

from typing import Any, Dict

from edge.config.camera import CameraConfig


def source_order(camera: CameraConfig) -> Dict[str, Any]:
    """The fields of ``edge.capture.source.Source``; with user and password."""
    url = camera.source_url()
    return {
        "kind": url.kind,
        "location": str(url.path) if url.path is not None else url.location,
        "username": url.username,
        "password": url.password,
        "options": url.options,
        "transport": camera.transport,
        "latency": camera.latency,
        "loop": camera.loop,
        "size": None if camera.size is None else list(camera.size),
        "fps": camera.fps,
    }
