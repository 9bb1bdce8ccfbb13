"""Commands by MQTT, taken in by another thread and done in the loop's; and the same through a real broker."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from typing import List

import pytest

from edge.daemon import commands
from edge.daemon.commands import AT_ONCE, BURST, QUEUE
from tests.daemon.commanded import ALL, BASE, Site, message, on_site, until
from tests.events.hostile import NAMES, payloads


def test_every_command() -> None:
    async def test(site: Site) -> None:
        time_ = "2024-05-04T12:30:00.000Z"
        assert await site.order("cameras/gate", "enable") == {
            "command": "enable", "camera": "gate", "ok": True, "time": time_,
        }  # fmt: skip
        assert (await site.order("cameras/gate", "disable"))["note"] == "holds until the next start alone"
        assert await site.order("cameras/gate", '{"command":"snapshot","id":"7"}') == {
            "id": "7", "command": "snapshot", "camera": "gate", "ok": True, "snapshot": "gate/2024-05-04/a.jpg",
            "time": time_,
        }  # fmt: skip
        assert site.called == [("enable", "gate"), ("disable", "gate"), ("snapshot", "gate")]
        assert {topic for topic, _, _ in site.sent} == {f"{BASE}/command/reply"}
        assert site.commands.figures() == {"done": 3, "refused": 0}

    on_site(test)


def test_failures_are_told_in_words_and_a_bug_stays_here(caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site) -> None:
        failed = await site.order("cameras/yard", "snapshot")
        assert failed["ok"] is False
        assert failed["error"] == "yard delivers no pictures: rtsp://***@10.0.0.7/ is unreachable"
        bug = await site.order("device", "reload")
        assert bug["error"] == "internal error, see the log (ZeroDivisionError); please report it"
        assert (await site.order("cameras/gate", "enable"))["ok"]

    on_site(test)
    assert any(record.exc_info for record in caplog.records)


def test_what_is_not_allowed_or_not_there_is_refused() -> None:
    async def test(site: Site) -> None:
        site.commands.change(BASE, ["snapshot"])
        assert "mqtt.commands" in (await site.order("cameras/gate", "disable"))["error"]
        assert "mqtt.commands" in (await site.order("device", "reload"))["error"]
        assert "no camera" in (await site.order("cameras/shed", "snapshot"))["error"]
        site.cameras["shed"] = 3
        assert (await site.order("cameras/shed", "snapshot"))["ok"]
        site.commands.change(BASE, [])
        assert "mqtt.commands" in (await site.order("cameras/shed", "snapshot"))["error"]
        assert site.called == [("snapshot", "shed")]

    on_site(test)


def test_nothing_is_listened_to_twice() -> None:
    async def test(site: Site) -> None:
        other = "site/gate-7"
        assert site.commands.change(other, []) == []
        assert site.commands.change(other, ["reload"]) == [f"{other}/command/device"]
        assert site.commands.change(other, ["reload", "enable"]) == [f"{other}/command/cameras/+"]
        assert site.commands.change(BASE, ALL) == [] == site.commands.change(other, ["snapshot"])

    on_site(test)


def test_correlation_is_given_back() -> None:
    async def test(site: Site) -> None:
        await site.order("cameras/gate", "enable", correlation=b"\0a")
        await site.order("cameras/gate", "wobble", correlation=b"b")
        await site.order("cameras/gate", "snapshot", correlation=b"c")
        assert [correlation for _, _, correlation in site.sent] == [b"\0a", b"b", b"c"]

    on_site(test)


def test_retained_ones_are_ignored_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site) -> None:
        for _ in range(3):
            site.commands.heard(message(f"{BASE}/command/cameras/gate", b"disable", retained=True))
        site.commands.heard(message(f"{BASE}/command/cameras/gate", b"", retained=False))
        site.commands.heard(message(f"{BASE}/other", b"reload"))
        site.commands.heard(message("homeassistant/status", b"online"))
        await site.order("cameras/yard", "enable")
        assert site.called == [("enable", "yard")] and len(site.answers) == 1

    on_site(test)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1 and warnings[0].fields == {"topic": f"{BASE}/command/cameras/gate"}  # type: ignore[attr-defined]


def test_ten_thousand_hostile_ones_on_every_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer at most for each, and nothing done that was no known command. As fast as they come, this once."""
    monkeypatch.setattr(commands, "BURST", 1e9)
    rng = random.Random(20240504)
    topics = ["device", "cameras/gate", *(f"cameras/{name}" for name in NAMES), "x", "", "cameras/gate/x"]

    async def test(site: Site) -> None:
        site.commands._credit = 1e9
        sent = 0
        for payload in payloads(rng, 10_000):
            for topic in (rng.choice(topics), "device", "cameras/gate"):
                site.commands.heard(message(f"{BASE}/command/{topic}", payload))
                sent += 1
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await until(lambda: not site.commands._queue and not site.commands._running)
        assert len(site.answers) <= sent
        assert max(len(payload) for _, payload, _ in site.sent) < 2500
        assert all(call in (("reload",), ("enable", "gate"), ("disable", "gate"), ("snapshot", "gate"))
                   for call in site.called)  # fmt: skip
        done = [answer for answer in site.answers if answer["ok"]]
        assert len(done) == len([call for call in site.called if call != ("reload",)])
        assert all(answer["command"] in ALL and answer.get("camera") == "gate" for answer in done)

    on_site(test)


def test_a_flood_leaves_the_loop_alone_and_is_refused_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "RATE", 50.0)

    async def test(site: Site) -> None:
        order = message(f"{BASE}/command/cameras/gate", b"enable")

        def flood() -> None:
            for _ in range(10_000):
                site.commands.heard(order)

        thread = threading.Thread(target=flood)
        worst, before = 0.0, time.monotonic()
        thread.start()
        while thread.is_alive():
            await asyncio.sleep(0.001)
            now = time.monotonic()
            worst, before = max(worst, now - before), now
        # In one go: what was done at first, what waits, and the rest.
        assert worst < 5  # seconds; it is milliseconds where nothing else runs
        assert len(site.called) < BURST + QUEUE and len(site.commands._queue) <= QUEUE
        await until(lambda: any("too many commands at once" in str(a.get("error")) for a in site.answers))
        assert len(site.answers) <= len(site.called) + 3
        await until(lambda: len(site.commands._queue) < QUEUE)
        site.commands.heard(message(f"{BASE}/command/device", b'{"command":"wobble","id":"last"}'))
        await until(lambda: any(answer.get("id") == "last" for answer in site.answers))
        await until(lambda: not site.commands._awake)
        figures = site.commands.figures()
        assert figures["done"] + figures["refused"] == 10_001 and figures["refused"] > 9_000
        told = sum(int(a["error"].split(": ")[1].split()[0]) for a in site.answers if not a["ok"] and "id" not in a)
        assert told == figures["refused"] - 1

    on_site(test)


def test_so_many_snapshots_are_under_way_and_others_go_on() -> None:
    async def test(site: Site) -> None:
        site.hold = asyncio.get_running_loop().create_future()
        for _ in range(AT_ONCE):
            site.commands.heard(message(f"{BASE}/command/cameras/gate", b"snapshot"))
        refused = await site.order("cameras/gate", "snapshot")
        assert refused["error"] == f"{AT_ONCE} others are under way: try again later" and not refused["ok"]
        assert refused["camera"] == "gate" and refused["command"] == "snapshot"
        assert (await site.order("cameras/gate", "enable"))["ok"]
        site.hold.set_result("a.jpg")
        await until(lambda: len(site.answers) == AT_ONCE + 2)

    on_site(test)


def test_one_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "TIMEOUT", 0.05)

    async def test(site: Site) -> None:
        site.hold = asyncio.get_running_loop().create_future()
        assert (await site.order("cameras/gate", "snapshot"))["error"] == "not done after 0.05 s"

    on_site(test)


def test_the_end_waits_for_what_is_under_way_but_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(site: Site) -> None:
        site.hold = asyncio.get_running_loop().create_future()
        site.commands.heard(message(f"{BASE}/command/cameras/gate", b"snapshot"))
        await until(lambda: site.called)
        asyncio.get_running_loop().call_later(0.01, site.hold.set_result, "a.jpg")
        await site.commands.stop()
        assert site.answers[0]["ok"]
        site.commands.heard(message(f"{BASE}/command/cameras/gate", b"enable"))
        await asyncio.sleep(0.01)
        assert len(site.answers) == 1

    on_site(test)
    monkeypatch.setattr(commands, "FAREWELL", 0.01)

    async def hung(site: Site) -> None:
        site.hold = asyncio.get_running_loop().create_future()
        site.commands.heard(message(f"{BASE}/command/cameras/gate", b"snapshot"))
        await until(lambda: site.called)
        await site.commands.stop()
        assert site.answers == []

    on_site(hung)


def test_after_the_loops_end_nothing_is_taken() -> None:
    made: List[Site] = []

    async def make() -> None:
        made.append(Site())

    asyncio.run(make())
    made[0].commands.heard(message(f"{BASE}/command/device", b"reload"))
    assert made[0].called == []
