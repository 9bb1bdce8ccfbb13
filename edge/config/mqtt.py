"""The broker that events go to, and how it is reached."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, Optional

import pydantic
from typing_extensions import Annotated, Literal

from edge.config.fault import Fault
from edge.config.section import Section, field, take_credentials
from edge.config.urls import Authority, split_authority, split_scheme
from edge.config.values import Prefix, Seconds, Secret, Text, as_written

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_FORM = "mqtt://[user:password@]host[:port], or mqtts:// for TLS"


def parse_broker(text: str) -> Authority:
    """``mqtt[s]://[user:password@]host[:port]``. Raises Fault, which tells no secret."""
    parts = split_scheme(text)
    if parts is not None and parts[0] in ("ws", "wss"):
        raise Fault(f"{parts[0]}:// (WebSockets) is not spoken here; allowed: {_FORM}")
    if parts is None or not parts[1] or parts[0] not in _PORTS:
        raise Fault(f"not a broker's URL; allowed: {_FORM}")
    broker = split_authority(parts[2])
    if broker.tail not in ("", "/"):
        raise Fault("a broker's URL ends after the port: mqtt://host:1883; topics begin with the key prefix")
    return broker


class TlsConfig(Section):
    """How an mqtts:// broker is recognised, and how this device shows who it is. A relative path is taken from the
    folder of the file that it stands in."""

    ca: Optional[Text] = field(
        "file of the authorities that may have signed the broker's certificate (PEM); left out: the system's",
        "reconnect-mqtt", None,
    )  # fmt: skip
    certificate: Optional[Text] = field(
        "this device's certificate (PEM), where the broker asks", "reconnect-mqtt", None
    )
    key: Optional[Text] = field("the certificate's private key (PEM)", "reconnect-mqtt", None)
    check_name: bool = field(
        "false: the broker's certificate may be for another host name, as long as it is signed", "reconnect-mqtt", True
    )

    _folder: Path = pydantic.PrivateAttr(default_factory=Path)

    @pydantic.model_validator(mode="after")
    def _both(self) -> TlsConfig:
        if (self.certificate is None) != (self.key is None):
            given, other = ("certificate", "key") if self.key is None else ("key", "certificate")
            raise Fault(f"a {given} needs the {other} beside it", given)
        return self

    def bind(self, folder: Path) -> None:
        """Remember the folder that relative paths are taken from."""
        self._folder = folder

    def path(self, name: str) -> Optional[Path]:
        """The absolute path that the field ``name`` tells; None where it is left out."""
        told = getattr(self, name)
        return None if told is None else Path(os.path.normpath(self._folder / os.path.expanduser(told)))

    def meaning(self, name: str) -> object:
        return super().meaning(name) if name == "check_name" else self.path(name)


class MqttConfig(Section):
    """The broker. Once loaded, ``url`` holds no user and password: they stand in the fields of that name."""

    url: Text = field(f"broker, {_FORM}", "reconnect-mqtt", "mqtt://127.0.0.1:1883")
    username: Optional[Text] = field("user at the broker", "reconnect-mqtt", None, secret=True)
    password: Optional[Secret] = field("password at the broker", "reconnect-mqtt", None, secret=True)
    client_id: Optional[Text] = field("MQTT client id; left out: edge-<device>", "reconnect-mqtt", None)
    version: Annotated[Literal["3.1.1", "5"], pydantic.BeforeValidator(as_written)] = field(
        "version of MQTT that is spoken", "reconnect-mqtt", "3.1.1"
    )
    tls: TlsConfig = field("certificates for mqtts://", "reconnect-mqtt", factory=TlsConfig)
    keepalive: Annotated[float, Seconds(5, 3600)] = field("time between signs of life", "reconnect-mqtt", 30.0)
    prefix: Prefix = field("first level of all topics", "reconnect-mqtt", "edge")
    commands: List[Literal["enable", "disable", "snapshot", "reload"]] = field(
        "what may be ordered by MQTT; left out: nothing", "reconnect-mqtt", factory=list
    )

    @pydantic.field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parse_broker(url)
        return url

    @pydantic.model_validator(mode="after")
    def _credentials(self) -> MqttConfig:
        broker = parse_broker(self.url)
        take_credentials(self, broker.username, broker.password)
        scheme = "mqtts" if self.secure else "mqtt"
        self.url = f"{scheme}://{broker.host}:{broker.port or _PORTS[scheme]}"
        if not self.secure and self.tls != TlsConfig():
            raise Fault("certificates are for mqtts://; this url is mqtt://", "tls")
        return self

    @property
    def secure(self) -> bool:
        """Whether the connection is TLS."""
        parts = split_scheme(self.url)
        return parts is not None and parts[0] == "mqtts"

    @property
    def host(self) -> str:
        """Host name or address, an IPv6 address without its brackets."""
        return parse_broker(self.url).host.strip("[]")

    @property
    def port(self) -> int:
        return parse_broker(self.url).port or _PORTS["mqtt"]


class HomeAssistantConfig(Section):
    """Home Assistant finds this device and its cameras by itself, through the broker."""

    enabled: bool = field("whether it is told of this device", "live", False)
    prefix: Prefix = field("its discovery prefix", "live", "homeassistant")
    name: Optional[Text] = field("how the device is called there; left out: device", "live", None)
    area: Optional[Text] = field("area that it suggests for the device", "live", None)
