"""A site on which much is wrong, and the cameras on which nothing is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import psutil
import pytest

from scripts.servers import Broker, RtspServer, free_port
from tests.support.collector import Collector
from tests.system.harness import PATIENCE, Edge

CAMERA_SECRET = "gr%C3%BCn@%3A%2F"  # as it stands in a URL
CAMERA_SECRET_PLAIN = "grün@:/"
BROKER_SECRET = "br0ker-s3cret"
WRONG_SECRET = "wr0ng-s3cret"

CONFIG = """\
device: {device}
mqtt: {{url: "mqtt://edge:{broker_secret}@127.0.0.1:{broker}"}}
logging: {{level: debug}}
models:
  people: {{spec: person}}
cameras:
  good: {{source: "rtsp://viewer:{secret}@127.0.0.1:{cameras}/square"}}
  apart: {{source: "rtsp://127.0.0.1:{cameras}/square", username: viewer, password: "${{env:GATE_PASSWORD}}"}}
  locked: {{source: "rtsp://viewer:{wrong}@127.0.0.1:{cameras}/square"}}
  nobody: {{source: "rtsp://127.0.0.1:{closed}/live"}}
  notfound: {{source: "rtsp://viewer:{secret}@127.0.0.1:{cameras}/nowhere"}}
  clip: {{source: "file:{clip}", fps: 10}}
  text: {{source: "file:{text}"}}
  off: {{source: "test://", enabled: false}}
"""


@pytest.fixture(scope="module")
def cameras(shared: Path) -> Iterator[RtspServer]:
    clip = shared / "media" / "vtest-h264.mp4"
    with RtspServer({"square": clip}, user="viewer", password=CAMERA_SECRET_PLAIN) as server:
        yield server


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker(users={"edge": BROKER_SECRET, "test": "test"}) as broker:
        yield broker


@pytest.fixture(scope="module")
def messages(broker: Broker) -> Iterator[Collector]:
    collector = Collector(broker.url, username="test", password="test")
    yield collector
    collector.close()


@pytest.fixture(scope="module")
def site(
    broker: Broker,
    messages: Collector,
    cameras: RtspServer,
    short: Path,
    device_name: Callable[[], str],
    make_edge: Callable[..., Edge],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Edge]:
    text = tmp_path_factory.mktemp("files") / "notes.mp4"
    text.write_text("no clip\n" * 100)
    config = CONFIG.format(
        device=device_name(), broker=broker.port, broker_secret=BROKER_SECRET, secret=CAMERA_SECRET,
        wrong=WRONG_SECRET, cameras=cameras.port, closed=free_port(), clip=short, text=text,
    )  # fmt: skip
    edge = make_edge(config, environment={"GATE_PASSWORD": CAMERA_SECRET_PLAIN}).start()
    edge.until_state("online", "good", "apart")
    yield edge
    edge.close()


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("good", "online", ""),
        ("apart", "online", ""),
        ("locked", "unauthorized", "user and password"),
        ("nobody", "unreachable", "127.0.0.1:"),
        ("notfound", "unreachable", "404"),
        ("clip", "ended", "the file is over"),
        ("text", "unsupported", "text"),
        ("off", "disabled", ""),
    ],
)
def test_each_camera_says_how_it_is(site: Edge, messages: Collector, name: str, state: str, words: str) -> None:
    site.until_state(state, name)
    camera = site.camera(name)
    assert words in camera["reason"]
    device = (site.status() or {})["device"]
    told = messages.wait_for(
        lambda m: m.topic == f"edge/{device}/cameras/{name}/state" and m.json["state"] == state, PATIENCE
    )
    assert words in (told.json["reason"] or "")
    if state in ("unauthorized", "unreachable", "unsupported", "ended"):
        offline = f"edge/{device}/cameras/{name}/events/camera.offline"
        messages.wait_for(lambda m: m.topic == offline and m.json["state"] == state, PATIENCE)


def test_the_good_ones_work_beside_the_others(site: Edge) -> None:
    site.until_pictures("good", "apart", more=10)
    for name in ("good", "apart"):
        assert site.camera(name)["restarts"] == 0


def test_those_that_may_come_back_are_tried_again_and_the_others_left_alone(site: Edge) -> None:
    site.until(lambda s: next(c["restarts"] for c in s["cameras"] if c["name"] == "nobody") >= 2, "a second try")
    assert site.camera("locked")["restarts"] <= 1, "a wrong password is not tried again and again"
    assert site.camera("clip")["restarts"] == 0 and site.camera("clip")["pid"] is None
    assert site.camera("off")["pid"] is None


def test_an_ended_clip_leaves_no_object_and_no_count_behind(site: Edge, messages: Collector) -> None:
    site.until_state("ended", "clip")
    device = (site.status() or {})["device"]
    messages.wait_for(lambda m: m.topic == f"edge/{device}/cameras/clip/state" and m.json["state"] == "ended", PATIENCE)
    starts = {m.json["object"]["id"] for m in messages.on(f"edge/{device}/cameras/clip/events/object.start")}
    ends = {m.json["object"]["id"] for m in messages.on(f"edge/{device}/cameras/clip/events/object.end")}
    assert starts == ends and starts, "people were seen, and are gone with the clip"
    assert site.camera("clip")["objects"] == 0


def test_one_line_a_change_of_state(site: Edge) -> None:
    lines = [line for line in site.log.splitlines() if "camera=locked" in line and "unauthorized" in line]
    tries = site.camera("locked")["restarts"]
    assert 1 <= len(lines) <= tries, "the same state is not told again"
    assert "Traceback" not in site.log


def test_no_secret_is_told_to_anybody(site: Edge, messages: Collector) -> None:
    site.until_state("unauthorized", "locked")
    told: List[Tuple[str, str]] = [("log", site.log), ("status", json.dumps(site.status(), ensure_ascii=False))]
    told += [(m.topic, m.payload.decode("utf-8", "replace")) for m in messages.on("#")]
    for words in (("status", "-c", str(site.config)), ("status", "-c", str(site.config), "--json")):
        done = site.run(*words)
        told.append((" ".join(words), done.stdout + done.stderr))
    done = site.run("check", "-c", str(site.config))
    told.append(("check", done.stdout + done.stderr))
    for process in [psutil.Process(site.pid), *psutil.Process(site.pid).children(recursive=True)]:
        told.append((f"command line of {process.name()}", " ".join(process.cmdline())))
    assert len(told) > 20
    for where, text in told:
        for secret in (CAMERA_SECRET, CAMERA_SECRET_PLAIN, BROKER_SECRET, WRONG_SECRET):
            assert secret not in text, f"{secret} in {where}"


def test_a_camera_that_was_away_comes_back(site: Edge, cameras: RtspServer, messages: Collector) -> None:
    device = (site.status() or {})["device"]
    seen = len(messages.messages)
    pids: Dict[str, Any] = {n: site.camera(n)["pid"] for n in ("good", "apart")}
    cameras.kill()
    site.until(
        lambda s: all(c["state"] in ("stalled", "unreachable") for c in s["cameras"] if c["name"] in pids), "gone"
    )
    cameras.start()
    site.until_state("online", *pids)
    site.until_pictures(*pids)
    for name in pids:
        states = [m.json["state"] for m in messages.messages[seen:] if m.topic == f"edge/{device}/cameras/{name}/state"]
        assert states[-1] == "online" and set(states[:-1]) <= {"stalled", "unreachable"} and len(states) >= 2
        assert site.camera(name)["pid"] != pids[name]
