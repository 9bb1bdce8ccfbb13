"""What an engine tells of its layers, and how long they took."""

from __future__ import annotations

import json
from typing import Any, List, Tuple

import numpy as np

from tests.simulation.tensorrt import networks


def test_layers_are_profiled(session: Any) -> None:
    engine = session.load(session.build(networks.small(1)))
    context, stream = engine.create_execution_context(), session.driver.Stream()
    told: List[Tuple[str, float]] = []

    class Profiler(session.trt.IProfiler):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            session.trt.IProfiler.__init__(self)

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            told.append((layer_name, ms))

    sizes = {name: int(np.prod(session.shape(context, engine, name))) * 4 for name in session.tensors(engine)}
    device = {name: session.driver.mem_alloc(size) for name, size in sizes.items()}
    places = {name: int(allocation) for name, allocation in device.items()}
    context.profiler = Profiler()
    assert session.start(context, places, stream)
    layers = ["first + relu", "pool", "second + sigmoid"]
    assert [name for name, _ in told] == layers and all(ms > 0 for _, ms in told)
    context.enqueue_emits_profile = False
    assert session.start(context, places, stream)
    stream.synchronize()
    assert len(told) == 3 and context.report_to_profiler() and len(told) == 6


def test_the_inspector_tells_layers(session: Any) -> None:
    detailed = session.trt.ProfilingVerbosity.DETAILED
    form = session.trt.LayerInformationFormat.JSON
    for settings, first in (({"profiling_verbosity": detailed}, None), ({}, "first + relu")):
        inspector = session.load(session.build(networks.small(1), **settings)).create_engine_inspector()
        told = json.loads(inspector.get_engine_information(form))
        layer = told["Layers"][0]
        assert layer == first if first else (layer["Name"], layer["LayerType"]) == ("first + relu", "Convolution")
        assert json.loads(inspector.get_layer_information(0, form)) == layer
        assert told["Bindings"] == ["picture", "scores", "heat"]
