"""What an edit does to a daemon that runs: exactly what it says, and nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from scripts.servers import Broker, RtspServer, wait_until
from tests.support.collector import Collector
from tests.system.harness import FASTESTDET, Edge, model_folder

MAIN = """\
device: {device}
mqtt: {{url: "{broker}"}}
models:
  people: {{spec: person}}
cameras:
  square: {{source: "{square}", fps: 5}}
"""
ZONE = "{points: [[0, 0], [1, 0], [1, 1], [0, 1]], objects: [person]}"


class Site:
    """A daemon with the cameras ``square`` (in the main file) and ``lawn`` (in cameras.d), both online."""

    def __init__(self, edge: Edge, server: RtspServer, broker: Broker, messages: Collector, device: str) -> None:
        self.edge, self.server, self.broker, self.messages, self.device = edge, server, broker, messages, device
        self.cameras = edge.folder / "cameras.d"
        self.cameras.mkdir()
        self.base = f"edge/{device}"

    def camera(self, name: str, *lines: str, mount: str = "lawn") -> Path:
        """Write a camera's own file."""
        file = self.cameras / f"{name}.yaml"
        file.write_text("\n".join([f"source: {self.server.url(mount)}", *lines]) + "\n")
        return file

    def edit(self, old: str, new: str) -> None:
        """Change the main file."""
        text = self.edge.config.read_text()
        assert old in text
        self.edge.config.write_text(text.replace(old, new))

    def facts(self) -> Dict[str, Any]:
        """What must not change where an edit is about something else."""
        status = self.edge.status()
        assert status is not None
        cameras = {c["name"]: (c["pid"], c["restarts"], c["lost"], c["state"]) for c in status["cameras"]}
        return {"inference": (status["inference"]["pid"], status["inference"]["restarts"]), "cameras": cameras}

    def until_applied(self, line: str, times: int = 1) -> None:
        self.edge.until(lambda _: self.edge.log.count(line) >= times, f"{line!r} in the log")

    def retained(self) -> Dict[str, bytes]:
        """What a newcomer is told."""
        late = Collector(self.broker.url, f"{self.base}/#")
        try:
            late.wait_topic(f"{self.base}/availability", "online")
            late.wait_topic(f"{self.base}/state")
            return {m.topic: m.payload for m in late.messages if m.retain}
        finally:
            late.close()


@pytest.fixture
def site(
    the_broker: Broker, collector: Collector, square: RtspServer, device_name: Callable[[], str],
    make_edge: Callable[..., Edge],
) -> Iterator[Site]:  # fmt: skip
    device = device_name()
    edge = make_edge(MAIN.format(device=device, broker=the_broker.url, square=square.url("square")))
    site = Site(edge, square, the_broker, collector, device)
    site.camera("lawn", "fps: 5")
    edge.start()
    edge.until_state("online", "square", "lawn")
    edge.until_pictures("square", "lawn")
    yield site
    edge.close()


def test_a_new_file_is_a_new_camera(site: Site) -> None:
    before = site.facts()
    site.camera("yard", "zones:", f"  gate: {ZONE}")
    site.edge.until_state("online", "yard")
    site.edge.until_pictures("yard", "square", "lawn")
    after = site.facts()
    assert list(after["cameras"]) == ["square", "lawn", "yard"]
    del after["cameras"]["yard"]
    assert after == before
    assert site.messages.wait_topic(f"{site.base}/cameras/yard/counts/gate/person")
    site.until_applied("+ camera yard")


def test_a_file_that_goes_takes_its_camera_with_it(site: Site) -> None:
    before = site.facts()
    pid = before["cameras"].pop("lawn")[0]
    (site.cameras / "lawn.yaml").unlink()
    site.edge.until(lambda s: [c["name"] for c in s["cameras"]] == ["square"], "the camera is gone")
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), what="its process is gone")
    site.edge.until_pictures("square")
    assert site.facts() == before
    gone = site.messages.wait_for(
        lambda m: m.topic == f"{site.base}/cameras/lawn/events/camera.offline" and m.json["state"] == "removed"
    )
    assert gone
    wait_until(lambda: not any("/cameras/lawn/" in topic for topic in site.retained()), what="nothing is retained")
    starts = {m.json["object"]["id"] for m in site.messages.on(f"{site.base}/cameras/lawn/events/object.start")}
    ends = {m.json["object"]["id"] for m in site.messages.on(f"{site.base}/cameras/lawn/events/object.end")}
    assert starts == ends, "who was in sight is not any more"


def test_rules_and_rates_change_without_the_capture_process(site: Site) -> None:
    before = site.facts()
    rules = ("stall_timeout: 20s", "objects: {person: {min_score: 0.3}}", "zones:", f"  all: {ZONE}")
    site.camera("lawn", "fps: 9", *rules)
    site.edge.until(lambda s: s["cameras"][1]["fps_wished"] == 9, "the new rate")
    site.edge.until(lambda s: s["cameras"][1]["fps_analysed"] > 7.5, "which is kept")
    count = f"{site.base}/cameras/lawn/counts/all/person"
    assert site.messages.wait_for(lambda m: m.topic == count and m.payload > b"0")
    site.camera("lawn", "fps: 9")
    wait_until(lambda: not any("/counts/" in topic for topic in site.retained()), what="the zone's count is gone")
    assert site.facts() == before
    site.until_applied("~ camera lawn: fps 5 → 9 (live)")


def test_another_source_is_another_process_and_no_other_camera_notices(site: Site) -> None:
    before = site.facts()
    site.camera("lawn", "fps: 5", mount="square")
    site.edge.until(lambda s: s["cameras"][1]["pid"] not in (None, before["cameras"]["lawn"][0]), "a new process")
    site.edge.until_state("online", "lawn")
    site.edge.until_pictures("square", "lawn")
    after = site.facts()
    assert after["cameras"]["square"] == before["cameras"]["square"]
    assert after["inference"] == before["inference"]
    assert after["cameras"]["lawn"][1] == 0, "no restart: nothing failed"


def test_disabled_and_enabled_again(site: Site) -> None:
    before = site.facts()
    site.camera("lawn", "fps: 5", "enabled: false")
    site.edge.until_state("disabled", "lawn")
    site.edge.until(lambda s: s["cameras"][1]["pid"] is None, "no process")
    site.camera("lawn", "fps: 5")
    site.edge.until_state("online", "lawn")
    site.edge.until_pictures("square", "lawn")
    assert site.facts()["cameras"]["square"] == before["cameras"]["square"]


def test_another_name_keeps_the_process(site: Site) -> None:
    before = site.facts()
    (site.cameras / "lawn.yaml").rename(site.cameras / "meadow.yaml")
    site.edge.until_state("online", "meadow")
    site.edge.until_pictures("meadow")
    after = site.facts()
    assert after["cameras"]["meadow"] == before["cameras"]["lawn"]
    assert list(after["cameras"]) == ["square", "meadow"]
    wait_until(
        lambda: Path(f"/proc/{after['cameras']['meadow'][0]}/cmdline").read_text().rstrip("\0")
        == "edge: capture meadow",
        what="the process has the new name",
    )
    wait_until(lambda: not any("/cameras/lawn/" in topic for topic in site.retained()), what="nothing is retained")
    assert any("/cameras/meadow/state" in topic for topic in site.retained())


def test_models_come_change_and_go_while_cameras_run(site: Site, shared: Path) -> None:
    before = site.facts()
    model_folder(site.edge.folder / "models" / "all", shared / "models" / "FastestDet.onnx", FASTESTDET)
    site.edit("cameras:", "  things: {spec: all}\ncameras:")
    site.edit("fps: 5}", "fps: 5, models: [people, things]}")
    # Until the other camera says which model it wants, the edit is no good: nothing changes.
    site.edge.until(lambda s: s["config"]["state"] == "rejected", "rejected")
    assert site.facts() == before
    site.camera("lawn", "fps: 5", "models: [people]")
    site.edge.until(lambda s: [m["state"] for m in s["models"]] == ["ready", "ready"], "both are there")
    site.edge.until(lambda s: all(m["rate"] > 2 for m in s["models"]), "both look at pictures")
    site.edit("spec: all}", "spec: all, min_score: 0.9}")
    site.until_applied("min_score")
    site.edit("fps: 5, models: [people, things]}", "fps: 5}")
    site.edit("  things: {spec: all, min_score: 0.9}\n", "")
    site.edge.until(lambda s: [m["name"] for m in s["models"]] == ["people"], "one is gone")
    site.edge.until_pictures("square", "lawn")
    assert site.facts() == before


def test_a_model_is_exchanged_while_the_old_one_works_on(site: Site, shared: Path) -> None:
    before = site.facts()
    model_folder(site.edge.folder / "models" / "all", shared / "models" / "FastestDet.onnx", FASTESTDET)
    site.edit("spec: person", "spec: all")
    site.edge.until(lambda s: s["models"][0]["input"][2:] == [352, 352] and len(s["models"]) == 1, "the other network")
    site.edge.until_pictures("square", "lawn")
    after = site.facts()
    assert after["inference"] == before["inference"]
    for name, (pid, restarts, lost, state) in after["cameras"].items():
        # The one picture that the old one has in hand may go with it.
        assert (pid, restarts, state) == (*before["cameras"][name][:2], "online") and lost <= 1


def test_the_broker_changes_and_no_event_is_lost(site: Site, make_broker: Callable[..., Broker]) -> None:
    before = site.facts()
    other = make_broker()
    news = Collector(other.url)
    site.edit(site.broker.url, other.url)
    assert news.wait_topic(f"{site.base}/availability", "online")
    assert news.wait_topic(f"{site.base}/cameras/lawn/state")
    assert site.messages.wait_for(lambda m: m.topic == f"{site.base}/availability" and m.payload == b"offline")
    news.wait_for(lambda m: "/events/object." in m.topic)
    site.edge.until_pictures("square", "lawn", more=10)

    def numbers() -> List[int]:
        both = [*site.messages.messages, *news.messages]
        return sorted({m.json["seq"] for m in both if m.topic.startswith(site.base) and "/events/" in m.topic})

    wait_until(lambda: numbers() == list(range(1, len(numbers()) + 1)), what="every event came to one of them")
    assert site.facts() == before
    news.close()


def test_another_prefix_takes_all_topics_with_it(site: Site) -> None:
    site.edit('url: "', 'prefix: site/edge, url: "')
    assert site.messages.wait_topic(f"site/edge/{site.device}/availability", "online")
    assert site.messages.wait_topic(f"site/edge/{site.device}/cameras/lawn/state")
    late = Collector(site.broker.url, "#")
    assert late.wait_topic(f"site/edge/{site.device}/cameras/lawn/state")
    assert late.wait_topic(f"{site.base}/availability", "offline")
    assert not [m.topic for m in late.messages if m.retain and m.topic.startswith(f"{site.base}/cameras/")]
    late.close()


def test_a_bad_edit_changes_nothing_and_everybody_is_told(site: Site) -> None:
    before = site.facts()
    file = site.camera("lawn", "fps: fast")
    status = site.edge.until(lambda s: s if s["config"]["state"] == "rejected" else None, "rejected")
    place = f"{file}:2"
    assert status["config"]["at"] == place and "fast" in status["config"]["error"]
    told = site.messages.wait_for(
        lambda m: m.topic == f"{site.base}/state" and m.json["config"]["state"] == "rejected"
    ).json["config"]
    assert told["at"] == place and "cameras.lawn.fps" in told["error"]
    assert f"{place}:" in site.edge.log
    shown = site.edge.run("status", "--device", site.device).stdout
    assert "rejected" in shown and place in shown
    site.edge.until_pictures("square", "lawn")
    assert site.facts() == before
    site.camera("lawn", "fps: 4")
    site.edge.until(lambda s: s["config"]["state"] == "applied" and s["cameras"][1]["fps_wished"] == 4, "mended")
    assert site.messages.wait_for(
        lambda m: m.topic == f"{site.base}/state" and m.json["config"] == {"state": "applied"}
    )
    assert site.facts() == before


def test_a_restart_with_a_broken_file_comes_up_with_what_worked(site: Site) -> None:
    site.camera("yard", "fps: 2")
    site.edge.until_state("online", "yard")
    site.edge.stop()
    site.edge.config.write_text(site.edge.config.read_text() + "  broken: [\n")
    site.edge.start()
    site.edge.until_state("online", "square", "lawn", "yard")
    status = site.edge.status() or {}
    assert status["config"]["state"] == "rejected" and str(site.edge.config) in status["config"]["at"]
    assert status["config"]["running"].startswith("the last good one, of 20")
    site.edge.config.write_text(site.edge.config.read_text().replace("  broken: [\n", ""))
    site.edge.until(lambda s: s["config"]["state"] == "applied", "mended")


def test_sighup_reads_what_the_files_refer_to(site: Site) -> None:
    secret = site.edge.folder / "secret"
    secret.write_text("first\n")
    site.camera("lawn", "fps: 5", "username: viewer", f'password: "${{file:{secret}}}"')
    site.until_applied("configuration applied")
    site.edge.until_state("online", "lawn")
    before = site.facts()
    secret.write_text("second\n")
    os.kill(site.edge.pid, signal.SIGHUP)
    site.edge.until(lambda s: s["cameras"][1]["pid"] not in (None, before["cameras"]["lawn"][0]), "a new process")
    assert site.facts()["cameras"]["square"] == before["cameras"]["square"]
    assert "second" not in site.edge.log and "first" not in site.edge.log


def test_threads_are_a_new_inference_process_and_nothing_else(site: Site) -> None:
    before = site.facts()
    site.edit("models:\n", "workers: {threads: 1}\nmodels:\n")
    site.edge.until(lambda s: s["inference"]["pid"] not in (None, before["inference"][0]), "a new process")
    site.edge.until_pictures("square", "lawn")
    after = site.facts()
    assert after["inference"][1] == 0, "nothing failed"
    assert {n: f[0] for n, f in after["cameras"].items()} == {n: f[0] for n, f in before["cameras"].items()}


def test_another_device_name_starts_everything_anew_in_place(site: Site, device_name: Callable[[], str]) -> None:
    new, pid = device_name(), site.edge.pid
    site.edit(site.device, new)
    assert site.messages.wait_topic(f"edge/{new}/availability", "online")
    assert site.messages.wait_for(lambda m: m.topic == f"{site.base}/availability" and m.payload == b"offline")
    site.edge.until_state("online", "square", "lawn")
    assert (site.edge.status() or {})["pid"] == pid
    assert (site.edge.status() or {})["device"] == new


def test_a_device_name_that_is_taken_is_rejected(site: Site, device_name: Callable[[], str], make_edge: Any) -> None:
    other = device_name()
    neighbour = make_edge(f"device: {other}\nmqtt: {{url: '{site.broker.url}'}}\n").start()
    neighbour.until(lambda s: s["device"] == other, "the neighbour is there")
    site.edit(f"device: {site.device}", f"device: {other}")
    wait_until(lambda: "is already running" in site.edge.log, what="told")
    text = site.edge.config.read_text()
    site.edge.config.write_text(text.replace(other, site.device))
    site.edge.until_state("online", "square", "lawn")
    assert neighbour.status()["pid"] == neighbour.pid
    neighbour.close()


def test_quick_edits_and_half_saves_end_with_the_last_content(site: Site) -> None:
    before = site.facts()
    lawn = site.cameras / "lawn.yaml"
    whole = lawn.read_text()
    with lawn.open("w") as file:  # in two halves
        file.write(whole[:10])
        file.flush()
        os.fsync(file.fileno())
        site.edge.until_pictures("square")
        file.write(whole[10:])
    for rate in (6, 7, 8):
        site.camera("lawn", f"fps: {rate}")
    site.edge.until(lambda s: s["cameras"][1]["fps_wished"] == 8, "the last one")
    assert site.edge.status()["config"]["state"] == "applied"  # type: ignore[index]
    assert site.facts() == before

