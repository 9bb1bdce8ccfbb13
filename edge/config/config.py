"""The whole configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Optional

import pydantic

from edge.config.camera import CameraConfig
from edge.config.document import Document
from edge.config.evidence import EvidenceConfig, SpoolConfig
from edge.config.mqtt import HomeAssistantConfig, MqttConfig
from edge.config.section import Section, field
from edge.config.settings import LoggingConfig, ModelConfig, TelemetryConfig, WorkersConfig
from edge.config.tree import Keys, Place, holds_secret
from edge.config.values import Name


class Config(Section):
    """``edge.yaml`` and the cameras in the files beside it."""

    device: Name = field("name of this device: a level of its MQTT topics", "restart")
    mqtt: MqttConfig = field("the broker that events go to", "reconnect-mqtt", factory=MqttConfig)
    spool: SpoolConfig = field("events until they are delivered, and for a while after", "live", factory=SpoolConfig)
    evidence: EvidenceConfig = field("snapshots and clips on disk", "live", factory=EvidenceConfig)
    homeassistant: HomeAssistantConfig = field("Home Assistant's discovery", "live", factory=HomeAssistantConfig)
    workers: WorkersConfig = field("the processes that decode and infer", "restart", factory=WorkersConfig)
    telemetry: TelemetryConfig = field("how the device itself is", "live", factory=TelemetryConfig)
    logging: LoggingConfig = field("what the daemon says", "live", factory=LoggingConfig)
    models: Dict[Name, ModelConfig] = field("networks, by name", "reload-engine", factory=dict)
    cameras: Dict[Name, CameraConfig] = field("cameras, by name", "rebuild-camera", factory=dict)

    _document: Optional[Document] = pydantic.PrivateAttr(default=None)

    @pydantic.model_validator(mode="after")
    def _fill(self) -> Config:
        self.fill()
        return self

    def fill(self) -> None:
        """Defaults that one part takes from another."""
        if self.mqtt.client_id is None:
            self.mqtt.client_id = f"edge-{self.device}"
        for camera in self.cameras.values():
            if not camera.models and len(self.models) == 1:
                camera.models = list(self.models)

    def bind(self, document: Document) -> None:
        """Remember where the values stand, and which folder each relative path is taken from."""
        self._document = document
        for key in ("ca", "certificate", "key"):
            if getattr(self.mqtt.tls, key) is not None:
                self.mqtt.tls.bind(Path(self.origin(("mqtt", "tls", key)).file).parent.absolute())
        for name, camera in self.cameras.items():
            camera._folder = Path(self.origin(("cameras", name, "source")).file).parent.absolute()
        for name, model in self.models.items():
            model.bind(Path(self.origin(("models", name, "spec")).file).parent.absolute())

    @property
    def path(self) -> Path:
        """The main file, as it was named."""
        return Path() if self._document is None else self._document.path

    @property
    def folder(self) -> Path:
        """The main file's folder, absolute."""
        return self.path.parent.absolute()

    def fetched(self, keys: Keys) -> bool:
        """Whether the value at ``keys``, or a part of it, came out of a reference: it is shown to nobody."""
        node = None if self._document is None else self._document.node(keys)
        return node is not None and holds_secret(node)

    def origin(self, keys: Keys) -> Place:
        """(file, line, column) of the value at ``keys``; of the nearest parent where a default holds."""
        return Place("", 1, 1) if self._document is None else self._document.position(keys)
