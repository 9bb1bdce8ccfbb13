#!/usr/bin/python3
"""Serves clips as cameras: ``scripts/rtsp_server.py [--port 0] [--user U --password-env V] NAME=CLIP.mp4 …``

Prints ``rtsp://127.0.0.1:PORT/NAME`` for each when ready. A clip's H.264 or H.265 goes out as it is, paced by its own
timestamps, over and over with timestamps that go on, until the last client leaves. ``NAME=launch:…`` serves a
gst-launch line instead; its payloader is called ``pay0``. ``--once`` says goodbye at the end of the clip.

The clip is read and parsed once, into memory. After that a mount costs one wake-up for each half second of video plus
the payloading, and all clients of a mount share it: 8 cameras of 720p15 take a few percent of a core.
"""

import argparse
import os
import signal
import sys
from typing import Any, Dict, List, NamedTuple, Optional

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PAYLOADERS = {"video/x-h264": "rtph264pay", "video/x-h265": "rtph265pay"}
AHEAD = Gst.SECOND // 2  # how much is given to a stream at a time


class Clip(NamedTuple):
    caps: Gst.Caps
    pictures: List[Gst.Buffer]
    length: int  # nanoseconds from one round's start to the next one's
    payloader: str


def read_clip(path: str) -> Clip:
    """Demux and parse a clip into memory. ``ValueError`` when it holds no H.264 or H.265."""
    pipeline = Gst.parse_launch(
        "filesrc name=file ! qtdemux name=demux demux.video_0 ! parsebin ! appsink name=sink sync=false max-buffers=4"
    )
    pipeline.get_by_name("file").set_property("location", path)
    sink = pipeline.get_by_name("sink")
    pipeline.set_state(Gst.State.PLAYING)
    bus = pipeline.get_bus()
    pictures: List[Gst.Buffer] = []
    caps: Optional[Gst.Caps] = None
    message: Optional[Gst.Message] = None
    try:
        while message is None:
            sample = sink.emit("try-pull-sample", Gst.SECOND // 10)
            if sample is None:
                message = bus.pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.EOS)
                continue
            caps = caps or sample.get_caps()
            shared = sample.get_buffer()
            picture = shared.copy_deep()  # out of the demuxer's pool
            picture.pts = shared.pts
            picture.dts = shared.dts if shared.dts != Gst.CLOCK_TIME_NONE else shared.pts
            pictures.append(picture)
    finally:
        pipeline.set_state(Gst.State.NULL)
    kind = caps.get_structure(0).get_name() if caps else ""
    broken = message.type == Gst.MessageType.ERROR
    if broken or kind not in PAYLOADERS or len(pictures) < 2:
        why = message.parse_error()[0].message if broken else f"holds {kind or 'no video'}"
        raise ValueError(f"{path}: {why}; H.264 or H.265 in MP4 is needed")
    start = pictures[0].dts  # sent at their decoding time, as a camera with B frames does
    for picture in pictures:
        picture.pts, picture.dts = picture.pts - start, picture.dts - start
    length = pictures[-1].dts + pictures[-1].dts // (len(pictures) - 1)
    return Clip(caps, pictures, length, PAYLOADERS[kind])


class Feeder:
    """Gives one stream its pictures, whenever it has sent what it got."""

    def __init__(self, clip: Clip, once: bool) -> None:
        self.clip, self.once = clip, once
        self.index, self.round_start = 0, 0

    def need(self, source: Any, _size: int) -> None:
        until: Optional[int] = None
        while True:
            if self.index == len(self.clip.pictures):
                if self.once:
                    source.emit("end-of-stream")
                    return
                self.index, self.round_start = 0, self.round_start + self.clip.length
            picture = self.clip.pictures[self.index]
            time = self.round_start + picture.dts
            if until is not None and time >= until:
                return
            until = until or time + AHEAD
            # Shares the picture's memory; only the time is new.
            out = picture.copy_region(Gst.BufferCopyFlags.FLAGS | Gst.BufferCopyFlags.MEMORY, 0, picture.get_size())
            out.pts, out.dts = self.round_start + picture.pts, time
            if source.emit("push-buffer", out) != Gst.FlowReturn.OK:
                return
            self.index += 1


def clip_factory(clip: Clip, once: bool) -> GstRtspServer.RTSPMediaFactory:
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(
        f"( appsrc name=source format=time max-bytes=1 ! {clip.payloader} name=pay0 pt=96 config-interval=-1 )"
    )

    def configure(_factory: Any, media: GstRtspServer.RTSPMedia) -> None:
        source = media.get_element().get_by_name("source")
        source.set_property("caps", clip.caps)
        source.connect("need-data", Feeder(clip, once).need)

    factory.connect("media-configure", configure)
    return factory


def launch_factory(line: str) -> GstRtspServer.RTSPMediaFactory:
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(f"( {line} )")
    return factory


def demand(server: GstRtspServer.RTSPServer, user: str, password: str, method: str) -> GstRtspServer.RTSPPermissions:
    """Let in who knows the password, asked for by ``basic`` or ``digest``; what a factory must be given for that."""
    auth, token = GstRtspServer.RTSPAuth.new(), GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "viewer")
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC if method == "basic" else GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions.new()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("viewer", right, True)
    return permissions


def main(argv: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Serve clips as RTSP cameras on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0, the default, takes a free one")
    parser.add_argument("--user", default="", help="ask for this user")
    parser.add_argument("--password-env", default="RTSP_PASSWORD", help="variable that holds the user's password")
    parser.add_argument("--auth", choices=("digest", "basic"), default="digest", help="how to ask for the password")
    parser.add_argument("--once", action="store_true", help="end a stream with its clip")
    parser.add_argument("mounts", nargs="+", metavar="NAME=CLIP", help="clip, or launch:PIPELINE with a pay0")
    args = parser.parse_args(argv)

    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(str(args.port))
    permissions: Optional[GstRtspServer.RTSPPermissions] = None
    if args.user:
        permissions = demand(server, args.user, os.environ.get(args.password_env, ""), args.auth)
    clips: Dict[str, Clip] = {}
    mounts = server.get_mount_points()
    names: List[str] = []
    for mount in args.mounts:
        name, _, what = mount.partition("=")
        if what.startswith("launch:"):
            factory = launch_factory(what[len("launch:") :])
        else:
            try:
                clips[what] = clips.get(what) or read_clip(what)
            except ValueError as e:
                print(e, file=sys.stderr)
                return 1
            factory = clip_factory(clips[what], args.once)
        factory.set_shared(True)
        if permissions is not None:
            factory.set_permissions(permissions)
        mounts.add_factory("/" + name, factory)
        names.append(name)
    if server.attach(None) == 0:
        print(f"port {args.port} is taken", file=sys.stderr)
        return 1
    # Sessions of clients that went without a word.
    GLib.timeout_add_seconds(2, lambda: server.get_session_pool().cleanup() >= 0)
    for name in names:
        print(f"rtsp://127.0.0.1:{server.get_bound_port()}/{name}", flush=True)
    loop = GLib.MainLoop()
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
