"""Whole configurations: the example, the cameras beside the main file, defaults, and what does not fit together."""

import pytest

from edge.config import APPLY, Config, Size, load
from edge.errors import ConfigError
from tests.config.conftest import MINIMAL

EXAMPLE = """\
device: gate-7
mqtt:
  url: mqtt://127.0.0.1:1883
models:
  people: {spec: ./fastestdet}
cameras:
  square:
    source: rtsp://127.0.0.1:8554/square
    fps: 5
    models: [people]
    objects: {person: {min_score: 0.4}}
    zones:
      gate: {points: [[0.1, 0.5], [0.6, 0.5], [0.6, 1.0], [0.1, 1.0]], dwell: 5s}
    lines:
      door: {points: [[0.5, 0.0], [0.5, 1.0]]}
"""


def refused(path):
    with pytest.raises(ConfigError) as caught:
        load(path)
    return caught.value.problems


def test_the_example(write, tmp_path):
    config = load(write(EXAMPLE))
    assert (config.device, config.mqtt.host, config.mqtt.port, config.mqtt.client_id) == (
        "gate-7",
        "127.0.0.1",
        1883,
        "edge-gate-7",
    )
    square = config.cameras["square"]
    assert (square.fps, square.models, square.objects["person"].min_score) == (5.0, ["people"], 0.4)
    assert square.zones["gate"].points == [(0.1, 0.5), (0.6, 0.5), (0.6, 1.0), (0.1, 1.0)]
    assert (square.zones["gate"].dwell, square.zones["gate"].objects) == (5.0, None)
    assert square.lines["door"].points == [(0.5, 0.0), (0.5, 1.0)]
    assert square.source_url().location == "rtsp://127.0.0.1:8554/square"
    assert config.models["people"].folder == tmp_path
    assert (config.path, config.folder) == (tmp_path / "edge.yaml", tmp_path)
    assert config.origin(("cameras", "square", "fps"))[1:] == (9, 10)
    assert config.origin(("cameras", "square", "latency"))[1:] == (7, 3), "a default: the camera's own place"


def test_defaults(write):
    config = load(write(MINIMAL + "cameras: {c: {source: 'test://'}}"))
    c = config.cameras["c"]
    assert (config.mqtt.url, config.mqtt.prefix, config.mqtt.keepalive) == ("mqtt://127.0.0.1:1883", "edge", 30.0)
    assert (config.workers.python, config.workers.threads, config.logging.level) == ("auto", "auto", "info")
    assert (c.enabled, c.fps, c.size, c.transport, c.latency, c.loop) == (True, 5.0, None, "tcp", 0.2, False)
    assert c.stall_timeout == 10.0
    assert c.models == ["people"], "the only model there is"


def test_sections_with_nothing_below(write):
    config = load(
        write(MINIMAL + "mqtt:\nlogging:\ncameras:\n  c: {source: 'test://', zones: , objects: {person: }}\n")
    )
    assert config.cameras["c"].objects["person"].max_area == 1.0
    assert load(write("device: a\ncameras:\nmodels:\n")).cameras == {}


def test_values_as_people_write_them(write):
    c = load(write(MINIMAL + "cameras: {c: {source: 'test://', size: 640x360, latency: 50ms, enabled: off}}")).cameras[
        "c"
    ]
    assert (c.size, c.latency, c.enabled) == (Size(640, 360), 0.05, False)


def test_two_loads_are_equal_part_by_part(write):
    path = write(EXAMPLE)
    one, other = load(path), load(path)
    assert one.cameras == other.cameras
    assert one.mqtt == other.mqtt


def test_cameras_beside_the_main_file(write, tmp_path):
    write("source: file:clip.mp4\n", "cameras.d/yard.yaml")
    write("left: {source: 'test://'}\nright: {source: 'test://'}\n", "cameras.d/doors.yaml")
    write("cameras: {roof: {source: 'test://'}}\n", "cameras.d/more.yaml")
    write("nonsense: [", "cameras.d/notes.txt")
    write("nonsense: [", "cameras.d/.hidden.yaml")
    config = load(write(EXAMPLE))
    assert sorted(config.cameras) == ["left", "right", "roof", "square", "yard"]
    assert config.cameras["yard"].source_url().path == tmp_path / "cameras.d" / "clip.mp4"
    assert config.cameras["yard"].models == ["people"]
    assert config.origin(("cameras", "yard", "source")) == (str(tmp_path / "cameras.d" / "yard.yaml"), 1, 9)


def test_a_camera_in_two_files(write):
    second = write("square: {source: 'test://'}\n", "cameras.d/a.yaml")
    main = write(EXAMPLE)
    (problem,) = refused(main)
    assert (problem.file, problem.line, problem.key) == (str(second), 1, "cameras.square")
    assert f"{main}:7" in problem.message


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a b.yaml", "source: test://\n", "is no name to use here"),
        ("a.yml", "source: test://\n", "call it a.yaml"),
        ("a.yaml", "", "empty"),
        ("a.yaml", "fps: 5\n", "source: is missing"),
        ("a.yaml", "cameras: 5\n", "found 5; allowed: cameras, by name"),
        ("a.yaml", "cameras: {}\nmqtt: {}\n", "does not belong here"),
        ("a.yaml", "a: 5\n", "found 5; allowed: keys and values"),
        ("a.yaml", "source: test://\nfsp: 3\n", "did you mean 'fps'?"),
    ],
)
def test_camera_files_that_are_refused(write, name, text, words):
    path = write(text, f"cameras.d/{name}")
    (problem,) = refused(write(EXAMPLE))
    assert problem.file == str(path)
    assert words in str(problem)


def test_all_files_problems_at_once(write):
    write("source: nope\n", "cameras.d/b.yaml")
    write("a: [", "cameras.d/a.yaml")
    problems = refused(
        write(EXAMPLE.replace("fps: 5", "fps: five").replace("device: gate-7", "device: gate-7\nfoo: 1"))
    )
    assert [(p.file.rpartition("/")[2], p.key) for p in problems] == [
        ("edge.yaml", "foo"),
        ("edge.yaml", "cameras.square.fps"),
        ("a.yaml", ""),
        ("b.yaml", "cameras.b.source"),
    ]


def test_a_broken_main_file_does_not_hide_the_others(write):
    write("a: [", "cameras.d/a.yaml")
    assert [p.file.rpartition("/")[2] for p in refused(write("device: [\n"))] == ["edge.yaml", "a.yaml"]


def test_cameras_folder_that_is_a_file(write, tmp_path):
    (tmp_path / "cameras.d").write_text("")
    assert "not a directory" in refused(write(EXAMPLE))[0].message


def test_missing_main_file(tmp_path):
    (problem,) = refused(tmp_path / "nope.yaml")
    assert "no such file" in str(problem)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (
            "source: test://\nmodels: [peple]",
            "models[0]",
            "no model peple (did you mean 'people'?); defined are: people",
        ),
        ("source: test://\nmodels: [people, people]", "models", "names the model people twice"),
        ("source: test://\nmin-score: 1", "min-score", "unknown key"),
        ("url: test://", "url", "did you mean 'source'?"),
        ("url: test://", "source", "is missing"),
        ("source: test://\nframe-rate: 1", "frame-rate", "did you mean 'fps'?"),
        ("source: test://\nfps: true", "fps", "found true; allowed: a number from 0.1 to 60"),
        ("source: test://\nfps: 05", "fps", "no leading zero"),
        ("source: test://\nfps: 0,5", "fps", "with a point"),
        ("source: test://\nfps: .inf", "fps", "found '.inf'"),
        ("source: test://\nfps: 1e999", "fps", "a number from"),
        ("source: test://\nfps:", "fps", "found nothing"),
        ("source: test://\nsize: 640", "size", "WIDTHxHEIGHT"),
        ("source: test://\ntransport: udp", "transport", "found 'udp'; allowed: 'tcp'"),
        ("source: test://\nloop: true", "loop", "only a file"),
        ("source: test://\nusername: a", "username", "only an rtsp://"),
        ("source: rtsp://h/\npassword: a", "password", "needs a username"),
        ("source: rtsp://a:b@h/\nusername: a", "username", "give the username once"),
        ("source: true", "source", "in quotes, if text is meant"),
        ("source: test://\nobjects: [person]", "objects", "found a list of 1; allowed: keys and values"),
        ("source: test://\nobjects: {a: {min_area: 0.5, max_area: 0.1}}", "objects.a.min_area", "more than max_area"),
        ("source: test://\nzones: {z: {points: [[0, 0], [1, 1]]}}", "zones.z.points", "3 to 100 points"),
        ("source: test://\nzones: {z: {points: [[0, 0], [1, 1], [640, 2]]}}", "zones.z.points[2][0]", "a fraction of"),
        ("source: test://\nzones: {z: {points: [[0, 0], [1]]}}", "zones.z.points[1]", "a point [x, y]"),
        ("source: test://\nzones: {z: {}}", "zones.z.points", "is missing: corners"),
        ("source: test://\nzones: {a/b: {}}", "zones.'a/b'", "MQTT topics"),
        ("source: test://\nlines: {l: {points: [[0, 0], [0, 0]]}}", "lines.l.points", "are the same"),
        (
            "source: test://\nobjects: {a: }\nlines: {l: {points: [[0, 0], [0, 1]], objects: [b]}}",
            "lines.l.objects[0]",
            "not among the camera's objects (a)",
        ),
    ],
)
def test_cameras_that_are_refused(camera_problems, text, key, words):
    found = {p.key: p for p in camera_problems(text)}
    assert words in found[f"cameras.c.{key}"].message
    assert found[f"cameras.c.{key}"].line >= 4


def test_models_must_be_named_where_there_are_several(write):
    (problem,) = refused(write("device: a\nmodels: {x: {spec: x}, y: {spec: y}}\ncameras: {c: {source: 'test://'}}\n"))
    assert "name the ones for this camera: models: [x, y]" in problem.message
    assert (problem.line, problem.column) == (3, 11)
    (problem,) = refused(write("device: a\ncameras: {c: {source: 'test://'}}\n"))
    assert "no model is defined" in problem.message


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1", "not a broker's URL"),
        ("http://h", "not a broker's URL"),
        ("ssl://h", "mqtts:// for TLS"),
        ("ws://h", "WebSockets"),
        ("mqtt://h/topic", "topics begin with the key prefix"),
        ("mqtt://:p@h", "needs a username"),
        ("mqtt://", "no host"),
    ],
)
def test_brokers_that_are_refused(problems, url, words):
    (problem,) = problems(f"{MINIMAL}mqtt: {{url: '{url}'}}\n")
    assert words in problem.message
    assert problem.line == 4


def test_broker_with_user(write):
    mqtt = load(write(MINIMAL + "mqtt: {url: 'mqtt://bob:hunter2@[::1]'}\n")).mqtt
    assert (mqtt.host, mqtt.port, mqtt.username, mqtt.url) == ("::1", 1883, "bob", "mqtt://[::1]:1883")
    assert mqtt.password.get_secret_value() == "hunter2"


def test_broker_with_certificates(write):
    main = write(MINIMAL + "mqtt: {url: 'mqtts://h', version: 5, tls: {ca: ca.pem, certificate: /c.pem, key: ../k}}\n")
    mqtt = load(main).mqtt
    assert (mqtt.url, mqtt.port, mqtt.secure, mqtt.version) == ("mqtts://h:8883", 8883, True, "5")
    places = [mqtt.tls.path(name) for name in ("ca", "certificate", "key")]
    assert places == [main.parent / "ca.pem", main.parent / "/c.pem", main.parent.parent / "k"]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("{tls: {ca: ca.pem}}", "mqtt.tls", "certificates are for mqtts://"),
        ("{url: 'mqtts://h', tls: {certificate: c.pem}}", "mqtt.tls.certificate", "needs the key beside it"),
        ("{url: 'mqtts://h', tls: {key: k.pem}}", "mqtt.tls.key", "needs the certificate beside it"),
        ("{version: 3}", "mqtt.version", "allowed: '3.1.1' or '5'"),
        ("{commands: [reboot]}", "mqtt.commands[0]", "reload"),
    ],
)
def test_wrong_ways_to_a_broker(problems, text, key, words):
    (problem,) = problems(f"{MINIMAL}mqtt: {text}\n")
    assert problem.key == key
    assert words in problem.message


def test_amounts_of_data(write, problems):
    assert load(write(MINIMAL + "spool: {max_size: 1.5GB}\n")).spool.max_size == 1_500_000_000
    assert load(write(MINIMAL + "spool: {max_size: 64MiB}\n")).spool.max_size == 64 * 1024**2
    assert load(write(MINIMAL + "spool: {max_size: 5000000}\n")).spool.max_size == 5_000_000
    for wrong in ("10", "5 apples", "-1MB", "1e9GB"):
        (problem,) = problems(f"{MINIMAL}spool: {{max_size: {wrong}}}\n")
        assert "an amount of data such as 500MB or 2GB (a bare number: bytes), from 1MB to 100GB" in problem.message


def test_events_that_have_no_picture(problems):
    (problem,) = problems(MINIMAL + "cameras: {c: {source: 'test://', clips: {events: [zone.enter, count]}}}\n")
    assert problem.key == "cameras.c.clips.events[1]"
    assert "no event with a picture is called 'count'; there are: object.start" in problem.message


def test_validation_knows_only_marks_that_exist():
    assert set(Config.model_fields["device"].json_schema_extra) == {"apply"}
    assert len(set(APPLY)) == 5


def test_sixteen_masks_are_enough(write, problems):
    masks = [f"m{n}: {{points: [[0, 0], [1, 0], [1, 1]]}}" for n in range(17)]
    camera = "cameras: {{c: {{source: 'test://', masks: {{{}}}}}}}\n"
    assert len(load(write(MINIMAL + camera.format(", ".join(masks[:16])))).cameras["c"].masks) == 16
    (problem,) = problems(MINIMAL + camera.format(", ".join(masks)))
    assert problem.key == "cameras.c.masks" and "17 are more than the 16" in problem.message
