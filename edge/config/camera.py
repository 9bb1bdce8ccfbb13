"""One camera: its source, what is looked for in it, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Optional

import pydantic
from typing_extensions import Annotated, Literal

from edge.config.areas import LineConfig, MaskConfig, ObjectConfig, ZoneConfig
from edge.config.evidence import ClipConfig, SnapshotConfig
from edge.config.fault import Fault
from edge.config.motion import MotionConfig
from edge.config.section import Section, field, take_credentials
from edge.config.source import WITH_USER, SourceUrl, parse_source
from edge.config.values import Between, Bytes, Name, PictureSize, Seconds, Secret, Text

#: Masks that a camera may have: an order for a picture tells them all, and has to fit into a message.
_MOST_MASKS = 16


def _empty_is_default(value: object) -> object:
    return {} if value is None else value


class CameraConfig(Section):
    """A camera. Once loaded, ``source`` holds no user and password: they stand in the fields of that name."""

    source: Text = field(
        "where pictures come from: rtsp://host/path, csi://0, usb:///dev/video0, http://…, file:clip.mp4 or test://",
        "rebuild-camera",
    )
    username: Optional[Text] = field("user at the camera", "rebuild-camera", None, secret=True)
    password: Optional[Secret] = field("password at the camera", "rebuild-camera", None, secret=True)
    enabled: bool = field("false leaves the camera alone", "rebuild-camera", True)
    fps: Annotated[float, Between(0.1, 60)] = field("pictures a second to analyse, at most", "live", 5.0)
    size: Optional[PictureSize] = field("size to analyse at; left out: the source's", "rebuild-camera", None)
    transport: Literal["tcp"] = field("how RTSP carries the stream", "rebuild-camera", "tcp")
    latency: Annotated[float, Seconds(0, 10)] = field("jitter buffer of RTSP", "rebuild-camera", 0.2)
    loop: bool = field("begin a file again at its end", "rebuild-camera", False)
    stall_timeout: Annotated[float, Seconds(1, 600)] = field(
        "time without a picture after which the camera is restarted", "live", 10.0
    )
    frozen_timeout: Annotated[float, Seconds(0, 86400)] = field(
        "the same picture for so long makes the camera frozen; 0: never", "live", 30.0
    )
    weight: Annotated[float, Between(0.1, 10)] = field(
        "its share where the models cannot analyse all that is wished", "live", 1.0
    )
    priority: Literal["low", "normal", "high"] = field(
        "a quarter, one and four times its weight; high ones are also served first", "live", "normal"
    )
    budget: Annotated[float, Seconds(0.05, 60)] = field(
        "a picture older than this is not analysed: a newer one is", "live", 1.0
    )
    analyse: Literal["always", "on-motion"] = field("pictures to analyse: all, or those with motion", "live", "always")
    decode: Literal["full", "on-activity"] = field(
        "on-activity decodes key pictures alone while nothing happens, and analyses on motion", "rebuild-camera", "full"
    )
    motion: MotionConfig = field("what counts as motion, and what follows", "live", factory=MotionConfig)
    models: List[Name] = field(
        "models that look at the pictures; left out: the only one there is", "live", factory=list
    )
    objects: Dict[Text, Annotated[ObjectConfig, pydantic.BeforeValidator(_empty_is_default)]] = field(
        "labels to look for, by name; left out: all that the models know", "live", factory=dict
    )
    zones: Dict[Name, ZoneConfig] = field("areas of the picture, by name", "live", factory=dict)
    lines: Dict[Name, LineConfig] = field("lines to cross, by name", "live", factory=dict)

    masks: Dict[Name, MaskConfig] = field("areas that no picture shows which leaves the device", "live", factory=dict)
    snapshots: SnapshotConfig = field("pictures of events", "live", factory=SnapshotConfig)
    clips: ClipConfig = field("recordings of events", "live", factory=ClipConfig)
    memory: Annotated[int, Bytes(1_000_000, 1_000_000_000)] = field(
        "of the stream's last seconds, which snapshots and clips are made from, at most", "live", 32_000_000
    )

    _folder: Path = pydantic.PrivateAttr(default_factory=Path)

    @pydantic.field_validator("source")
    @classmethod
    def _check_source(cls, source: str) -> str:
        parse_source(source, Path())
        return source.strip()

    @pydantic.field_validator("masks")
    @classmethod
    def _not_too_many(cls, masks: Dict[str, MaskConfig]) -> Dict[str, MaskConfig]:
        if len(masks) > _MOST_MASKS:
            raise Fault(f"{len(masks)} are more than the {_MOST_MASKS} that a camera may have")
        return masks

    @pydantic.field_validator("models")
    @classmethod
    def _each_model_once(cls, models: List[str]) -> List[str]:
        for index, name in enumerate(models):
            if name in models[:index]:
                raise Fault(f"names the model {name} twice")
        return models

    @pydantic.model_validator(mode="after")
    def _whole(self) -> CameraConfig:
        url = parse_source(self.source, Path())
        if url.kind in WITH_USER:
            take_credentials(self, url.username, url.password)
            self.source = url.location
        elif self.username is not None or self.password is not None:
            key = "password" if self.username is None else "username"
            raise Fault("only an rtsp:// or http:// source has a user", key)
        if self.loop and url.kind != "file":
            raise Fault("only a file can begin again", "loop")
        return self

    def source_url(self) -> SourceUrl:
        """The source taken apart, with user and password; a file's path is absolute."""
        url = parse_source(self.source, self._folder)
        if url.kind not in WITH_USER:
            return url
        password = None if self.password is None else self.password.get_secret_value()
        return SourceUrl(url.kind, url.location, self.username, password)

    def meaning(self, name: str) -> object:
        """A source as the place that it names, whichever folder a relative path of it is taken from."""
        return self.source_url().location if name == "source" else super().meaning(name)
