"""Certificates: read at every connect, and every fault with them in words that name the file.

TLS 1.2 at least; the broker's certificate is always checked, its name unless ``check_name`` is false.
"""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from typing import Any, Dict, NoReturn, Optional, Tuple

from edge.config import MqttConfig
from edge.errors import PublishError

Fingerprint = Tuple[str, ...]
_FILES = ("ca", "certificate", "key")


class Socket(ssl.SSLSocket):
    """Remembers what went wrong: paho tells that something did, and no more."""

    failure: Optional[ssl.SSLError] = None

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError):
            raise
        except ssl.SSLError as error:
            self.failure = error
            raise


class Context(ssl.SSLContext):
    """``made``: the socket of the last handshake, to be closed where that failed."""

    made: Optional[ssl.SSLSocket] = None
    sslsocket_class = Socket

    def wrap_socket(self, *args: Any, **how: Any) -> ssl.SSLSocket:
        self.made = super().wrap_socket(*args, **how)
        return self.made


def make_context(config: MqttConfig) -> Context:
    """For one connection, of the files as they are now. PublishError in words where they are of no use."""
    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = config.tls.check_name
    ca, certificate, key = (config.tls.path(name) for name in _FILES)
    if ca is None:
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(cadata=_read(ca).decode("ascii", "replace"))
        except (ssl.SSLError, ValueError):
            raise PublishError(f"{ca} holds no certificate (PEM)") from None
    if certificate is not None and key is not None:
        for path, mark in ((certificate, b"CERTIFICATE-----"), (key, b"PRIVATE KEY-----")):
            if mark not in _read(path):
                raise PublishError(f"{path} holds no {mark[:-5].decode().lower()} (PEM)")
        try:
            context.load_cert_chain(certificate, key, password=lambda: _encrypted(key))
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise PublishError(f"the key {key} does not belong to the certificate {certificate}") from None
            raise PublishError(f"{certificate} and {key} are no certificate and key: {_bare(error)}") from None
        except OSError as error:
            raise PublishError(f"{error.filename or certificate}: {error.strerror or error}") from None
    return context


def fingerprint(config: MqttConfig) -> Fingerprint:
    """Differs where the content of a file does."""
    found = []
    for name in _FILES if config.secure else ():
        path = config.tls.path(name)
        try:
            found.append("" if path is None else hashlib.sha256(path.read_bytes()).hexdigest())
        except OSError as error:
            found.append(type(error).__name__)
    return tuple(found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PublishError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None


def _encrypted(key: Optional[Path]) -> NoReturn:
    # Without this the library would ask at the terminal.
    raise PublishError(f"the key {key} is encrypted: put one there that is not (openssl pkey -in …)")


_ALERTS: Dict[str, str] = {
    "CERTIFICATE_EXPIRED": "says that {certificate} has expired",
    "CERTIFICATE_REVOKED": "says that {certificate} is revoked",
    "UNKNOWN_CA": "does not know the authority that signed {certificate}",
    "BAD_CERTIFICATE": "does not like {certificate}",
    "UNSUPPORTED_CERTIFICATE": "does not like {certificate}",
    "CERTIFICATE_UNKNOWN": "does not like {certificate}",
    "CERTIFICATE_REQUIRED": "asks for a certificate",
    "HANDSHAKE_FAILURE": "ended the handshake",
    "PROTOCOL_VERSION": "speaks none of TLS 1.2 and 1.3",
    "INSUFFICIENT_SECURITY": "wants other ciphers",
}


def told(error: ssl.SSLError, config: MqttConfig) -> Tuple[bool, str]:
    """Whether somebody refuses somebody, and why, in words."""
    authorities = config.tls.path("ca") or "this system's authorities"
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        if code == 10:
            return True, f"the broker's certificate has expired (checked with {authorities})"
        if code == 9:
            return True, "the broker's certificate is not valid yet: is this device's clock right?"
        if code in (62, 64):
            return True, f"the broker's certificate is for another name than {config.host} (mqtt.tls.check_name)"
        if code in (2, 18, 19, 20, 21):
            return True, f"the broker's certificate is signed by none of {authorities} (mqtt.tls.ca)"
        return True, f"the broker's certificate, checked with {authorities}: {error.verify_message}"
    reason = error.reason or ""
    certificate = config.tls.path("certificate")
    if "ALERT" in reason:
        said = next((words for name, words in _ALERTS.items() if reason.endswith(name)), "says " + _bare(error))
        if certificate is None and (reason.endswith(("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE"))):
            return True, "the broker asks for a certificate: give mqtt.tls.certificate and mqtt.tls.key"
        return True, f"the broker {said.format(certificate=certificate or 'this device')}"
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"):
        return False, f"{config.host}:{config.port} does not speak TLS: mqtt:// and another port?"
    return False, f"{config.host}:{config.port}: {_bare(error)}"


def _bare(error: ssl.SSLError) -> str:
    """What the library says, without its line numbers."""
    return (error.reason or str(error)).replace("_", " ").lower()
