"""``${env:NAME}`` and ``${file:/path}``: what they fetch, and what is said where they cannot."""

import pytest

from edge.config import load
from edge.config.references import MAX_SECRET_BYTES
from tests.config.conftest import MINIMAL


def camera(write, source="rtsp://cam/x", password="", **environment):
    path = write(f"{MINIMAL}cameras:\n  c:\n    source: {source}\n    {password}\n")
    return load(path, environment).cameras["c"]


def test_environment(write):
    url = camera(write, password="username: u\n    password: ${env:PW}", PW="${env:X} $1 'ä'").source_url()
    assert url.password == "${env:X} $1 'ä'", "what a reference fetched is not looked through again"


def test_part_of_a_text_and_several(write):
    url = camera(write, "rtsp://${env:U}:${env:PW}@${env:HOST}/x", U="bob", PW="p%40ss", HOST="cam").source_url()
    assert (url.location, url.username, url.password) == ("rtsp://cam/x", "bob", "p@ss")


def test_numbers_and_flags(write):
    c = camera(
        write, password="fps: ${env:FPS}\n    enabled: ${env:ON}\n    latency: ${env:L}", FPS="7", ON="no", L="1s"
    )
    assert (c.fps, c.enabled, c.latency) == (7.0, False, 1.0)


def test_words_that_yaml_knows_stay_text(write):
    for word in ("null", "true", "12", ""):
        c = camera(write, password="username: u\n    password: ${env:PW}", PW=word)
        assert c.password.get_secret_value() == word


def test_escape(write):
    c = camera(write, password="username: u\n    password: a$${b}$c$$")
    assert c.password.get_secret_value() == "a${b}$c$$"


def test_file_beside_the_one_it_stands_in(write, tmp_path):
    (tmp_path / "cameras.d").mkdir()
    (tmp_path / "cameras.d" / "pw").write_text("hunter2\r\n", encoding="utf-8")
    write("source: rtsp://cam/x\nusername: u\npassword: ${file:pw}\n", "cameras.d/c.yaml")
    assert load(write(MINIMAL)).cameras["c"].password.get_secret_value() == "hunter2"


def test_file_by_absolute_path(write, tmp_path):
    secret = tmp_path / "elsewhere"
    secret.write_text("hunter2", encoding="utf-8")
    c = camera(write, password=f"username: u\n    password: ${{file:{secret}}}")
    assert c.password.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("${env:NOPE}", "the environment variable NOPE is not set"),
        ("${env:}", "takes the name"),
        ("${env:a b}", "takes the name"),
        ("${env:LINES2}", "more than one line"),
        ("${env:BYTES}", "more than one line of UTF-8"),
        ("${NOPE}", "neither ${env:NAME} nor ${file:/path}"),
        ("${vault:x}", "neither ${env:NAME}"),
        ("hunter2${", "neither ${env:NAME}"),
        ("${file:}", "names no file"),
        ("${file:.}", "names no file"),
        ("${file:nope}", "cannot be read: no such file"),
        ("${file:large}", "larger than"),
        ("${file:binary}", "more than one line of UTF-8"),
        ("${file:lines}", "more than one line of UTF-8"),
    ],
)
def test_unresolved(camera_problems, tmp_path, reference, words):
    (tmp_path / "large").write_bytes(b"x" * (MAX_SECRET_BYTES + 1))
    (tmp_path / "binary").write_bytes(b"hunter2\xff")
    (tmp_path / "lines").write_bytes(b"hunter2\nhunter2\n")
    environment = {"LINES2": "hunter2\nx", "BYTES": "hunter2\udcff"}
    text = f"source: rtsp://cam/x\nusername: u\npassword: '{reference}'\n"
    (problem,) = camera_problems(text, **environment)
    assert (problem.line, problem.column, problem.key) == (8, 15, "cameras.c.password")
    assert words in problem.message
    assert "hunter2" not in problem.message


def test_a_wrong_value_out_of_a_reference_is_not_told(camera_problems):
    (problem,) = camera_problems("source: test://\nfps: ${env:F}\n", F="hunter2")
    assert "hunter2" not in str(problem)
    assert "not shown" in problem.message


def test_the_hint_of_quotes_in_flow_style(problems):
    (problem,) = problems(MINIMAL + "cameras: {c: {source: ${env:X}}}\n", X="test://")
    assert "goes in quotes" in problem.message
