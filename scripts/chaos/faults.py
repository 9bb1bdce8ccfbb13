"""The faults: each begins, and gives back what ends it.

A fault of a camera gets the camera's name, the others get none that means anything. What is random comes from ``rng``.
"""

from __future__ import annotations

import os
import random
import signal
from typing import Callable, Dict, Optional

from scripts.chaos.site import ZONE, Site
from scripts.servers import Server

End = Callable[[], object]
Begin = Callable[[Site, str, random.Random], End]


def _nothing() -> None:
    """It ends by itself, or the daemon has to end it."""


def _proxy(mode: str, share: float = 0.0) -> Begin:
    def begin(site: Site, camera: str, rng: random.Random) -> End:
        site.proxies[camera].set(mode, share)
        return lambda: site.proxies[camera].set("pass")

    return begin


def _strike(pid: Optional[int], number: int) -> bool:
    """Whether there was a process to send the signal to."""
    try:
        if pid is None:
            return False
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _process(number: signal.Signals, of: str) -> Begin:
    """A signal to the camera's capture process, or to a common one. A stopped one goes on later, or never does."""

    def begin(site: Site, camera: str, rng: random.Random) -> End:
        pid = (site.camera(camera) if of == "capture" else site.status().get(of, {})).get("pid")
        struck = _strike(pid, number)
        if number == signal.SIGSTOP and struck and rng.random() < 0.5:
            return lambda: _strike(pid, signal.SIGCONT)
        return _nothing

    return begin


def _server(which: str, how: str) -> Begin:
    """An RTSP server or the broker: killed and started again, or frozen for a while."""

    def begin(site: Site, camera: str, rng: random.Random) -> End:
        server: Server = site.broker if which == "broker" else site.servers[which]
        if how == "frozen":
            server.freeze()
            return server.thaw
        server.kill()
        return server.start

    return begin


def _edit(mount: str = "square", **changes: object) -> Begin:
    def begin(site: Site, camera: str, rng: random.Random) -> End:
        site.write(camera, mount, **changes)
        return lambda: site.restore(camera)

    return begin


def _live(site: Site, camera: str, rng: random.Random) -> End:
    zone = {**ZONE, "points": [[0, 0], [round(rng.uniform(0.2, 1), 3), 0], [1, 1]]}
    site.write(camera, fps=rng.randint(2, 4), stall_timeout="3s", zones={rng.choice("ab"): zone})
    return lambda: site.restore(camera)


def _bad(site: Site, camera: str, rng: random.Random) -> End:
    text = site.text(camera)
    broken = rng.choice(
        [text.replace("fps: ", "fps: many"), text + "nonsense: 1\n", text[:-9] + "[", text.replace("source", "sauce")]
    )
    site.file(camera).write_text(broken)
    return lambda: site.restore(camera)


def _removed(site: Site, camera: str, rng: random.Random) -> End:
    site.file(camera).unlink()
    return lambda: site.restore(camera)


def _renamed(site: Site, camera: str, rng: random.Random) -> End:
    other = site.file(f"{camera}-renamed")
    site.file(camera).rename(other)
    return lambda: other.rename(site.file(camera))


def _two_saves(site: Site, camera: str, rng: random.Random) -> End:
    site.write(camera, fps=4)
    site.write(camera, enabled=False)
    site.restore(camera)
    return _nothing


def _half_save(site: Site, camera: str, rng: random.Random) -> End:
    text = site.text(camera).encode()
    half = rng.randrange(len(text))
    file = site.file(camera).open("wb", buffering=0)
    file.write(text[:half])

    def rest() -> None:
        with file:
            file.write(text[half:])

    return rest


def _extra(site: Site, camera: str, rng: random.Random) -> End:
    name = f"extra{rng.randrange(3)}"
    file = site.daemon.cameras / f"{name}.yaml"
    file.write_text(f"source: {site.servers['open'].url('square')}\nfps: 2\n")
    return file.unlink


def _main_file(tail: str = "", **changes: object) -> Begin:
    def begin(site: Site, camera: str, rng: random.Random) -> End:
        site.write_main(tail, **changes)
        return site.write_main

    return begin


def _hang_up(site: Site, camera: str, rng: random.Random) -> End:
    _strike(site.daemon.pid, signal.SIGHUP)
    return _nothing


#: What happens to one camera.
CAMERA: Dict[str, Begin] = {
    **{mode: _proxy(mode) for mode in ("refuse", "silent", "half-open", "stall", "garbage", "garbage-packets")},
    **{mode: _proxy(mode) for mode in ("garbage-stream", "truncate", "reset", "close")},
    **{f"loss {share:.0%}": _proxy("lose", share) for share in (0.01, 0.05, 0.2)},
    "capture killed": _process(signal.SIGKILL, "capture"),
    "capture crashed": _process(signal.SIGSEGV, "capture"),
    "capture hangs": _process(signal.SIGSTOP, "capture"),
    "unknown path": _edit("nowhere"),
    "other codec": _edit("other"),
    "disabled": _edit(enabled=False),
    "removed": _removed,
    "renamed": _renamed,
    "live edit": _live,
    "bad edit": _bad,
    "two saves": _two_saves,
    "half a save": _half_save,
}
#: What happens to a camera whose server wants a password.
LOCKED: Dict[str, Begin] = {**CAMERA, "wrong password": _edit(password="wrong")}
#: What happens to more than one camera, by what it is done to.
COMMON: Dict[str, Dict[str, Begin]] = {
    **{
        name: {f"server {how}": _server(name, how) for how in ("restarted", "frozen")} for name in ("open", "locked")
    },
    "broker": {f"broker {how}": _server("broker", how) for how in ("restarted", "frozen")},
    **{
        of: {f"{of} killed": _process(signal.SIGKILL, of), f"{of} hangs": _process(signal.SIGSTOP, of)}
        for of in ("inference", "telemetry")
    },
    "files": {
        "extra camera": _extra,
        "bad main file": _main_file("cameras: [\n"),
        "log level": _main_file(logging={"level": "debug"}),
        "model's score": _main_file(models={"people": {"spec": "person", "min_score": 0.6}}),
        "SIGHUP": _hang_up,
    },
}
