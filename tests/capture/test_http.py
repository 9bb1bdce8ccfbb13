"""Cameras that speak HTTP: pictures one after the other, and HLS."""

from __future__ import annotations

import base64
import http.server
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.capture.harness import CaptureHarness

USER, PASSWORD = "viewer", "s3cret"


class Camera(http.server.BaseHTTPRequestHandler):
    """``/video.mjpg`` as cameras serve it, ``/locked.mjpg`` with a password; files of ``folder``."""

    folder = Path()
    picture = b""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.path == "/locked.mjpg" and self.headers.get("Authorization") != f"Basic {token}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.endswith(".mjpg"):
            self.stream()
        elif (self.folder / self.path[1:]).is_file():
            data = (self.folder / self.path[1:]).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        else:
            self.send_error(404)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.send_header("Connection", "close")
        self.end_headers()
        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(self.picture)
        try:
            while True:
                self.wfile.write(head + self.picture + b"\r\n")
                time.sleep(0.05)  # the camera's rate
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("http")
    launch = ["gst-launch-1.0", "-q"]
    jpeg = "videotestsrc num-buffers=1 ! video/x-raw,width=320,height=240 ! jpegenc ! filesink location="
    subprocess.run([*launch, *(jpeg + str(folder / "a.jpg")).split()], check=True)
    clip = shared / "media" / "vtest-h264.mp4"
    hls = f"filesrc location={clip} ! qtdemux ! h264parse ! mpegtsmux ! hlssink playlist-length=0 max-files=0 "
    hls += f"target-duration=2 location={folder}/part%03d.ts playlist-location={folder}/live.m3u8"
    subprocess.run([*launch, *hls.split()], check=True)
    Camera.folder, Camera.picture = folder, (folder / "a.jpg").read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def source(url: str, kind: str = "http", **more: Any) -> Any:
    return {"kind": kind, "location": url, **more}


def test_motion_jpeg(camera: str) -> None:
    with CaptureHarness(source(f"{camera}/video.mjpg")) as worker:
        news = worker.wait_for("online")
        assert (news["codec"], news["width"], news["height"]) == ("jpeg", 320, 240)
        assert [worker.picture()[0].sequence for _ in range(5)] == [1, 2, 3, 4, 5]


def test_with_a_password(camera: str) -> None:
    url = f"{camera}/locked.mjpg"
    with CaptureHarness(source(url, username=USER, password=PASSWORD)) as worker:
        worker.wait_for("online")
    with CaptureHarness(source(url, username=USER, password="wrong")) as worker:
        farewell = worker.ended()
        assert (farewell["state"], "wrong" in farewell["reason"]) == ("unauthorized", False)


def test_a_path_that_is_not_there(camera: str) -> None:
    with CaptureHarness(source(f"{camera}/nowhere")) as worker:
        farewell = worker.ended()
        assert farewell["state"] == "unreachable"


def test_nobody_listens(free_port: int) -> None:
    with CaptureHarness(source(f"http://127.0.0.1:{free_port}/video.mjpg")) as worker:
        farewell = worker.ended()
        assert farewell["state"] == "unreachable" and f"nothing listens at 127.0.0.1:{free_port}" in farewell["reason"]


def test_what_is_no_video(camera: str) -> None:
    with CaptureHarness(source(f"{camera}/live.m3u8")) as worker:
        assert worker.ended()["state"] == "unsupported"


def test_hls_in_real_time(camera: str) -> None:
    with CaptureHarness(source(f"{camera}/live.m3u8", "hls")) as worker:
        news = worker.wait_for("online")
        assert (news["codec"], news["width"], news["height"]) == ("h264", 768, 576)
        first, last = (worker.picture()[0].captured for _ in range(2))
        for _ in range(8):
            last = worker.picture()[0].captured
        assert last - first > 0.5e9, "not as fast as it can be fetched"
