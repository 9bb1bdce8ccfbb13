"""What the daemon makes of a worker's word, whatever that is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.telemetry.reading import Cpu, EngineClock, Fan, Gpu, Memory, Reading, hottest

DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
    max_leaves=20,
)
SECTIONS = ("gpus", "engine_clocks", "cpu", "memory", "temperatures", "power_mw", "fans", "throttling")
NAMES = ("load", "mhz", "on", "name", "cores", "percent", "rpm", "gpu", "total_mib")
SHAPED = st.fixed_dictionaries(
    {}, optional={name: ANYTHING | st.dictionaries(st.sampled_from(NAMES), ANYTHING) for name in SECTIONS}
)


def of(**values: Any) -> Reading:
    return Reading.of({"op": "reading", "source": "sysfs", "values": values})


def test_each_part_has_its_type() -> None:
    reading = of(
        gpus=[{"load": 43.14}], engine_clocks={"vic": {"on": True, "mhz": 435.2}}, cpu={"load": 5, "cores": [1.0, 2.5]},
        memory={"total_mib": 100}, temperatures={"cpu": -3.5}, power_mw={"VDD_IN": 5000.0},
        fans={"fan": {"rpm": 0}}, throttling=["gpu-throttle-alert 1 of 1"],
    )  # fmt: skip
    assert reading.gpus == (Gpu(load=43.1),)
    assert reading.engine_clocks == {"vic": EngineClock(True, 435.2)}
    assert (reading.cpu, reading.memory) == (Cpu(5, (1, 2.5)), Memory(total_mib=100))
    assert (reading.temperatures, reading.power_mw) == ({"cpu": -3.5}, {"VDD_IN": 5000})
    assert reading.fans == {"fan": Fan(rpm=0)}
    assert reading.payload()["fans"] == {"fan": {"rpm": 0}}  # standing still is not the same as not known


@pytest.mark.parametrize("value", [None, True, "5", float("nan"), float("inf"), -1, 1e12, [], {}, 10**400])
def test_what_is_no_number_is_left_out(value: Any) -> None:
    assert of(gpus=[{"load": value, "mhz": 7}], cpu={"load": value}).payload() == {
        "source": "sysfs", "throttling": [], "gpus": [{"mhz": 7}],
    }  # fmt: skip


@settings(deadline=None)
@given(ANYTHING | SHAPED, ANYTHING, ANYTHING)
def test_garbage(values: Any, source: Any, note: Any) -> None:
    reading = Reading.of({"values": values, "source": source, "note": note})
    text = json.dumps(reading.payload(), allow_nan=False)
    assert len(text) < 65536
    assert "null" not in re.sub(r'"(\\.|[^"\\])*"', "", text)
    assert Reading.of({**reading.payload(), "values": reading.payload()}).payload() == reading.payload()


def test_the_documents_example_is_what_is_told() -> None:
    (text,) = re.findall(r'```text\n(\{"time".*?)```', DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    example = json.loads(text)
    told = Reading.of({"source": example["source"], "values": example}).payload()
    assert told == {key: value for key, value in example.items() if key not in ("time", "alarms", "governor")}


def test_the_hottest() -> None:
    there = {"cpu": 60.0, "gpu": 61.0, "nvme composite": 75.0, "tj": 61.5}
    assert hottest(there, []) == ("tj", 61.5)
    assert hottest(there, ["cpu", "nvme composite"]) == ("nvme composite", 75.0)
    assert hottest(there, ["GPU"]) is None
    assert hottest({"acpitz": 40.0}, []) == ("acpitz", 40.0)
    assert hottest({}, []) is None
