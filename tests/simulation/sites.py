"""A network's cameras for simulated boards: RTSP, Motion JPEG and HLS, and what each of their pictures looks like."""

from __future__ import annotations

import http.server
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Tuple, Type

import numpy as np

from scripts.servers import RtspServer
from tests.capture import clips

PICTURES = 20  # of the clip
CLIP = (768, 576)  # its size
SIZE = (320, 240)  # of what is compared
_H264 = "h264parse ! avdec_h264"
_DECODE = {"h264": _H264, "hls": _H264, "h265": "h265parse ! avdec_h265"}


class Site:
    """Use as a context manager. ``media``: the folder of clips; ``folder``: an empty one of its own."""

    def __init__(self, media: Path, folder: Path) -> None:
        self._folder = folder
        self.clips = {
            codec: clips.cut(media / f"vtest-{codec}.mp4", folder / f"{codec}.mp4", PICTURES, codec)
            for codec in ("h264", "h265")
        }
        demux = f"filesrc location={self.clips['h264']} ! qtdemux ! h264parse"
        self.jpeg = folder / "picture.jpg"
        first = "avdec_h264 ! identity eos-after=2"
        clips.launch(f"{demux} ! {first} ! jpegenc quality=95 ! filesink location={self.jpeg}")
        # It is played once, and a busy machine may begin late.
        self.clips["hls"] = clips.cut(media / "vtest-h264.mp4", folder / "hls.mp4", 5 * PICTURES)
        clips.launch(
            f"filesrc location={self.clips['hls']} ! qtdemux ! h264parse ! mpegtsmux ! "
            "hlssink playlist-length=0 max-files=0 target-duration=1 "
            f"location={folder}/part%03d.ts playlist-location={folder}/live.m3u8"
        )
        pictures = f"launch:multifilesrc location={self.jpeg} caps=image/jpeg,framerate=10/1 ! jpegparse"
        self.rtsp = RtspServer({**self.clips, "jpeg": f"{pictures} ! rtpjpegpay name=pay0"})
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, self.jpeg.read_bytes()))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._seen: Dict[Tuple[str, Tuple[int, int]], List[List[np.ndarray]]] = {}

    @property
    def url(self) -> str:
        """``/video.mjpg`` and ``/live.m3u8`` are there."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def seen(self, codec: str, size: Tuple[int, int] = SIZE) -> List[List[np.ndarray]]:
        """Every picture of h264, h265, hls or jpeg as software scales it: its Y, and U and V side by side."""
        key = (codec, size)
        if key not in self._seen:
            data = self._folder / f"{codec}.raw"
            begin = (
                f"filesrc location={self.jpeg} ! jpegparse ! avdec_mjpeg"
                if codec == "jpeg"
                else f"filesrc location={self.clips[codec]} ! qtdemux ! {_DECODE[codec]}"
            )
            clips.launch(
                f"{begin} ! videoconvert ! videoscale add-borders=false ! videoconvert ! "
                f"video/x-raw,format=NV12,width={size[0]},height={size[1]} ! filesink location={data}"
            )
            lines = np.frombuffer(data.read_bytes(), np.uint8).reshape(-1, size[1] * 3 // 2, size[0])
            self._seen[key] = [[picture[: size[1]], picture[size[1] :]] for picture in lines]
        return self._seen[key]

    def __enter__(self) -> Site:
        self.rtsp.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.rtsp.close()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def _handler(folder: Path, picture: bytes) -> Type[http.server.BaseHTTPRequestHandler]:
    class Camera(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *how: Any) -> None:
            super().__init__(*how, directory=str(folder))

        def do_GET(self) -> None:
            if self.path != "/video.mjpg":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
            try:
                while True:
                    self.wfile.write(head + picture + b"\r\n")
                    time.sleep(0.1)  # the camera's rate
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    return Camera
