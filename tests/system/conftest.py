"""Whole systems: real cameras, a real broker, a real network, and the daemon as a user starts it."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from scripts.servers import Broker, RtspServer
from tests.capture import clips
from tests.inference.python36 import onnxruntime_for
from tests.support.collector import Collector
from tests.system.harness import Edge

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def device_name() -> Callable[[], str]:
    """A device's name that no other daemon of this machine has."""
    return lambda: f"test-{os.getpid()}-{next(_numbers)}"


@pytest.fixture(scope="module")
def make_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Edge]]:
    """``make_edge(text, …)``: a daemon with that configuration, not started; ended with the module at the latest."""
    made: List[Edge] = []

    def make(text: str, folder: Any = None, **how: Any) -> Edge:
        edge = Edge(folder or tmp_path_factory.mktemp("edge"), text, **how)
        made.append(edge)
        return edge

    yield make
    for edge in made:
        edge.close()


@pytest.fixture(scope="module")
def the_broker() -> Iterator[Broker]:
    """One mosquitto for the module."""
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def collector(the_broker: Broker) -> Iterator[Collector]:
    """All that is published at ``the_broker``."""
    collector = Collector(the_broker.url)
    yield collector
    collector.close()


@pytest.fixture(scope="module")
def square(shared: Path) -> Iterator[RtspServer]:
    """The clip of people on a square as two RTSP cameras, ``square`` and ``lawn``."""
    clip = shared / "media" / "vtest-h264.mp4"
    with RtspServer({"square": clip, "lawn": clip}) as server:
        yield server


@pytest.fixture(scope="session")
def short(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of the clip."""
    return clips.cut(shared / "media" / "vtest-h264.mp4", tmp_path_factory.mktemp("clips") / "short.mp4", 40)


@pytest.fixture(scope="session")
def python36_onnxruntime(python36: Path) -> Path:
    return onnxruntime_for(python36)
