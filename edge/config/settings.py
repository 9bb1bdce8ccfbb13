"""The device's own sections: workers, telemetry, logging, models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, Optional

import pydantic
from typing_extensions import Annotated, Literal

from edge.config.section import Section, field
from edge.config.values import Between, Name, Seconds, Share, Text, Threads


class WorkersConfig(Section):
    """The processes that decode and infer."""

    python: Text = field("interpreter that runs the workers; auto finds one", "restart", "auto")
    threads: Threads = field("threads of inference on the CPU; auto: half of the cores", "reload-engine", "auto")


Degrees = Annotated[float, Between(30, 130, "degrees Celsius")]


class TelemetryConfig(Section):
    """How the device itself is: load, temperatures, power, throttling."""

    enabled: bool = field("whether it is looked at, and told", "live", True)
    interval: Annotated[float, Seconds(1, 3600)] = field("time between two reports", "live", 30.0)
    alarm_temperature: Optional[Degrees] = field(
        "at and above it device.overheated is told; left empty: never", "live", 90.0
    )
    max_temperature: Optional[Degrees] = field(
        "above it fewer pictures are analysed, step by step; left out: never", "live", None
    )
    sensors: List[Text] = field("sensors that count for both; left out: all of the chip", "live", factory=list)


class LoggingConfig(Section):
    """What the daemon says."""

    level: Literal["debug", "info", "warning", "error"] = field("least important message shown", "live", "info")


class BoxesConfig(Section):
    """A second stage: the network looks at what another one has found, each object by itself."""

    of: Name = field("the model whose objects are looked at", "live")
    objects: List[Text] = field("labels of it to look at; left out: all", "live", factory=list)
    every: Annotated[float, Seconds(0.1, 3600)] = field("an object is looked at again after this long", "live", 2.0)
    margin: Share = field("the box grows by so much of its size on each side", "live", 0.1)
    min_size: Annotated[int, Between(8, 4096, "pixels")] = field(
        "a box whose shorter side is smaller is not looked at, in pixels", "live", 32
    )


class ModelConfig(Section):
    """A network in use, by the name that cameras call it."""

    spec: Text = field("name of a folder under models/, or path to a folder with a model.yaml", "reload-engine")
    min_score: Optional[Share] = field("least score of a detection; left out: the model's own", "live", None)
    backend: Literal["auto", "onnxruntime", "tensorrt"] = field(
        "what runs it; auto: TensorRT where the workers' Python has it", "reload-engine", "auto"
    )
    device: Literal["auto", "gpu", "dla", "dla:0", "dla:1"] = field(
        "for TensorRT; auto: the GPU, and the DLA cores beside it where that gains", "reload-engine", "auto"
    )
    precision: Literal["auto", "fp32", "fp16", "int8", "best"] = field(
        "for TensorRT; auto: fp16 where the GPU is fast at it", "reload-engine", "auto"
    )
    batch: Annotated[int, Between(1, 64)] = field(
        "most pictures in one run, where the network leaves that open", "reload-engine", 4
    )
    boxes: Optional[BoxesConfig] = field(
        "look at the objects of another model, not at whole pictures", "live", None
    )
    plugins: List[Text] = field("for TensorRT: plugin libraries to load, absolute paths", "reload-engine", factory=list)

    _folder: Path = pydantic.PrivateAttr(default_factory=Path)
    _place: str = pydantic.PrivateAttr(default="")

    @property
    def folder(self) -> Path:
        """Folder of the file that this stands in: a relative ``spec`` is taken from there."""
        return self._folder

    def bind(self, folder: Path) -> None:
        """Remember that folder, and what ``spec`` names there: a folder of models beside the file, or just a name."""
        self._folder = folder
        path = os.path.join(folder, os.path.expanduser(self.spec))
        beside = [path, os.path.join(folder, "models", self.spec)]  # where a name is looked up first
        by_path = "/" in self.spec or self.spec in (".", "..") or self.spec.startswith("~")
        found = [path] if by_path else filter(os.path.exists, beside)
        self._place = os.path.normpath(next(iter(found), self.spec))

    def meaning(self, name: str) -> object:
        """A spec as the place that it names, whichever folder a relative path of it is taken from."""
        return self._place or self.spec if name == "spec" else super().meaning(name)
