"""A password is never told: not in errors, not in what ``edge check`` prints, not in a repr."""

import pytest

from edge.config import load, survey
from edge.config.excerpt import Excerpts, hide_secrets
from edge.config.redact import redact
from tests.config.conftest import MINIMAL

# Each holds "hunter2" as a password, and something wrong at or near it.
WRONG = [
    "cameras: {c: {source: 'rtsp://bob:hunter2@cam:99999/x'}}",
    "cameras: {c: {source: 'rtsp://bob:hunter2@/x'}}",
    "cameras: {c: {source: 'rtsp://bob:hun/hunter2@cam/x'}}",
    "cameras: {c: {source: 'rtsp://bob:hunter2?@cam/x'}}",
    "cameras: {c: {source: 'rtsps://bob:hunter2@cam/x'}}",
    "cameras: {c: {source: 'bob:hunter2@cam/x'}}",
    "cameras: {c: {source: 'http://cam:x/?user=bob&password=hunter2'}}",
    "cameras: {c: {url: 'rtsp://bob:hunter2@cam/x'}}",
    "cameras: {c: {source: 'rtsp://bob:hunter2@cam/x', password: hunter2}}",
    "cameras: {c: {source: 'rtsp://cam/x', password: hunter2}}",
    "cameras: {c: {source: 'test://', password: hunter2}}",
    "cameras: {c: {source: 'test://', passwort: hunter2}}",
    "cameras: {c: {source: 'test://', Password: hunter2}}",
    "cameras: {c: {source: 'test://', pw: hunter2, fps: x}}",
    "cameras: {c: {source: 'test://', password: [hunter2]}}",
    "cameras: {c: {source: 'test://', password: {hunter2: 1}}}",
    "cameras: {c: {source: 'test://', password: !hunter2 x}}",
    "cameras: {c: {source: 'test://', password: *hunter2}}",
    "cameras: {c: {source: 'test://', password: !hunter2!x y}}",
    "cameras: {c: {source: 'test://', password: &a hunter2, fps: &a 5}}",
    "cameras: {c: {source: 'test://', password: 'hunter2}}",
    "cameras: {c: {source: 'test://', password: @hunter2}}",
    "cameras: {c: {source: 'test://', password: x${hunter2}}}",
    "cameras: {c: {source: 'test://', password: 'x${hunter2}'}}",
    "cameras: {c: {source: 'test://', fps: '${env:SECRET}'}}",
    "cameras: {c: {source: '${env:SECRET}', password: '${env:NOPE}'}}",
    "cameras: {c: {source: 'test://', transport: '${env:SECRET}'}}",
    "cameras:\n  c:\n    password: a: hunter2\n",
    "cameras:\n  c:\n    password: |\n      hunter2\n     x\n",
    "cameras:\n  c:\n    password: |\n      hunter2\n      x\n",
    "cameras:\n  c:\n    password:\n      - hunter2\n",
    "cameras:\n  c:\n    password: x\n      hunter2: y\n",
    "mqtt: {url: 'mqtt://bob:hunter2@broker/x'}",
    "mqtt: {url: 'tcp://bob:hunter2@broker'}",
    "mqtt: {url: 'mqtt://bob:hunter2@bro ker'}",
    "mqtt: {password: hunter2}",
    "mqtt: {passwd: hunter2}",
]


@pytest.mark.parametrize("text", WRONG)
def test_no_problem_and_no_excerpt_tells_the_password(write, text):
    config, problems = survey(write(MINIMAL + text), {"SECRET": "hunter2"})
    assert problems
    excerpts = Excerpts()
    told = [str(problem) + str(excerpts.of(problem)) for problem in problems]
    # a password that is a mapping makes keys of it, and a key is told
    assert "hunter2" not in "".join(told).replace("password.hunter2", "")
    assert "hunter2" not in repr(config)


def test_no_repr_tells_the_password(write):
    config = load(
        write(
            MINIMAL + "mqtt: {url: 'mqtt://bob:hunter2@h'}\n"
            "cameras:\n  a: {source: 'rtsp://bob:hunter2@h/'}\n"
            "  b: {source: 'rtsp://h/', username: u, password: hunter2}\n"
        )
    )
    for thing in (config, config.mqtt, *config.cameras.values(), *(c.source_url() for c in config.cameras.values())):
        assert "hunter2" not in f"{thing!r} {thing!s}"
    assert "hunter2" not in config.model_dump_json()
    assert [c.source_url().password for c in config.cameras.values()] == ["hunter2", "hunter2"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://bob:pw@cam/x", "rtsp://***@cam/x"),
        ("rtsp://bob:p@w@cam/x", "rtsp://***@cam/x"),
        ("rtsp://bob:p/w@cam/x", "rtsp://***@cam/x"),
        ("bob:pw@cam", "***@cam"),
        ("rtsp://cam/x?user=bob&passwd=pw&a=1", "rtsp://cam/x?user=bob&passwd=***&a=1"),
        ("rtsp://cam/x", "rtsp://cam/x"),
        ("", ""),
    ],
)
def test_redact(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("    password: hunter2  # mine", "    password: ***"),
        ("    'password' : hunter2", "    'password' : ***"),
        ("c: {MQTT_PASSWORD: hunter2, x: 1}", "c: {MQTT_PASSWORD: ***"),
        ("    source: rtsp://bob:hunter2@cam/x", "    source: rtsp://***@cam/x"),
        ("    source: bob:hunter2@cam/x", "    source: ***@cam/x"),
        ("    - bob:hunter2@cam/x", "    - ***@cam/x"),
        ("    fps: 5", "    fps: 5"),
        ("    password:", "    password:"),
    ],
)
def test_lines(line, shown):
    assert hide_secrets(line) == shown
