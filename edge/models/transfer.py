"""One try at a download over HTTP: from where the file ends to where the server's does."""

from __future__ import annotations

import http.client
import re
import ssl
import urllib.error
import urllib.request
from typing import BinaryIO, Callable, Optional

from edge import __version__

_TIMEOUT = 30.0  # seconds without a byte
_BLOCK = 1 << 18
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)


class Transient(Exception):
    """It broke off or was not answered: another try may go on from there."""


class Refused(Exception):
    """Another try would not help."""


def transfer(
    url: str,
    file: BinaryIO,
    size: Optional[int],
    announce: Callable[[Optional[int]], None],
    progress: Optional[Callable[[int, Optional[int]], None]],
) -> None:
    """Append to ``file`` what is missing of the document at ``url``; it starts anew where the server cannot resume.

    ``announce`` hears the whole size (None: not said) before the first byte, with ``file`` at the place where that will
    go, and may raise. Raises Transient, Refused, OSError for the file.
    """
    start = file.seek(0, 2)
    if size is not None and start >= size:
        if start == size:
            return
        start = file.truncate(0)
    try:
        response = _open(url, start)
    except _Past as past:
        if past.size == start:
            return
        file.truncate(0)
        response = _open(url, 0)
    with response:
        if response.status != 206 or _first(response) != start:
            start = file.truncate(0)
            if response.status == 206:
                raise Transient("the server sent another part than the one asked for")
        length = response.headers.get("Content-Length")
        total = start + int(length) if length and length.isdigit() else None
        file.seek(0, 2)
        announce(total)
        _copy(response, file, total if total is not None else size, progress)


def _copy(
    response: http.client.HTTPResponse,
    file: BinaryIO,
    total: Optional[int],
    progress: Optional[Callable[[int, Optional[int]], None]],
) -> None:
    done = file.tell()
    while True:
        if progress is not None:
            progress(done, total)
        try:
            block = response.read(_BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise Transient(f"the transfer broke off: {_reason(error)}") from None
        if not block:
            break
        done += len(block)
        if total is not None and done > total:
            raise Refused(f"sends more than the {total} bytes it should")
        file.write(block)
    if total is not None and done < total:
        raise Transient(f"the transfer broke off after {done} of {total} bytes")


class _Past(Exception):
    """HTTP 416: there is nothing after what is here. ``size`` is the document's, where the server says it."""

    def __init__(self, size: Optional[int]) -> None:
        super().__init__()
        self.size = size


def _open(url: str, start: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": f"edge/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=_TIMEOUT
        )
        return response
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and start:
                said = re.fullmatch(r"bytes \*/(\d+)", error.headers.get("Content-Range", ""))
                raise _Past(int(said.group(1)) if said else None) from None
            message = f"the server answers {error.code} {error.reason}"
            if error.code in _TRY_AGAIN:
                raise Transient(message) from None
            raise Refused(message) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            why = error.reason.verify_message
            raise Refused(f"its certificate does not hold: {why} (is this machine's clock right?)") from None
        raise Transient(f"no connection: {_reason(error.reason)}") from None
    except (OSError, http.client.HTTPException) as error:
        raise Transient(f"no connection: {_reason(error)}") from None


def _first(response: http.client.HTTPResponse) -> Optional[int]:
    said = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(said.group(1)) if said else None


def _reason(error: object) -> str:
    """The words of an error, without its number."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
