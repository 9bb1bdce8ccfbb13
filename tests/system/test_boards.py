"""The whole daemon on simulated Jetsons: cameras of every kind at once, on the Pythons of each JetPack."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

import psutil
import pytest

from scripts.servers import ROOT, Broker, RtspServer, wait_until
from tests.simulation.jetson import Jetson
from tests.support.collector import Collector
from tests.system.harness import PATIENCE, STOP_S, Edge, state_of

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
workers: {{python: "{workers}"}}
telemetry: {{enabled: false}}
models:
  people: {{spec: person}}
cameras:
  front: {{source: "csi://0?size=640x480&rate=30", fps: 2, frozen_timeout: 0s}}
  back: {{source: "csi://1?size=640x480&rate=30&flip=rotate-180", fps: 2, frozen_timeout: 0s}}
  square: {{source: "{h264}", fps: 5, models: [people], objects: {{person: {{min_score: 0.3}}}}}}
  lawn: {{source: "{h265}", fps: 5, models: [people], objects: {{person: {{min_score: 0.3}}}}}}
  yard: {{source: "{jpeg}", fps: 2, frozen_timeout: 0s}}
  desk: {{source: "usb:///dev/video0?size=640x480&format=mjpeg", fps: 2, frozen_timeout: 0s}}
  bench: {{source: "usb:///dev/video2?size=640x480", fps: 2, frozen_timeout: 0s}}
"""
CAMERAS = ("front", "back", "square", "lawn", "yard", "desk", "bench")
USB = {"/dev/video0": "YUY2:640x480@30 JPEG:640x480@30", "/dev/video2": "YUY2:640x480@30"}


class Setup(NamedTuple):
    """``daemon`` and ``workers``: fixtures of their Pythons, the version that these are; "": the tests' own."""

    release: str
    board: str
    daemon: str
    workers: str
    version: str
    jpeg: str = "nvv4l2decoder"


SETUPS = {
    "nano": Setup("r32", "nano", "python38", "python36_tensorrt", "3.6"),
    "agx-xavier": Setup("r35", "agx-xavier", "python38", "python38", "3.8"),
    "orin-nano": Setup("r36", "orin-nano", "", "python310", "3.10"),
    "thor": Setup("r38", "thor", "", "python312", "3.12", jpeg="nvjpegdec"),
}


class Site(NamedTuple):
    setup: Setup
    jetson: Jetson
    edge: Edge
    device: str


@pytest.fixture(scope="module")
def network(shared: Path) -> Iterator[RtspServer]:
    media = shared / "media"
    jpeg = "launch:videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0"
    mounts = {"h264": media / "vtest-h264.mp4", "h265": media / "vtest-h265.mp4", "jpeg": jpeg}
    with RtspServer(mounts) as server:
        yield server


@pytest.fixture(scope="module")
def make_site(
    network: RtspServer, the_broker: Broker, device_name: Callable[[], str], make_edge: Callable[..., Edge],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Site]:  # fmt: skip
    """``make_site(setup, daemon, workers, without=…)``: the daemon is started."""

    def make(setup: Setup, daemon: str = sys.executable, workers: str = sys.executable, **how: Any) -> Site:
        try:
            jetson = Jetson(setup.release, setup.board, tmp_path_factory.mktemp("board"), usb=USB, **how)
        except LookupError as e:
            pytest.skip(str(e))
        device = device_name()
        urls = {codec: network.url(codec) for codec in ("h264", "h265", "jpeg")}
        text = CONFIG.format(device=device, broker=the_broker.url, workers=workers, **urls)
        # A board's workers find the package where the daemon does.
        environment = {**jetson.environment(), "PYTHONPATH": str(ROOT)}
        return Site(setup, jetson, make_edge(text, python=daemon, environment=environment).start(), device)

    return make


@pytest.fixture(scope="module", params=sorted(SETUPS))
def site(request: pytest.FixtureRequest, make_site: Callable[..., Site], collector: Collector) -> Iterator[Site]:
    setup = SETUPS[request.param]
    pythons = [str(request.getfixturevalue(name)) if name else sys.executable for name in (setup.daemon, setup.workers)]
    site = make_site(setup, *pythons)
    site.edge.until_state("online", *CAMERAS)
    yield site
    site.edge.close()


def camera(status: Dict[str, Any], name: str) -> Dict[str, Any]:
    return dict(next(c for c in status["cameras"] if c["name"] == name))


def test_every_camera_comes_through_the_board_s_hardware(site: Site) -> None:
    site.edge.until_pictures(*CAMERAS)
    done = site.edge.run("status", "--device", site.device, "--json")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    found = {c["name"]: (c["codec"], c["decoder"], c["memory"], c["note"]) for c in status["cameras"]}
    assert found == {
        "front": ("raw", "none", "NVMM", ""),
        "back": ("raw", "none", "NVMM", ""),
        "square": ("h264", "nvv4l2decoder", "NVMM", ""),
        "lawn": ("h265", "nvv4l2decoder", "NVMM", ""),
        "yard": ("jpeg", site.setup.jpeg, "NVMM", ""),
        "desk": ("jpeg", site.setup.jpeg, "NVMM", ""),
        # Its device gives system memory, and there is nothing to decode.
        "bench": ("raw", "none", "system", ""),
    }
    assert status["inference"]["state"] == "running"
    (model,) = status["models"]
    assert (model["state"], model["backend"]) == ("ready", "onnxruntime")


def test_people_are_found(site: Site, collector: Collector) -> None:
    for name in ("square", "lawn"):
        event = collector.wait_topic(f"edge/{site.device}/cameras/{name}/events/object.start", timeout=PATIENCE).json
        assert event["object"]["label"] == "person"


def test_the_workers_run_on_the_jetpack_s_python(site: Site) -> None:
    workers = [p for p in psutil.Process(site.edge.pid).children(recursive=True) if p.name() != "edge: telemetry"]
    assert len(workers) > len(CAMERAS)
    for process in workers:
        assert Path(process.exe()).name.startswith("python" + site.setup.version), process.exe()


def test_cameras_fail_and_come_back(site: Site) -> None:
    orders = {
        "front": ("camera:0 silent", "the camera ended its stream"),
        "back": ("camera:1 error DISCONNECTED", "DISCONNECTED"),
        "desk": ("usb:/dev/video0 missing", "No such device"),
    }
    neighbours = [name for name in CAMERAS if name not in orders]
    processes = {name: site.edge.camera(name)["pid"] for name in neighbours}
    site.jetson.order(*(order for order, _ in orders.values()))
    try:
        for name, (_, words) in orders.items():
            wait_until(partial(said, site.edge, name, words), PATIENCE, f"{name}: {words}")
        assert not any(state_of(site.edge.status() or {}, name) == "online" for name in orders)
        site.edge.until_pictures(*neighbours)
    finally:
        site.jetson.order()
    site.edge.until_state("online", *orders)
    site.edge.until_pictures(*CAMERAS)
    assert {name: site.edge.camera(name)["pid"] for name in neighbours} == processes, "they have noticed nothing"


def said(edge: Edge, name: str, words: str) -> bool:
    """Whether the log has it in a line of the camera's."""
    return any(f"camera={name} " in line and words in line for line in edge.log.splitlines())


def test_its_end_is_clean(site: Site) -> None:
    assert site.edge.stop() < STOP_S
    assert site.edge.process is not None and site.edge.process.returncode == 0
    assert site.edge.left_behind() == []
    assert "Traceback" not in site.edge.log


@pytest.mark.parametrize(
    ("without", "name", "state", "named", "package"),
    [
        ("nvvidconv", "square", "unsupported", "nvvidconv", "nvidia-l4t-gstreamer"),
        ("nvarguscamerasrc", "front", "unsupported", "nvarguscamerasrc", "nvidia-l4t-camera"),
        ("nvv4l2decoder", "lawn", "online", "nvv4l2decoder", "nvidia-l4t-gstreamer"),
        ("v4l2src", "desk", "unsupported", "v4l2src", "gstreamer1.0-plugins-good"),
    ],
)
def test_a_missing_element_is_named_with_its_package(
    without: str, name: str, state: str, named: str, package: str, make_site: Callable[..., Site]
) -> None:
    site = make_site(SETUPS["orin-nano"], without=[without])
    found: Optional[Dict[str, Any]] = site.edge.until(
        lambda s: camera(s, name) if state_of(s, name) == state else None, f"{name} {state}"
    )
    assert found is not None
    # A decoder has software to take its place, which is told as a note.
    words = found["note"] if state == "online" else found["reason"]
    assert named in words and package in words and "\n" not in words
    lines: List[str] = [line for line in site.edge.log.splitlines() if named in line and name in line]
    assert len(lines) == 1, site.edge.log
    assert package in lines[0]
    site.edge.close()
