"""Why a connection ended, in words, and whose fault that may be."""

from __future__ import annotations

import ssl
from typing import NamedTuple, Optional

from edge.config import MqttConfig
from edge.events.mqtt import codes, tls

NO_MQTT = "what comes from the broker is no MQTT"
KEEPALIVE, PROTOCOL = 0x8D, 0x82


class Ending(NamedTuple):
    """``blame``: the broker ended it, perhaps for what it was sent; ``slow``: it is not to be asked again soon."""

    state: str  # refused | lost
    reason: str
    blame: bool = False
    slow: bool = False


def ending(config: MqttConfig, online: bool, told: bool, code: int, failure: Optional[ssl.SSLError]) -> Ending:
    """``told``: the broker said ``code`` itself (MQTT 5), else it is paho's; ``failure``: what TLS had to say."""
    if failure is not None:
        refused, words = tls.told(failure, config)
        return Ending("refused" if refused and not online else "lost", words)
    if told:
        blame = online and code not in codes.INNOCENT
        return Ending("lost", f"the broker ended the connection: {codes.words(code)}", blame, code in codes.PATIENCE)
    if code == KEEPALIVE:
        return Ending("lost", "no sign of life from the broker")
    if online:
        return Ending("lost", NO_MQTT if code == PROTOCOL else "the broker closed the connection", True)
    if code == PROTOCOL:
        return Ending("refused", codes.unspoken(config))
    after = " after the TLS handshake: is a certificate missing?" if config.secure else ""
    return Ending("lost", "the broker closed the connection" + after)
