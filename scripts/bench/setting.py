"""What the measurements share: clips, the model, a broker, an RTSP server, a running daemon."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import yaml

from .processes import Child, until

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
CACHE = ROOT / ".cache" / "bench"
# The interpreter that runs this has the daemon's packages.
EDGE = [sys.executable, "-m", "edge"]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def clip_1080p30() -> Path:
    return _needed(SHARED / "media" / "street-1080p30.mp4")


def clip_720p15(crop: bool = False) -> Path:
    """The street clip at 1280x720 and 15 pictures/s, 2.5 Mbit/s in Main profile as cameras send it; made once.

    The whole scene has 13 people in sight on average; ``crop`` gives its bottom left corner, which has 5.
    """
    clip = CACHE / f"street-720p15{'-corner' if crop else ''}.mp4"
    if not clip.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = clip.with_suffix(".part")
        form = "video/x-raw,format=I420,width=1280,height=720,framerate=15/1,pixel-aspect-ratio=1/1"
        fit = "videocrop top=360 right=640" if crop else "videoscale"
        pipeline = (
            f"filesrc location={clip_1080p30()} ! qtdemux ! h264parse ! avdec_h264 ! videorate ! {fit} ! {form} "
            f"! x264enc bitrate=2500 key-int-max=30 bframes=0 ! video/x-h264,profile=main ! h264parse ! mp4mux "
            f"! filesink location={part}"
        )
        subprocess.run(["gst-launch-1.0", "-q", *pipeline.split()], check=True, stdout=subprocess.DEVNULL)
        part.replace(clip)
    return clip


def fastestdet() -> Dict[str, Any]:
    """FastestDet's model.yaml as data."""
    return {
        "onnx": str(_needed(SHARED / "models" / "FastestDet.onnx")),
        "licence": "BSD-3-Clause",
        "input": {"color": "bgr", "scale": 0.00392157, "fit": "stretch"},
        "output": {"decoder": "fastestdet", "nms_iou": 0.45},
        "labels": "coco80",
    }


def _needed(path: Path) -> Path:
    if not path.exists():
        raise SystemExit(f"{path} is missing: the benchmark needs the clips and models in shared/, beside the checkout")
    return path


class Setting:
    """A temporary folder with a broker; daemons and servers are started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker_port = free_port()
        self._broker = Child([_mosquitto(), "-p", str(self.broker_port)], folder / "mosquitto.log")

    def __enter__(self) -> Setting:
        return self

    def __exit__(self, *_: object) -> None:
        self._broker.__exit__()

    def rtsp_server(self, clip: Path) -> Child:
        """A server with ``clip`` at /clip; its URL is ``rtsp_url``."""
        log = self.folder / "rtsp.log"
        server = Child([sys.executable, str(ROOT / "scripts" / "rtsp_server.py"), "--port", "0", f"clip={clip}"], log)
        said = until(lambda: [word for word in log.read_text().split() if word.startswith("rtsp://")], 20, "the server")
        self.rtsp_url = said[0]
        return server

    def daemon(self, device: str, cameras: Dict[str, Dict[str, Any]], threads: int = 1) -> Child:
        """A daemon with these cameras, each analysed by FastestDet."""
        model = self.folder / "fastestdet"
        model.mkdir(exist_ok=True)
        (model / "model.yaml").write_text(yaml.safe_dump(fastestdet()))
        config = {
            "device": device,
            "mqtt": {"url": f"mqtt://127.0.0.1:{self.broker_port}"},
            "workers": {"threads": threads},
            "models": {"people": {"spec": "./fastestdet"}},
            "cameras": cameras,
        }
        path = self.folder / f"{device}.yaml"
        path.write_text(yaml.safe_dump(config))
        return Child([*EDGE, "run", "-c", str(path)], self.folder / f"{device}.log", cwd=ROOT)


def status(device: str) -> Dict[str, Any]:
    """What the daemon says of itself; empty while it does not answer."""
    answer = subprocess.run([*EDGE, "status", "--device", device, "--json"], cwd=ROOT, capture_output=True)
    return dict(json.loads(answer.stdout)) if answer.returncode == 0 else {}


def wait_analysed(device: str, pictures: int = 10) -> Dict[str, Any]:
    """Until every camera of ``device`` has had ``pictures`` analysed."""

    def steady() -> Dict[str, Any]:
        now = status(device)
        cameras: List[Dict[str, Any]] = now.get("cameras", [])
        return now if cameras and all(c["pictures"] >= pictures for c in cameras) else {}

    return until(steady, 60, f"the cameras of {device}")


def _mosquitto() -> str:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin") or "mosquitto"
