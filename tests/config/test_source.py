"""Sources: what each kind may say, and words for what it may not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.fault import Fault
from edge.config.source import parse_source
from edge.config.urls import split_authority

HERE = Path("/etc/edge")


@pytest.mark.parametrize(
    ("text", "location", "username", "password"),
    [
        ("rtsp://127.0.0.1:8554/square", "rtsp://127.0.0.1:8554/square", None, None),
        ("RTSP://cam.local/a?b=c", "rtsp://cam.local/a?b=c", None, None),
        ("rtsp://u:p@h/x", "rtsp://h/x", "u", "p"),
        ("rtsp://u@h", "rtsp://h", "u", None),
        ("rtsp://u:p@ss:w@h:554/x", "rtsp://h:554/x", "u", "p@ss:w"),
        ("rtsp://u:%2F%40%3a@h/x", "rtsp://h/x", "u", "/@:"),
        ("rtsp://admin:@h/x", "rtsp://h/x", "admin", ""),
        ("rtsp://[fe80::1]:554/x", "rtsp://[fe80::1]:554/x", None, None),
        ("rtsp://h/x@y", "rtsp://h/x@y", None, None),
    ],
)
def test_rtsp(text, location, username, password):
    url = parse_source(text, HERE)
    assert (url.kind, url.location, url.username, url.password) == ("rtsp", location, username, password)
    assert url.path is None


def test_secrets_are_neither_in_safe_nor_in_repr():
    url = parse_source("rtsp://bob:hunter2@h/user=bob&password=hunter2&channel=1", HERE)
    assert url.safe == "rtsp://h/user=bob&password=***&channel=1"
    assert "hunter2" not in repr(parse_source("rtsp://bob:hunter2@h/", HERE))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///a/clip.mp4", "/a/clip.mp4"),
        ("file:/a/clip.mp4", "/a/clip.mp4"),
        ("file://localhost/a/clip.mp4", "/a/clip.mp4"),
        ("file:clip.mp4", "/etc/edge/clip.mp4"),
        ("file://./clip.mp4", "/etc/edge/clip.mp4"),
        ("file:///a%20b/c d.mp4", "/a b/c d.mp4"),
    ],
)
def test_files(text, path):
    url = parse_source(text, HERE)
    assert (url.kind, url.path) == ("file", Path(path))


def test_test_pictures():
    assert parse_source("test://", HERE).options == {"width": 1280, "height": 720, "rate": 15.0, "pattern": "ball"}
    url = parse_source("test://?size=640x360&rate=5&pattern=smpte", HERE)
    assert url.options == {"width": 640, "height": 360, "rate": 5.0, "pattern": "smpte"}
    assert parse_source(url.location, HERE) == url


@pytest.mark.parametrize(
    ("text", "location", "options"),
    [
        ("csi://0", "csi://0", {"sensor": 0}),
        ("csi:", "csi://0", {"sensor": 0}),
        ("csi://1/?mode=2&flip=rotate-180", "csi://1?mode=2&flip=rotate-180", {"mode": 2, "flip": "rotate-180"}),
        (
            "csi://0?size=1920x1080&rate=30&exposure=0.1ms..20ms&gain=1..16&ae-lock=true&white-balance=daylight",
            "csi://0?size=1920x1080&rate=30&exposure=0.0001..0.02&gain=1..16&ae-lock=true&white-balance=daylight",
            {"exposure": [0.0001, 0.02], "gain": [1.0, 16.0], "rate": 30.0, "size": "1920x1080", "ae-lock": True},
        ),
    ],
)
def test_csi(text, location, options):
    url = parse_source(text, HERE)
    assert (url.kind, url.location) == ("csi", location)
    assert {**url.options, **options} == url.options
    assert parse_source(url.location, HERE) == url


def test_usb():
    url = parse_source("usb:///dev/video0?size=1280x720&rate=30&format=mjpeg", HERE)
    assert (url.kind, url.location) == ("usb", "usb:///dev/video0?size=1280x720&rate=30&format=mjpeg")
    assert url.options == {"device": "/dev/video0", "size": "1280x720", "rate": 30.0, "format": "mjpeg"}
    assert parse_source("usb:/dev/v4l/by-id/usb-046d_C920-video-index0", HERE).options == {
        "device": "/dev/v4l/by-id/usb-046d_C920-video-index0"
    }


@pytest.mark.parametrize(
    ("text", "kind", "location"),
    [
        ("http://cam/video.mjpg?fps=5", "http", "http://cam/video.mjpg?fps=5"),
        ("https://u:p@cam:8443/axis-cgi/mjpg/video.cgi", "http", "https://cam:8443/axis-cgi/mjpg/video.cgi"),
        ("http://cam/live/index.m3u8?token=x", "hls", "http://cam/live/index.m3u8?token=x"),
    ],
)
def test_http(text, kind, location):
    url = parse_source(text, HERE)
    assert (url.kind, url.location) == (kind, location)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("csi://front", "by its number: csi://0"),
        ("csi://300", "by its number"),
        ("csi://0?flip=upside-down", "one of none, counterclockwise"),
        ("csi://0?mode=1.5", "a whole number"),
        ("csi://0?exposure=20ms..1ms", "a range low..high"),
        ("csi://0?gain=2", "a range low..high"),
        ("csi://0?ae-lock=yes", "true or false"),
        ("usb://video0", "usb:///dev/video0"),
        ("usb:///dev/../etc/passwd", "by its device"),
        ("usb:///dev/video0?format=h264", "one of auto, mjpeg, raw"),
        ("/dev/video0", "write usb:///dev/video0"),
        ("http://", "no host"),
        ("https:cam/x", "no URL"),
        ("hls://cam/x", "unknown kind of source hls://"),
        ("rtsps://cam/x", "later"),
        ("rtsps://cam/x", "RTSP over TLS"),
        ("rstp://cam/x", "did you mean 'rtsp'?"),
        ("foo://x", "unknown kind of source foo://; allowed: rtsp://"),
        ("clip.mp4", "write file:clip.mp4"),
        ("/a/clip", "write file:/a/clip"),
        ("hello", "which is no URL"),
        ("rtsp:cam/x", "which is no URL"),
        ("", "which is no URL"),
        ("rtsp://", "no host"),
        ("rtsp://:554/x", "no host"),
        ("rtsp://h:port/x", "no host"),
        ("rtsp://h o/x", "no host"),
        ("rtsp://h/a b", "%20"),
        ("rtsp://h:0/x", "1 to 65535"),
        ("rtsp://h:70000/x", "1 to 65535"),
        ("file:", "names no file"),
        ("file:///", "names no file"),
        ("file://clip.mp4", "names a machine"),
        ("file:a%00b", "control character"),
        ("test://ball", "options alone"),
        ("test://?size=3", "size=3: allowed is WIDTHxHEIGHT"),
        ("test://?rate=0", "rate=0: allowed is a number from 1 to 120"),
        ("test://?pattern=bal", "did you mean 'ball'?"),
        ("test://?sise=1x1", "did you mean 'size'?"),
    ],
)
def test_refused(text, words):
    with pytest.raises(Fault) as caught:
        parse_source(text, HERE)
    assert words in str(caught.value)


def test_all_wrong_options_at_once():
    with pytest.raises(Fault, match=r"size=1.*rate=0.*pattern=x"):
        parse_source("test://?size=1&rate=0&pattern=x", HERE)


@pytest.mark.parametrize("sign", "/?#@: %")
def test_a_password_with_a_sign_in_it_is_never_told(sign):
    secret = f"hunt{sign}er2"
    try:
        url = parse_source(f"rtsp://bob:{secret}@cam/x", HERE)
    except Fault as fault:
        assert "hunt" not in str(fault) and "er2" not in str(fault)
    else:
        assert url.password == secret
        assert url.safe == "rtsp://cam/x"


@given(st.text())
def test_any_text_is_a_source_or_a_fault(text):
    for candidate in (text, "rtsp://" + text, "file:" + text, "test://?" + text):
        try:
            parse_source(candidate, HERE)
        except Fault as fault:
            assert str(fault)


@given(st.text())
def test_any_authority_is_taken_apart_or_a_fault(text):
    try:
        split_authority(text)
    except Fault as fault:
        assert str(fault)
