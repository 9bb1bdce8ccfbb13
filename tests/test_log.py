"""Log lines: their forms, and what must not be in them."""

from __future__ import annotations

import io
import logging
import os
import sys
import types
from typing import Any, Dict, Iterator, List

import pytest

from edge import log

SECRETS = [
    "rtsp://admin:hunter2@10.0.0.1/stream",
    "rtsp://admin:p@ss/hunter2@10.0.0.1:554/a?b=c",
    "open 'rtsp://:hunter2@host/x' failed",
    "mqtt://u:hunter2@[::1]:1883",
    "rtsp://host/cam?user=admin&password=hunter2&channel=1",
    "HTTP://U:hunter2@host and rtsp://v:hunter2@other",
]


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield logging.getLogger("edge.test")
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("edge").setLevel(logging.NOTSET)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_for_a_file(logger: logging.Logger) -> None:
    out = io.StringIO()
    log.set_up("info", out)
    log.event(logger, "camera online", camera="square", fps=15.0, note="two words", nothing=None)
    line = out.getvalue()
    assert line.endswith('Z info    camera online  camera=square fps=15 note="two words"\n')
    assert "\033" not in line


def test_a_terminal_gets_colour_unless_it_wants_none(logger: logging.Logger, monkeypatch: Any) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    log.set_up("info", out)
    log.event(logger, "camera stalled", logging.WARNING, camera="square")
    assert "\033[33mcamera stalled\033[0m" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    log.set_up("info", out)
    log.event(logger, "camera stalled", logging.WARNING, camera="square")
    assert "\033" not in out.getvalue() and "warning camera stalled  camera=square" in out.getvalue()


@pytest.mark.parametrize("text", SECRETS)
def test_no_password_gets_out_by_message_argument_field_or_traceback(logger: logging.Logger, text: str) -> None:
    out = io.StringIO()
    log.set_up("info", out)
    logger.info(text)
    logger.info("opening %s", text)
    log.event(logger, "camera", url=text)
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("failed")
    assert "hunter2" not in out.getvalue()
    assert out.getvalue().count("***") >= 4


def test_what_is_no_secret_stays(logger: logging.Logger) -> None:
    for text in ("rtsp://10.0.0.1:554/a?b=c", "mail a@b.c", "3 pictures/s @ 15"):
        assert log.redact(text) == text


def test_a_message_is_one_line(logger: logging.Logger) -> None:
    out = io.StringIO()
    log.set_up("info", out)
    log.event(logger, "first\nsecond", field="a\nb")
    assert out.getvalue().count("\n") == 1


def test_the_level_can_be_changed_and_set_up_again(logger: logging.Logger) -> None:
    old, out = io.StringIO(), io.StringIO()
    log.set_up("info", old)
    log.set_up("warning", out)
    log.event(logger, "quiet")
    log.set_level("debug")
    log.event(logger, "loud", logging.DEBUG)
    logging.getLogger("another.library").info("not ours")
    assert "loud" in out.getvalue() and "quiet" not in out.getvalue() and "not ours" not in out.getvalue()
    assert old.getvalue() == ""


def test_under_systemd_the_journal_gets_fields(logger: logging.Logger, monkeypatch: Any, tmp_path: Any) -> None:
    sent: List[Dict[str, str]] = []
    journal = types.ModuleType("systemd.journal")
    journal.send = lambda message, **fields: sent.append({"MESSAGE": message, **fields})  # type: ignore[attr-defined]
    package = types.ModuleType("systemd")
    package.journal = journal  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "systemd", package)
    monkeypatch.setitem(sys.modules, "systemd.journal", journal)
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        log.set_up("info", stream)
        log.event(logger, "camera online", camera="square", url="rtsp://u:hunter2@h/")
    (entry,) = sent
    assert entry.pop("CODE_FILE") == __file__ and int(entry.pop("CODE_LINE")) > 100
    assert sent == [
        {
            "MESSAGE": "camera online  camera=square url=rtsp://***@h/",
            "PRIORITY": "6",
            "SYSLOG_IDENTIFIER": "edge",
            "LOGGER": "edge.test",
            "EDGE_CAMERA": "square",
            "EDGE_URL": "rtsp://***@h/",
            "CODE_FUNC": "test_under_systemd_the_journal_gets_fields",
        }
    ]


def test_under_systemd_without_its_library_lines_have_a_priority(
    logger: logging.Logger, monkeypatch: Any, tmp_path: Any
) -> None:
    monkeypatch.setitem(sys.modules, "systemd", None)
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        log.set_up("info", stream)
        log.event(logger, "camera stalled", logging.WARNING, camera="square")
    assert (tmp_path / "stream").read_text() == "<4>camera stalled  camera=square\n"


def test_a_journal_stream_that_is_not_ours_is_left_alone(
    logger: logging.Logger, monkeypatch: Any, tmp_path: Any
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    with (tmp_path / "stream").open("w") as stream:
        log.set_up("info", stream)
        log.event(logger, "camera online")
    assert (tmp_path / "stream").read_text().endswith("Z info    camera online\n")


@pytest.mark.parametrize(
    "text",
    [
        "no such path: /user=admin_password=geheim_channel=1_stream=0.sdp (RTSP 404)",
        "no such path: /user=admin&password=geheim&channel=1 (RTSP 404)",
        "Not Found (404), URL: http://cam/videostream.cgi?loginuse=admin&loginpas=geheim, Redirect to: (NULL)",
        "http://cam/x?user=admin&pwd=geheim",
    ],
)
def test_passwords_in_a_path_are_not_told(text: str) -> None:
    from edge.config.redact import redact

    assert "geheim" not in log.redact(text) and "geheim" not in redact(text)
