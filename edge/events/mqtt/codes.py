"""What a broker's reason codes mean, in words. MQTT 3.1.1's few come as MQTT 5's, by paho's translation."""

from __future__ import annotations

from typing import Dict

from edge.config import MqttConfig

BAD_USER, NOT_AUTHORISED, TAKEN_OVER, QUOTA = 0x86, 0x87, 0x8E, 0x97

_WORDS: Dict[int, str] = {
    0x80: "unspecified error",
    0x81: "it finds our packet malformed",
    0x82: "it finds that we break the protocol",
    0x83: "its own reasons",
    0x87: "not authorised",
    0x88: "it is not available now",
    0x89: "it is busy",
    0x8A: "this client is banned",
    0x8B: "it is shutting down",
    0x8C: "another way to authenticate is wanted",
    0x8D: "it heard nothing from us for too long",
    0x8E: "another client uses the same client id",
    0x8F: "it does not like the topic filter",
    0x90: "it does not like the topic",
    0x93: "more messages at a time than it takes",
    0x95: "packet too large",
    0x96: "too many messages",
    0x97: "quota exceeded",
    0x98: "its operator ended the connection",
    0x99: "the payload is not what it says it is",
    0x9A: "it keeps no retained messages, which are needed",
    0x9B: "it does not take QoS 1, which is needed",
    0x9C: "another broker is to be used",
    0x9D: "the broker has moved",
    0x9F: "connections come too often",
    0xA0: "the connection lasted too long",
}

# A PUBACK with one of these will be the same next time: the message itself is what it does not take.
HOPELESS = (0x90, 0x99)
# The connection ended for a reason that has nothing to do with the message on its way.
INNOCENT = (0x88, 0x89, 0x8B, 0x8D, TAKEN_OVER, 0x98, 0x9C, 0x9D, 0x9F, 0xA0)
# To come back at once would make it worse.
PATIENCE = (0x89, 0x8A, TAKEN_OVER, QUOTA, 0x9C, 0x9D, 0x9F)


def words(code: int) -> str:
    return _WORDS.get(code, f"reason code 0x{code:02X}")


def refusal(code: int, config: MqttConfig, client_id: str) -> str:
    """Why a broker lets nobody in who comes like this; ``code`` is CONNACK's."""
    if code in (BAD_USER, NOT_AUTHORISED):
        given = config.username is not None
        return "wrong user or password" if given else "the broker asks for a user and a password"
    if code == 0x85:
        return f"the broker does not like the client id {client_id}"
    if code == 0x84:
        return unspoken(config)
    return f"the broker refuses: {words(code)}"


def unspoken(config: MqttConfig) -> str:
    """It does not take this version, or is no broker at all."""
    other = "5" if config.version == "3.1.1" else "3.1.1"
    return f"the broker does not speak MQTT {config.version} (mqtt.version: {other!r}?)"
