"""Why a camera cannot be connected to: looks up its name and knocks at its port, in a thread, within a bound."""

import errno
import os
import socket
import threading
import time
from typing import Optional

from .failure import Place, no_answer, silent

_BOUND_S = 3.0


class Reach:
    """Begins to look when it is made."""

    def __init__(self, where: Place) -> None:
        self._where = where
        self._reason: Optional[str] = None
        self._address_known = False
        self._until = time.monotonic() + _BOUND_S
        # A name's look-up cannot be interrupted: a thread that hangs in it is left behind.
        threading.Thread(target=self._look, daemon=True).start()

    def reason(self) -> Optional[str]:
        """What is wrong, in words; None while that is not known yet."""
        if self._reason is None and time.monotonic() > self._until:
            return no_answer(self._where) if self._address_known else _unknown(self._where, "no name server answers")
        return self._reason

    def _look(self) -> None:
        where = self._where
        try:
            addresses = socket.getaddrinfo(where.host, where.port, 0, socket.SOCK_STREAM)
            self._address_known = True
            self._reason = self._knock(addresses[0])
        except (socket.gaierror, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            self._reason = _unknown(where, why or "it cannot be a name")

    def _knock(self, address: tuple) -> str:  # type: ignore[type-arg]  # getaddrinfo's, as it comes
        family, kind, protocol, _, target = address
        with socket.socket(family, kind, protocol) as sock:
            sock.settimeout(_BOUND_S)
            try:
                sock.connect(target)
            except ConnectionRefusedError:
                return "nothing listens at {}: is the port right, does the camera serve RTSP?".format(self._where)
            except socket.timeout:
                return no_answer(self._where)
            except OSError as error:
                return _unreached(self._where, error.errno)
        return silent(self._where)


def _unknown(where: Place, why: str) -> str:
    return "the name {} cannot be looked up ({}): is it right, is the name server there?".format(where.host, why)


def _unreached(where: Place, code: Optional[int]) -> str:
    if code in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ETIMEDOUT):
        return "no way to {} ({}): is the address right, is this device's network up?".format(
            where, os.strerror(code or 0).lower()
        )
    return "{} cannot be connected to ({})".format(where, os.strerror(code or 0).lower())
