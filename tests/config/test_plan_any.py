"""Any edit at all: its plan names what differs, all of it once, and nothing else."""

from typing import Any, Dict

from hypothesis import given
from hypothesis import strategies as st

from edge.config.plan import plan
from tests.config.edits import ZONE, Keys, config

CAMERA = st.fixed_dictionaries(
    {"source": st.sampled_from(["rtsp://a/", "rtsp://u:p@a/", "test://", "file:a.mp4"]), "models": st.just(["people"])},
    optional={
        "fps": st.sampled_from([1, 5, 10]),
        "enabled": st.booleans(),
        "size": st.sampled_from(["640x360", "1280x720"]),
        "objects": st.dictionaries(st.sampled_from("ab"), st.builds(dict, min_score=st.sampled_from([0, 1]))),
        "zones": st.dictionaries(st.sampled_from("yz"), st.fixed_dictionaries({"points": st.just(ZONE)})),
    },
)
DATA = st.fixed_dictionaries(
    {
        "device": st.sampled_from(["gate", "gate", "gate", "other"]),
        "models": st.fixed_dictionaries({"people": st.fixed_dictionaries({"spec": st.sampled_from(["./a", "./b"])})}),
        "cameras": st.dictionaries(st.sampled_from("abcd"), CAMERA),
        "mqtt": st.fixed_dictionaries({"url": st.sampled_from(["mqtt://a", "mqtt://b:1883", "mqtt://u:p@a"])}),
        "logging": st.fixed_dictionaries({}, optional={"level": st.sampled_from(["info", "debug"])}),
    }
)


def leaves(value: Any, keys: Keys = ()) -> Dict[Keys, Any]:
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in leaves(inner, (*keys, key)).items()} or {keys: {}}
    return {keys: value}


@given(DATA, DATA)
def test_the_steps_name_exactly_what_differs(before, after):
    old, new = config(before), config(after)
    assert not plan(old, config(before)) and not plan(new, new)
    steps = plan(old, new).steps
    if before["device"] != after["device"]:
        assert [change.keys for step in steps for change in step.changes] == [("device",)]
        return
    was, now = old.model_dump(), new.model_dump()
    changes = [change.keys for step in steps if step.op != "rename" for change in step.changes]
    for step in steps:
        if step.op == "rename":
            was["cameras"][step.new_name] = was["cameras"].pop(step.name)
    was, now = leaves(was), leaves(now)
    empty = {k for k in {*was, *now} if {} in (was.get(k), now.get(k))}  # a mapping: its entries tell
    differing = {keys for keys in {*was, *now} - empty if was.get(keys) != now.get(keys)}
    for keys in differing:
        assert sum(keys[: len(change)] == change for change in changes) == 1, "each is told once"
    for change in changes:
        assert any(keys[: len(change)] == change for keys in differing), "nothing else is told"
