"""scripts/rtsp_server.py, seen by GStreamer's own client."""

from __future__ import annotations

import subprocess
from pathlib import Path
from statistics import median
from typing import Any, Callable, List

import pytest

from scripts.servers import PATIENCE, ROOT, SYSTEM_PYTHON, RtspServer

CLIP = ROOT / "configs" / "demo" / "square.mp4"
Serve = Callable[..., RtspServer]

# Prints the time of each picture in ms; ends with the stream, or after that many.
CLIENT = """
import sys
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
url, codec, count = sys.argv[1:]
line = "rtspsrc protocols=tcp latency=0 location={} ! rtp{}depay ! {}parse ! appsink name=sink sync=false"
pipeline = Gst.parse_launch(line.format(url, codec, codec))
sink = pipeline.get_by_name("sink")
pipeline.set_state(Gst.State.PLAYING)
message, left = None, int(count)
while left and message is None:
    sample = sink.emit("try-pull-sample", Gst.SECOND // 10)
    if sample is not None:
        print(sample.get_buffer().pts // 1000000)
        left -= 1
    else:
        message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.EOS)
print(message.type.first_value_nick if message else "open")
if message and message.type == Gst.MessageType.ERROR:
    print(message.parse_error()[0].message)
pipeline.set_state(Gst.State.NULL)
"""


def watch(url: str, count: int, codec: str = "h264") -> List[str]:
    command = [SYSTEM_PYTHON, "-c", CLIENT, url, codec, str(count)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()


def short(path: Path, seconds: int, of: Path, codec: str = "h264") -> Path:
    """The beginning of a clip, not encoded anew."""
    subprocess.run(
        f"gst-launch-1.0 -q -e filesrc location={of} ! qtdemux ! {codec}parse ! identity eos-after={seconds * 10 + 1}"
        f" ! mp4mux ! filesink location={path}",
        shell=True,
        check=True,
    )
    return path


def test_a_clip_goes_on_for_ever_with_times_that_go_on(rtsp_server: Serve, tmp_path: Path) -> None:
    clip = short(tmp_path / "short.mp4", 2, CLIP)
    lines = watch(rtsp_server(square=clip).url("square"), 45)
    assert lines[-1] == "open"
    times = [int(line) for line in lines[:-1]]
    assert len(times) == 45  # two rounds and a bit
    steps = [later - earlier for earlier, later in zip(times, times[1:])]
    # A tenth of a second, also where the clip begins again; the client may smooth the times a little.
    assert min(steps) > 0
    assert 95 <= median(steps) <= 105


def test_h265_with_b_frames(rtsp_server: Serve, shared: Path) -> None:
    lines = watch(rtsp_server(yard=shared / "media" / "vtest-h265.mp4").url("yard"), 20, "h265")
    assert len(lines) == 21 and lines[-1] == "open"


def test_many_clients_of_several_mounts(rtsp_server: Serve) -> None:
    server = rtsp_server(a=CLIP, b=CLIP, beep="launch:audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0")
    command = [SYSTEM_PYTHON, "-c", CLIENT]
    clients = [
        subprocess.Popen([*command, server.url("ab"[n % 2]), "h264", "30"], stdout=subprocess.PIPE, text=True)
        for n in range(8)
    ]
    said = [client.communicate(timeout=PATIENCE)[0].splitlines() for client in clients]
    assert [(len(lines), lines[-1]) for lines in said] == 8 * [(31, "open")]


def test_a_clip_served_once_ends(rtsp_server: Serve, tmp_path: Path) -> None:
    clip = short(tmp_path / "short.mp4", 1, CLIP)
    lines = watch(rtsp_server(square=clip, once=True).url("square"), 1000)
    assert lines[-1] == "eos"
    assert 9 <= len(lines) <= 11


@pytest.mark.parametrize("auth", ["digest", "basic"])
def test_a_password_is_asked_for(auth: str, rtsp_server: Serve) -> None:
    server = rtsp_server(square=CLIP, user="joe", password="p@ss word", auth=auth)
    assert watch(server.url("square", credentials=True), 3)[-1] == "open"
    assert watch(server.url("square"), 3) == ["error", "Unauthorized"]
    assert watch(server.url("square").replace("//", "//joe:wrong@"), 3) == ["error", "Unauthorized"]
    assert "p@ss" not in Path(f"/proc/{server.pid}/cmdline").read_text()


def test_a_mount_that_is_not_there(rtsp_server: Serve) -> None:
    assert watch(rtsp_server(square=CLIP).url("circle"), 3) == ["error", "Not found"]


def test_it_comes_back_at_the_same_place(rtsp_server: Serve) -> None:
    server = rtsp_server(square=CLIP)
    url = server.url("square")
    server.restart()
    assert watch(url, 3)[-1] == "open"


def test_what_cannot_be_served_is_said(tmp_path: Path, rtsp_server: Serve) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"nothing" * 100)
    with pytest.raises(RuntimeError, match=r"H.264 or H.265 in MP4 is needed"):
        rtsp_server(square=tmp_path / "broken.mp4")
    with pytest.raises(RuntimeError, match=r"H.264 or H.265 in MP4 is needed"):
        rtsp_server(square=tmp_path / "missing.mp4")


def test_it_ends_with_who_started_it(tmp_path: Path, wait_until: Any) -> None:
    code = (
        "import sys, os\n"
        "from scripts.servers import RtspServer\n"
        "server = RtspServer({'a': sys.argv[1]}).start()\n"
        "print(server.pid, server.folder, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", code, str(CLIP)], cwd=str(ROOT), stdout=subprocess.PIPE, text=True,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    )  # fmt: skip
    pid = done.stdout.split()[0]
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the server gone")
