"""What the files may say, where each value stands, and what an edit changes."""

from edge.config.camera import CameraConfig, LineConfig, ObjectConfig, ZoneConfig
from edge.config.check import check_files, check_labels
from edge.config.config import Config
from edge.config.document import Document, read, validate
from edge.config.load import load, survey
from edge.config.section import APPLY
from edge.config.settings import LoggingConfig, ModelConfig, MqttConfig, TelemetryConfig, WorkersConfig
from edge.config.source import SourceUrl, parse_source
from edge.config.values import Size

__all__ = [
    "APPLY",
    "CameraConfig",
    "Config",
    "Document",
    "LineConfig",
    "LoggingConfig",
    "ModelConfig",
    "MqttConfig",
    "ObjectConfig",
    "Size",
    "SourceUrl",
    "TelemetryConfig",
    "WorkersConfig",
    "ZoneConfig",
    "check_files",
    "check_labels",
    "load",
    "parse_source",
    "read",
    "survey",
    "validate",
]
