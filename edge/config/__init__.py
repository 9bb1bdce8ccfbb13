"""What the files may say, where each value stands, and what an edit changes."""

from edge.config.areas import LineConfig, MaskConfig, ObjectConfig, ZoneConfig
from edge.config.camera import CameraConfig
from edge.config.check import check_files, check_labels
from edge.config.config import Config
from edge.config.document import Document, read, validate
from edge.config.evidence import PICTURED, ClipConfig, EvidenceConfig, SnapshotConfig, SpoolConfig
from edge.config.load import load, survey
from edge.config.motion import MotionConfig
from edge.config.mqtt import HomeAssistantConfig, MqttConfig, TlsConfig
from edge.config.section import APPLY
from edge.config.settings import BoxesConfig, LoggingConfig, ModelConfig, TelemetryConfig, WorkersConfig
from edge.config.source import SourceUrl, parse_source
from edge.config.values import Size

__all__ = [
    "APPLY",
    "PICTURED",
    "BoxesConfig",
    "CameraConfig",
    "ClipConfig",
    "Config",
    "Document",
    "EvidenceConfig",
    "HomeAssistantConfig",
    "LineConfig",
    "LoggingConfig",
    "MaskConfig",
    "ModelConfig",
    "MotionConfig",
    "MqttConfig",
    "ObjectConfig",
    "Size",
    "SnapshotConfig",
    "SourceUrl",
    "SpoolConfig",
    "TelemetryConfig",
    "TlsConfig",
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
