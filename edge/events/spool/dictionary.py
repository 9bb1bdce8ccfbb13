"""What events have in common: the dictionary that new files are squeezed with.

Each file keeps the one that it was made with, so this may change at any time. What stands last is found cheapest.
"""

from __future__ import annotations

_HEAD = (
    b'{"schema":1,"id":"019a1000-0000-7000-8000-000000000000","type":"%s","device":"","time":"2026-01-01T00:00:00.000Z",'
    b'"seq":1,"boot_id":"00000000-0000-4000-8000-000000000000","replayed":false,'
)
_OBJECT = (
    b'"model":"people","object":{"id":%d,"label":"%s","score":0.%s,"best_score":0.%s,'
    b'"box":[0.%s,0.%s,0.%s,0.%s],"box_px":[%d,%d,%d,%d],"speed":[-0.0%s,0.0%s],"age_s":%d.%s,"zones":[%s]}'
)
_LATENCY = (
    b',"latency_ms":{"decode":6.%s,"wait":1%s,"prepare":0.%s,"infer":8.%s,"outputs":0.2%s,"events":0.3%s,"total":3%s}'
)
_SHOT = b',"snapshot":"camera/2026-01-01/019a1000-0000-7000-8000-000000000000.jpg"'
_CLIP = b',"clip":"camera/2026-01-01/019a1000-0000-7000-8000-000000000000.mp4"'


def _object(kind: bytes, label: bytes, zones: bytes, said: bytes, digits: bytes) -> bytes:
    d = [digits[i : i + 2] for i in range(0, len(digits), 2)]
    about = _OBJECT % (17, label, d[0], d[1], d[2], d[3], d[4], d[5], 640, 360, 800, 480, d[6], d[7], 4, d[8], zones)
    stages = _LATENCY % (d[0], d[1], d[2], d[3], d[4], d[5], d[6])
    return b'\x00%s' % kind + _HEAD % kind + b'"camera":"",' + about + said + stages


DICTIONARY = b"".join(
    (
        b'{"event":"019a1000-0000-7000-8000-000000000000","camera":"","file":"",',
        b'"time":"2026-01-01T00:00:00.000Z"}',
        _HEAD % b"device.start" + b"}",
        _HEAD % b"device.stop" + b'"reason":"SIGTERM"}',
        _HEAD % b"device.spool" + b'"state":"memory","reason":""}',
        _HEAD % b"device.overheated" + b'"reason":"gpu at 91 \xc2\xb0C"}',
        _HEAD % b"snapshot.failed" + b'"camera":"","of":"019a1000-0000-7000-8000-000000000000","reason":""}',
        _HEAD % b"clip.failed" + b'"camera":"","of":"019a1000-0000-7000-8000-000000000000","reason":""}',
        _HEAD % b"clip.ready" + b'"camera":"","of":"019a1000-0000-7000-8000-000000000000"' + _CLIP,
        b',"duration_s":10.0}',
        _HEAD % b"camera.online" + b'"camera":"","state":"online"}',
        _HEAD % b"camera.offline" + b'"camera":"","state":"stalled","reason":"no picture for 10 s"}',
        _HEAD % b"count" + b'"camera":"","zone":"","label":"person","count":0,' + _LATENCY[1:] % ((b"",) * 7) + b"}",
        _object(b"object.end", b"bicycle", b'"', b',"reason":"lost"', b"617283940596271834") + b"}",
        _object(b"line.cross", b"truck", b'"', b',"line":"","direction":"left"', b"758697081726354453") + b"}",
        _object(b"line.cross", b"dog", b'"', b',"line":"","direction":"right"', b"928374655647382910") + b"}",
        _object(b"zone.dwell", b"person", b'""', b',"zone":""', b"839201746576879809") + b"}",
        _object(b"zone.leave", b"car", b'"', b',"zone":""', b"314253647586970819") + _SHOT + b"}",
        _object(b"zone.enter", b"car", b'"","', b',"zone":""', b"203142536475869708") + _SHOT + _CLIP + b"}",
        _object(b"object.start", b"person", b"", b"", b"546372819009182736") + _SHOT + _CLIP + b"}",
        _object(b"object.update", b"car", b'"', b"", b"657483920110293847") + b"}",
        _object(b"object.update", b"person", b"", b"", b"768594031221304958") + b"}",
    )
)
