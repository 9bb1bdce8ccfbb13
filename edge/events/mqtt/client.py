"""A paho client as the configuration wants it, and what keeps it from connecting, in words.

Everything that speaks to the broker begins here: the daemon, ``edge events tail`` and ``edge doctor``.
"""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Any, NamedTuple, Optional, Tuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.config import MqttConfig
from edge.errors import PublishError
from edge.events.mqtt import properties, tls

CONNECT_TIMEOUT = 5.0  # seconds; for the handshake of TLS once more
# What others may send us at most, where the version has a word for it. Commands have some 100 bytes.
LARGEST = 256 * 1024


class Client(mqtt.Client):
    """``broken``: why nothing can be written any more. What the broker said before can still be read then, and what it
    acknowledged is not sent again: so this ends the connection only when there is nothing more to be read.
    """

    broken: Optional[OSError] = None
    farewell = 0  # the reason code of the broker's DISCONNECT: paho before 2.2 leaves it out where no more is said

    def _handle_disconnect(self) -> None:
        said = self._in_packet["packet"]
        self.farewell = said[0] if said else 0
        super()._handle_disconnect()

    def _sock_send(self, buf: Any) -> int:
        try:
            return super()._sock_send(buf)
        except BlockingIOError:
            raise
        except OSError as error:
            self.broken = error
            raise BlockingIOError from error


class Prepared(NamedTuple):
    client: Client
    context: Optional[tls.Context]

    def connect(self, config: MqttConfig) -> None:
        """TCP, TLS, and the question whether we may come in. Raises OSError, and leaves nothing open then."""
        keepalive = max(1, round(config.keepalive))
        try:
            if config.version == "5":
                asked = properties.of_connect(LARGEST)
                self.client.connect(config.host, config.port, keepalive, clean_start=True, properties=asked)
            else:
                self.client.connect(config.host, config.port, keepalive)
        except OSError:
            self.abandon()
            raise
        # A message is one small write, and there may be the next before the first is answered.
        sock: Any = self.client.socket()
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def abandon(self) -> None:
        """Drop the connection without a word."""
        for sock in (self.client.socket(), self.context.made if self.context is not None else None):
            if sock is not None:
                sock.close()

    def failure(self) -> Optional[ssl.SSLError]:
        """What TLS had to say after the handshake."""
        made = self.context.made if self.context is not None else None
        return made.failure if isinstance(made, tls.Socket) else None


def prepare(config: MqttConfig, client_id: str) -> Prepared:
    """With user, password and certificates. PublishError in words where a certificate's file is of no use."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=mqtt.MQTTv5 if config.version == "5" else mqtt.MQTTv311,
        reconnect_on_failure=False,  # else it would try an older version by itself
    )
    if config.username is not None:
        secret = config.password
        client.username_pw_set(config.username, None if secret is None else secret.get_secret_value())
    client.connect_timeout = CONNECT_TIMEOUT
    context = tls.make_context(config) if config.secure else None
    if context is not None:
        client.tls_set_context(context)
    return Prepared(client, context)


def told(error: Exception, config: MqttConfig) -> Tuple[bool, str]:
    """Whether this is a refusal, which nothing but a person will change, and why there is no connection, in words."""
    where = f"{config.host}:{config.port}"
    if isinstance(error, PublishError):
        return True, str(error)
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return tls.told(error, config)
    if isinstance(error, socket.gaierror):
        return False, f"the name {config.host} is not known here"
    if isinstance(error, ConnectionRefusedError):
        return False, f"nothing listens at {where}"
    if isinstance(error, socket.timeout):
        return False, f"no answer from {where} within {CONNECT_TIMEOUT:g} s"
    if isinstance(error, ssl.SSLError) or getattr(error, "errno", None) in (errno.ECONNRESET, errno.EPIPE):
        return False, f"{where} closes the connection" + (" during the TLS handshake" if config.secure else "")
    return False, f"{where}: {getattr(error, 'strerror', None) or error}"
