"""Snapshots of cameras that are no plain RTSP: HTTP, HLS, other sizes in the middle; and what they cost them."""

from __future__ import annotations

import http.server
import statistics
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import cv2
import numpy as np
import pytest

from scripts.servers import RtspServer
from tests.capture import forms, numbered
from tests.capture.forms import Form, psnr
from tests.capture.harness import clip, rtsp
from tests.capture.snapshots import Recorder


class Camera(http.server.BaseHTTPRequestHandler):
    """``/video.mjpg``: numbered pictures, from the 60th on of another size; files of ``folder``."""

    protocol_version = "HTTP/1.1"
    folder = Path()

    def do_GET(self) -> None:
        if self.path == "/video.mjpg":
            self.stream()
            return
        data = (self.folder / self.path[1:]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for number in range(1000):
                size = (640, 360) if number < 60 else (320, 240)
                done, data = cv2.imencode(".jpg", numbered.picture(number, size), [cv2.IMWRITE_JPEG_QUALITY, 95])
                assert done
                head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
                self.wfile.write(head + data.tobytes() + b"\r\n")
                time.sleep(0.05)  # the camera's rate
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[str]:
    Camera.folder = tmp_path
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("size", [None, [160, 120]], ids=["whole", "scaled"])
def test_motion_jpeg_and_another_size_in_the_middle(camera: str, size: Any) -> None:
    wish: Dict[str, Any] = {} if size is None else {"size": size, "fps": 10}
    with Recorder({"kind": "http", "location": f"{camera}/video.mjpg", **wish}) as worker:
        worker.wait_for("online")
        seen: List[Tuple[int, int]] = []
        while not seen or seen[-1][1] < 80:
            header, planes = worker.picture()
            seen.append((header.captured, numbered.number_of(planes[0])))
        sizes = set()
        for captured, number in seen[1:]:
            shot = worker.snapshot(captured)
            if not shot.answer["ok"]:
                assert "came since" in shot.answer["reason"] or "not delivered" in shot.answer["reason"]
                continue
            assert numbered.number_of(shot.luma) == number
            sizes.add(shot.luma.shape)
            assert psnr(shot.luma, numbered.picture(number, shot.luma.shape[::-1])) > 35
        assert sizes == {(360, 640), (240, 320)}


def test_hls(camera: str, tmp_path: Path) -> None:
    film = numbered.make(tmp_path / "film.mp4", numbered.CODINGS["h264 with B pictures"], count=250)
    line = f"filesrc location={film} ! qtdemux ! h264parse ! mpegtsmux ! hlssink playlist-length=0 max-files=0 "
    line += f"target-duration=2 location={tmp_path}/part%03d.ts playlist-location={tmp_path}/live.m3u8"
    subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)
    with Recorder({"kind": "hls", "location": f"{camera}/live.m3u8"}) as worker:
        worker.wait_for("online")
        good = 0
        while good < 8:
            header, planes = worker.picture()
            shot = worker.snapshot(header.captured)
            if shot.answer["ok"]:
                good += 1
                assert numbered.number_of(shot.luma) == numbered.number_of(planes[0])


#: Of each what is hard about it; and one whose colours are BT.709.
FORMS = [
    Form("h264", (1280, 720)), Form("h264", (641, 361), "yuv444p"), Form("h265", (640, 360), "yuv422p10le"),
    Form("jpeg", (641, 361), "yuvj422p"), Form("h264", (640, 360), more=("-bsf:v", "h264_metadata=crop_right=32")),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_any_form(form: Form, tmp_path: Path) -> None:
    path = forms.make(form, tmp_path)
    with Recorder(clip(path, loop=True)) as worker:
        online = worker.wait_for("online")
        while True:
            header, planes = worker.picture()
            shot = worker.snapshot(header.captured)
            if shot.answer["ok"]:
                break
    assert (shot.answer["width"], shot.answer["height"]) == (online["width"], online["height"])
    wanted = planes[0] if form.codec == "jpeg" else full(planes[0])
    # The matrix of high pictures is another than JPEG's, and so is the brightness of colours.
    assert psnr(shot.luma, wanted) > (20 if form.size[1] > 576 else 35)
    if form.size[1] > 576:
        raw = forms.ffmpeg("-i", str(path), "-vf", "scale=in_color_matrix=bt709,format=bgr24", "-f", "rawvideo", "-")
        pictures = np.frombuffer(raw, np.uint8).reshape(-1, form.size[1], form.size[0], 3)
        assert max(psnr(shot.picture, picture) for picture in pictures) > 33


def full(limited: np.ndarray) -> np.ndarray:
    return np.clip(np.round((limited.astype(np.float64) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def test_pictures_come_as_soon_as_ever_while_snapshots_are_made(tmp_path: Path) -> None:
    """From the picture's arrival to its delivery, with twenty snapshots of 30 decoded pictures each and without."""
    film = numbered.make(tmp_path / "film.mp4", (*numbered.X264, "-bf", "0", "-g", "40"), size=(1280, 720))
    with RtspServer({"film": film}) as server, Recorder(rtsp(server.url("film"))) as worker:
        worker.wait_for("online")
        waits: Dict[bool, List[float]] = {False: [], True: []}
        captured = 0
        for number in range(200):
            busy = number >= 100
            if busy and number % 5 == 0:
                worker.ask(captured)
            header, _ = worker.picture()
            captured = header.captured
            waits[busy].append((header.sent - header.captured) / 1e6)
        middle, high = {b: statistics.median(w) for b, w in waits.items()}, {b: sorted(w)[94] for b, w in waits.items()}
        print("capture to delivery, ms: median", middle, "p95", high)
        assert middle[True] < middle[False] + 20
