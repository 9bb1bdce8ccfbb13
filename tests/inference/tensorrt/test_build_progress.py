"""How far a build is, and the messages that tell it."""

from __future__ import annotations

from typing import Any, Dict, List

from edge.inference.build import fitting
from edge.inference.tensorrt.progress import LogProgress, Phases, Reporter
from edge.wire.channel import MAX_MESSAGE, Channel


def test_at_most_five_messages_a_second() -> None:
    now = [0.0]
    sent: List[float] = []
    reporter = Reporter(lambda message: sent.append(now[0]), lambda: now[0])
    for step in range(4000):
        now[0] = step / 1000
        reporter.phase("abcdefgh"[step * 8 // 4000])
        reporter.step("abcdefgh"[step * 8 // 4000], step % 500 / 500)
        reporter.beat()
    assert all(later - earlier >= 1.0 for earlier, later in zip(sent, sent[5:]))
    assert len(sent) >= 16


def test_a_phase_that_was_not_told_is_told_by_the_beat() -> None:
    now = [0.0]
    sent: List[Dict[str, Any]] = []
    reporter = Reporter(sent.append, lambda: now[0])
    for phase in ("parse", "build", "calibrate", "build", "write", "compare"):
        reporter.phase(phase)
    assert [message["phase"] for message in sent] == ["parse", "build", "calibrate", "build", "write"]
    now[0] = 1.1
    reporter.beat()
    assert sent[-1] == {"op": "progress", "phase": "compare", "done": None}
    now[0] = 2.5
    reporter.step("compare", 0.5)
    reporter.step("compare", 0.2)
    reporter.step("build", 0.9)
    now[0] = 5.0
    reporter.beat()
    assert sent[-1]["done"] == 0.5


def test_phases_lie_in_one_another() -> None:
    phases = Phases()
    phases.start("Building engine", None, 4)
    phases.step("Building engine", 0)
    assert phases.fraction() == 0.25
    phases.start("Timing", "Building engine", 2)
    phases.step("Timing", 0)
    assert phases.fraction() == 0.375
    phases.start("Nodes", "Timing", 10)
    phases.step("Nodes", 4)
    assert phases.fraction() == 0.4375
    phases.finish("Nodes")
    phases.finish("Timing")
    phases.step("Building engine", 3)
    assert phases.fraction() == 1.0
    phases.finish("Building engine")
    assert phases.fraction() == 0.0


def test_progress_by_the_log() -> None:
    """The lines are those that TensorRT prints."""
    sent: List[Dict[str, Any]] = []
    now = [0.0]
    reporter = Reporter(sent.append, lambda: now[0])
    by_log = LogProgress(reporter)
    by_log.layers = 20
    reporter.phase("build")
    by_log.hear("VERBOSE", "After vertical fusions: 4 layers")
    for _ in range(2):
        now[0] += 1
        by_log.hear("VERBOSE", "=============== Computing reformatting costs")
        by_log.hear("VERBOSE", "=============== Computing costs for conv1 + relu1")
    assert [message["done"] for message in sent] == [None, 0.237, 0.475]



def test_a_message_about_a_large_network_fits() -> None:
    layers = [{"name": f"layer {i} " + "x" * 300, "type": "Convolution", "device": "GPU", "precision": "FP16"}
              for i in range(200)]  # fmt: skip
    message = fitting({"op": "built", "layers": layers, "warnings": ["one"]})
    assert len(message["layers"]) == 200 and message["warnings"] == ["one"]
    assert message["layers"][0]["name"] == layers[0]["name"][:160]
    message = fitting({"op": "built", "layers": layers * 10, "warnings": ["one"]})
    assert message["warnings"][0] == "one" and "only the first" in message["warnings"][1]
    assert len(message["warnings"]) == 2
    left, right = Channel.pair()
    left.send(message)
    assert len(right.receive().data) <= MAX_MESSAGE
    left.close()
    right.close()
