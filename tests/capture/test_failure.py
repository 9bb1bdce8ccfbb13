"""What GStreamer's errors become: a state, and words that say where, what and what to look at."""

from __future__ import annotations

from typing import Optional

import pytest

from edge.capture.failure import GstError, failure, place, printable

URL = "rtsp://gate.example:8554/live/1?profile=2"


def said(error: GstError, user: bool = False, answered: bool = False) -> Optional[str]:
    """``state: reason``."""
    found = failure(error, URL, "rtsp", user, answered)
    return None if found is None else f"{found.state}: {found}"


def resource(code: str, detail: str, text: str = "Could not do it.", status: int = 0) -> GstError:
    return GstError("resource", code, text, detail, status)


HERE = "gate.example:8554"
NO_PATH = (
    f"unreachable: the camera at {HERE} has no such path: /live/1?profile=2 (RTSP 404); look up the stream's path in "
    "the camera's manual and correct the url"
)
BUSY = "it may be busy or serve too many viewers"
TIMEOUT = "(Timeout while waiting for server response)"


@pytest.mark.parametrize(
    ("code", "status", "detail", "words"),
    [
        ("not-authorized", 401, "", "unauthorized: the camera wants a user and a password (RTSP 401)"),
        ("read", 403, "", "unauthorized: the camera does not let this user see /live/1?profile=2 (RTSP 403)"),
        ("not-found", 404, "", NO_PATH),
        ("read", 503, "Full (503)", f"unreachable: the camera at {HERE} answers Full (503); {BUSY}"),
        ("read", 503, "", f"unreachable: the camera at {HERE} answers RTSP 503; {BUSY}"),
        ("open-read-write", 0, f"Failed to connect. {TIMEOUT}", f"unreachable: nothing at {HERE} answers: "),
        ("read", 0, f"No message. {TIMEOUT}", f"unreachable: {HERE} takes connections but does not answer: "),
        ("read", 0, "No message. (Parse error)", f"unreachable: what answers at {HERE} speaks no RTSP: "),
        ("read", 0, "(Received end-of-file)", f"unreachable: {HERE} closes the connection without an answer"),
        ("read", 0, "(System error)", f"unreachable: {HERE} breaks the connection off without an answer"),
        ("open-read-write", 0, "Failed to connect. (Generic error)", None),
        ("open-read", 0, "No supported authentication protocol was found", f"unreachable: the camera at {HERE} does "
         "not give /live/1?profile=2: it has no such path, or wants a login"),
    ],
)
def test_before_the_camera_has_answered(code: str, status: int, detail: str, words: Optional[str]) -> None:
    found = said(resource(code, detail, status=status))
    assert found == words or (found is not None and words is not None and found.startswith(words))


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("No message. (System error)", f"stalled: the connection to {HERE} broke"),
        ("No message. (Parse error)", f"stalled: what {HERE} sends is no RTSP any more"),
        ("No message. (Received end-of-file)", f"stalled: {HERE} closed the connection"),
        ("No UDP packets for 5 seconds", "stalled: Could not do it. (No UDP packets for 5 seconds)"),
    ],
)
def test_in_mid_stream(detail: str, words: str) -> None:
    assert said(resource("read", detail), answered=True) == words


def test_a_wrong_password_is_told_from_a_missing_one() -> None:
    error = resource("not-authorized", "Unauthorized (401)", status=401)
    assert said(error, user=True) == "unauthorized: the camera refuses this user and password (RTSP 401)"


def test_what_stopped_the_stream_is_no_fault_of_its_format() -> None:
    stopped = GstError("stream", "failed", "Internal data stream error.", "streaming stopped, reason error (-5)")
    assert said(stopped, answered=True) == f"stalled: {stopped}"
    assert said(GstError("stream", "codec-not-found", "No codec.", "")) == "unsupported: No codec."


def test_a_file_has_no_network() -> None:
    found = failure(resource("not-found", "No such file", "Not found."), "/a/clip.mp4", "file", False, False)
    assert found is not None and (found.state, str(found)) == ("unreachable", "Not found. (No such file)")


@pytest.mark.parametrize(
    ("url", "shown", "path"),
    [
        ("rtsp://10.0.0.7", "10.0.0.7:554", "/"),
        ("rtsp://[fd00::7]:8554/a", "[fd00::7]:8554", "/a"),
        ("rtsp://Gate/a?b=c", "gate:554", "/a?b=c"),
    ],
)
def test_a_place(url: str, shown: str, path: str) -> None:
    assert (str(place(url)), place(url).path) == (shown, path)


def test_a_cameras_own_words_are_one_line_of_a_length() -> None:
    assert printable("no\x1b[31m\r\nway\x00") == "no [31m  way"
    assert len(printable("x" * 5000)) == 200
