"""``make demo``: a broker, two cameras, the daemon, and its events on the terminal, for DURATION seconds or to Ctrl-C.

Everything is real: mosquitto, RTSP, the network, and the commands `edge run` and `edge events tail` that show it.
Nothing is left behind: no process, no file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Dict, List, Optional

from scripts.servers import ROOT, Broker, RtspServer

EDGE = str(ROOT / ".venv" / "bin" / "edge")
CONFIG = str(ROOT / "configs" / "demo" / "edge.yaml")
CLIP = ROOT / "configs" / "demo" / "square.mp4"
MOUNTS = ("square", "lawn")
# All but object.update, of which there is one a second for each person.
TYPES = ("object.start", "object.end", "zone.*", "line.*", "count", "camera.*", "device.*")
FIRST_EVENT = 60.0  # seconds after which something must be wrong
STOPPING = 10.0


class Interrupted(Exception):
    """Ctrl-C, or a request to end."""


def main() -> int:
    duration = float(os.environ.get("DURATION") or "inf")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with _Terminal(), tempfile.TemporaryDirectory(prefix="edge-demo-") as folder:
        try:
            with Broker() as broker, RtspServer(dict.fromkeys(MOUNTS, CLIP)) as cameras:
                return _show(broker, cameras, duration, Path(folder) / "log")
        except Interrupted:
            return 0


def _show(broker: Broker, cameras: RtspServer, duration: float, log: Path) -> int:
    environment = dict(os.environ, DEMO_BROKER=broker.url, DEMO_CAMERAS=cameras.url("").rstrip("/"))
    if sys.stdout.isatty():
        environment.update(FORCE_COLOR="1", COLUMNS=str(os.get_terminal_size(1).columns))
    print(f"broker  {broker.url}")
    print("cameras " + "  ".join(cameras.url(name) for name in MOUNTS))
    print(f"in another terminal: {os.path.relpath(EDGE)} status --watch\n", flush=True)
    began = time.monotonic()
    types = [word for kind in TYPES for word in ("--type", kind)]
    tail = _start([EDGE, "events", "tail", "-c", CONFIG, *types], environment, None)
    printer = _Printer(tail, began)
    daemon: Optional[subprocess.Popen[str]] = None
    try:
        daemon = _start([EDGE, "run", "-c", CONFIG], environment, log)
        while time.monotonic() - began < duration:
            late = printer.first is None and time.monotonic() - began > FIRST_EVENT
            if daemon.poll() is not None or tail.poll() is not None or late:
                print(log.read_text(errors="replace")[-4000:], file=sys.stderr)
                print("no events came" if late else "the daemon ended by itself", file=sys.stderr)
                return 1
            time.sleep(0.1)
    except Interrupted:
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # from here on it ends by itself
        printer.muted = True  # every object ends now
        table = _status(environment) if daemon is not None and daemon.poll() is None else ""
        code = _end(daemon)
        _end(tail)
    print()
    print(table)
    print(printer.summary)
    if code:
        print(log.read_text(errors="replace")[-4000:], file=sys.stderr)
        print(f"the daemon's exit status was {code}", file=sys.stderr)
    return 1 if code or printer.first is None else 0


class _Printer:
    """Passes on what `edge events tail` prints, and counts it."""

    def __init__(self, tail: subprocess.Popen[str], began: float) -> None:
        self.first: Optional[float] = None
        self.count = 0
        self.muted = False
        self._tail, self._began = tail, began
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        assert self._tail.stdout is not None
        for line in self._tail.stdout:
            if self.first is None:
                self.first = time.monotonic() - self._began
            if not self.muted:
                self.count += 1
                print(line, end="", flush=True)

    @property
    def summary(self) -> str:
        self._thread.join(STOPPING)
        if self.first is None:
            return "no event came"
        return f"{self.count} events, the first after {self.first:.1f} s"


class _Terminal:
    """Ctrl-C for this process group alone.

    Otherwise make gets it too, and reports an error however well the demo ends.
    """

    def __enter__(self) -> None:
        self._tty: Optional[int] = None
        try:
            tty = os.open("/dev/tty", os.O_RDWR)
        except OSError:
            return
        before = os.tcgetpgrp(tty)
        if before != os.getpgrp():
            os.close(tty)  # in the background: the terminal is somebody else's
            return
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # what a background group gets for tcsetpgrp
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # the shell would not notice that we stopped
        self._tty, self._before = tty, before
        os.setpgid(0, 0)
        os.tcsetpgrp(tty, os.getpgrp())

    def __exit__(self, *_: object) -> None:
        if self._tty is not None:
            os.tcsetpgrp(self._tty, self._before)
            os.close(self._tty)


def _start(command: List[str], environment: Dict[str, str], log: Optional[Path]) -> subprocess.Popen[str]:
    """A child that Ctrl-C does not reach, and that ends when this process does."""
    out = subprocess.PIPE if log is None else log.open("ab")
    child = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", "--", *command],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=None if log is None else subprocess.STDOUT,
        env=environment,
        start_new_session=True,
        text=True,
    )
    if not isinstance(out, int):
        out.close()
    return child


def _status(environment: Dict[str, str]) -> str:
    command = [EDGE, "status", "-c", CONFIG]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=STOPPING, check=False)
    return done.stdout


def _end(child: Optional[subprocess.Popen[str]]) -> int:
    """Ask it to end, and see that it does; its exit status."""
    if child is None:
        return 0
    child.send_signal(signal.SIGINT)
    try:
        return child.wait(STOPPING)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _interrupt(*_: object) -> None:
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main())
