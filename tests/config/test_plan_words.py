"""A plan in words: what people read of it, and what nobody does."""

import pytest

from edge.config.plan import plan
from tests.config.edits import BASE, MAIN, ZONE, config, edited, lines


@pytest.mark.parametrize(
    ("keys", "value", "line"),
    [
        (("cameras", "yard"), {"source": "rtsp://bob:hunter2@h/x?password=hunter2", "models": ["cars"]},
         "+ camera yard: rtsp://h/x?password=***"),
        (("cameras", "gate"), None, "- camera gate"),
        (("cameras", "gate", "fps"), 10, "~ camera gate: fps 5 → 10 (live)"),
        (("cameras", "gate", "source"), "rtsp://h/",
         "~ camera gate: source rtsp://10.0.0.5/stream → rtsp://h/ (rebuild)"),
        (("cameras", "gate", "password"), "hunter22", "~ camera gate: password changed (rebuild)"),
        (("cameras", "gate", "size"), [640, 360], "~ camera gate: size added: 640x360 (rebuild)"),
        (("cameras", "gate", "stall_timeout"), "90s", "~ camera gate: stall_timeout 10s → 90s (live)"),
        (("cameras", "gate", "frozen_timeout"), 0, "~ camera gate: frozen_timeout 30s → 0s (live)"),
        (("cameras", "gate", "models"), ["people", "cars"], "~ camera gate: models [people] → [people, cars] (live)"),
        (("cameras", "gate", "objects", "cat"), {"min_score": 0.4},
         "~ camera gate: objects.cat added: {min_score: 0.4} (live)"),
        (("cameras", "gate", "objects", "cat"), {}, "~ camera gate: objects.cat added (live)"),
        (("cameras", "gate", "zones", "lawn"), None, "~ camera gate: zones.lawn removed (live)"),
        (("cameras", "gate", "zones", "lawn", "dwell"), "2m", "~ camera gate: zones.lawn.dwell added: 2m (live)"),
        (("cameras", "off", "enabled"), True, "~ camera off: enabled"),
        (("cameras", "gate", "enabled"), False, "~ camera gate: disabled"),
        (("models", "bikes"), {"spec": "person"}, "+ model bikes: person"),
        (("models", "people", "min_score"), 0.3, "~ model people: min_score added: 0.3 (live)"),
        (("models", "people", "spec"), "/m/x", "~ model people: spec /etc/edge/fastestdet → /m/x (reload)"),
        (("mqtt", "url"), "mqtts://h", "! mqtt: url mqtts://broker:8883 → mqtts://h:8883 (reconnect)"),
        (("spool", "max_size"), "20MB", "~ spool: max_size 256MB → 20MB (live)"),
        (("workers", "threads"), 2, "! workers: threads auto → 2 (reload)"),
        (("workers", "python"), "/usr/bin/python3", "! workers: python auto → /usr/bin/python3 (restart)"),
        (("logging", "level"), "debug", "~ logging: level info → debug (live)"),
        (("device",), "gate-8", "! device: gate-7 → gate-8 (restart)"),
    ],
)  # fmt: skip
def test_words(keys, value, line):
    assert lines(edited(keys, value)) == [line]


def test_long_values_are_shortened():
    points = [[i / 100, 0.0] for i in range(50)]
    (line,) = lines(edited(("cameras", "gate", "lines", "door", "points"), points))
    assert len(line) < 200 and line.endswith("… (live)")


SECRETS = {"URL": "rtsp://bob:hunter2@h/hunter2?a=hunter2", "WORD": "hunter2", "LONG": "hunter2" * 9, "OTHER": "rtsp://x"}


@pytest.mark.parametrize(
    "camera",
    [
        {"source": "${env:URL}"},
        {"source": "rtsp://h/${env:WORD}"},
        {"source": "file:${env:WORD}"},
        {"source": "rtsp://${env:WORD}:${env:WORD}@h/"},
        {"source": "rtsp://h/", "username": "${env:WORD}", "password": "${env:LONG}"},
        {"source": "rtsp://h/", "username": "hunter2", "password": "hunter2"},
        {"source": "rtsp://h/", "objects": {"a": {}, "b": {}}, "zones": {"z": {"points": ZONE, "objects": ["a"]}}},
    ],
)
def test_no_secret_is_told(camera):
    data = {**BASE, "cameras": {"gate": {**camera, "models": ["people"]}}}
    secret, gone = config(data, MAIN, SECRETS), config({**BASE, "cameras": {}})
    others = [{"source": "rtsp://x"}, {"source": "rtsp://h/", "username": "hunter2hunter2", "password": "hunter"}]
    for other in others:
        against = config({**BASE, "cameras": {"gate": {**other, "models": ["people"]}}})
        for steps in (plan(against, secret), plan(secret, against), plan(gone, secret), plan(secret, gone)):
            assert "hunter" not in repr(steps) + "".join(steps.lines())


def test_a_label_out_of_a_reference_is_not_told():
    gate = BASE["cameras"]["gate"]
    zones = {"lawn": {"points": ZONE, "objects": ["${env:LABEL}"]}}
    new = config({**BASE, "cameras": {"gate": {**gate, "zones": zones}}}, MAIN, {"LABEL": "cars"})
    assert "zones.lawn.objects added: ***" in " ".join(plan(config(BASE), new).lines())
