#!/usr/bin/python3
"""Serves clips as cameras whose pictures' times are known: ``served.py PORT NAME=CLIP.mp4@FIRST …``

A mount begins with the clip's last key picture up to number FIRST and goes round. Once it plays, it says in a line of
JSON when picture ``first`` was sent (``base``, nanoseconds of CLOCK_MONOTONIC), how many there are and how far apart:
the server paces them by that clock, so any other picture's time follows. Needs the system's Python, for gi.
"""

import json
import sys
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from scripts.rtsp_server import Clip, Feeder, GLib, Gst, GstRtspServer, read_clip


def main() -> int:
    port, mounts = sys.argv[1], sys.argv[2:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    clips: Dict[str, Clip] = {}
    for mount in mounts:
        name, _, what = mount.partition("=")
        path, _, first = what.rpartition("@")
        clips[path] = clips.get(path) or read_clip(path)
        server.get_mount_points().add_factory("/" + name, _factory(name, clips[path], _key(clips[path], int(first))))
    if server.attach(None) == 0:
        return 1
    GLib.MainLoop().run()
    return 0


def _key(clip: Clip, number: int) -> int:
    """The last key picture up to this one."""
    return max(n for n in range(number + 1) if not clip.pictures[n].has_flags(Gst.BufferFlags.DELTA_UNIT))


def _factory(name: str, clip: Clip, first: int) -> Any:
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(
        f"( appsrc name=source format=time max-bytes=1 ! {clip.payloader} name=pay0 pt=96 config-interval=-1 )"
    )

    def configure(_factory: Any, media: Any) -> None:
        feeder = Feeder(clip, once=False)
        feeder.index, feeder.round_start = first, -clip.pictures[first].dts
        source = media.get_element().get_by_name("source")
        source.set_property("caps", clip.caps)
        source.connect("need-data", feeder.need)
        GLib.timeout_add(20, tell, source)

    def tell(source: Any) -> bool:
        """Once it plays; whether to ask again."""
        _, state, _ = source.get_state(0)
        if state == Gst.State.PLAYING:
            count = len(clip.pictures)
            says = {"mount": name, "base": source.get_base_time(), "first": first, "count": count}
            print(json.dumps({**says, "period": clip.length // count}), flush=True)
        return bool(state != Gst.State.PLAYING)

    factory.connect("media-configure", configure)
    factory.set_shared(True)
    return factory


if __name__ == "__main__":
    sys.exit(main())
