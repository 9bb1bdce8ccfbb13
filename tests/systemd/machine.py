"""A whole system with a real systemd, in a container: boots, runs commands, loses its power."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Optional

import psutil

from scripts.servers import PATIENCE, ROOT, wait_until

#: Where the machine sees this checkout, read-only.
CHECKOUT = "/srv/edge"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """``root`` is its disk: what is written there outlives a power cut. It shares this machine's network."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Its own, since it shares this machine's network and with it the names of local sockets.
        self.name = f"systemd-{os.getpid()}"
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._log = root.parent / f"{root.name}.log"
        (root / "etc/hostname").write_text(self.name + "\n")

    def boot(self) -> Machine:
        command = ["systemd-nspawn", "--quiet", "-D", str(self.root), "--boot", "--register=no", "--console=pipe"]
        # Device policies are programs that systemd gives to the kernel.
        command += ["--system-call-filter=bpf", "--link-journal=no", f"--bind-ro={ROOT}:{CHECKOUT}"]
        if not Path("/run/systemd/system").is_dir():
            command.append("--keep-unit")  # nobody here to ask for a scope
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": _PATH, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                start_new_session=True,
            )
        wait_until(self._up, 2 * PATIENCE, f"a booted system, see {self._log}")
        return self

    def _up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text(errors="replace")[-2000:]
        if not psutil.Process(self._process.pid).children():
            return False
        return self.run("systemctl", "is-system-running", check=False).strip() in ("running", "degraded")

    @property
    def init(self) -> psutil.Process:
        """Its process 1."""
        assert self._process is not None
        return psutil.Process(self._process.pid).children()[0]

    def power_cut(self) -> None:
        """Everything in it is gone at once."""
        assert self._process is not None
        for process in [*psutil.Process(self._process.pid).children(), self._process]:
            process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._process = None

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.power_cut()
        shutil.rmtree(str(self.root), ignore_errors=True)

    # ---- in it -----------------------------------------------------------------------------------------------------

    def command(self, *words: str) -> List[str]:
        """The command line that runs ``words`` in it, as root."""
        enter = ["nsenter", "--target", str(self.init.pid), "--all", "--root", "--wd", "--", "env", "-i"]
        return [*enter, f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8", *words]

    def run(self, *words: str, check: bool = True, timeout: float = 5 * PATIENCE) -> str:
        """What it says, to stdout and stderr."""
        done = self.start(*words, timeout=timeout)
        assert done.returncode == 0 or not check, f"{' '.join(words)}: status {done.returncode}\n{done.stdout}"
        return done.stdout

    def start(self, *words: str, timeout: float = 5 * PATIENCE) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            text=True,
        )

    def write(self, path: str, text: str) -> None:
        """As an editor saves it; over what is there its owner and mode stay."""
        (self.root / path.lstrip("/")).write_text(text)

    def show(self, *names: str) -> Dict[str, str]:
        """Properties of the service."""
        lines = self.run("systemctl", "show", "edge", "-p", ",".join(names)).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def journal(self, *matches: str) -> List[Dict[str, Any]]:
        """Entries of the unit's and systemd's about it, oldest first."""
        lines = self.run("journalctl", "-q", "--no-pager", "-o", "json", *(matches or ("-u", "edge"))).splitlines()
        return [json.loads(line) for line in lines]

    def said(self, text: str, *matches: str) -> bool:
        return any(text in str(entry.get("MESSAGE")) for entry in self.journal(*matches))

    def status(self) -> Dict[str, Any]:
        """What ``edge status`` says; without cameras while no daemon answers."""
        done = self.start("edge", "status", "--device", self.name, "--json")
        answer: Dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"cameras": []}
        return answer

    def camera(self, name: str) -> Dict[str, Any]:
        """What the status says of a camera; empty while nothing is known of it."""
        return next((c for c in self.status()["cameras"] if c["name"] == name), {})

    def until_online(self, *names: str) -> None:
        wait_until(lambda: all(self.camera(n).get("state") == "online" for n in names), 2 * PATIENCE, f"{names} online")

    def processes(self) -> Dict[int, str]:
        """The service's processes, by number (as the machine counts them) with their titles."""
        group = self.show("ControlGroup")["ControlGroup"]
        path = f"/sys/fs/cgroup{group}/cgroup.procs"
        if not group or self.start("test", "-e", path).returncode:
            return {}
        pids = self.run("cat", path).split()
        found = {}
        for pid in pids:
            done = self.start("cat", f"/proc/{pid}/comm")
            if done.returncode == 0:
                found[int(pid)] = done.stdout.strip()
        return found

    def kill(self, pid: int, number: int) -> None:
        self.run("kill", f"-{number}", str(pid))


def make_machine(root: Path, folder: Path) -> Machine:
    """A machine with a copy of ``root`` as its disk, not booted."""
    disk = folder / "system-machine"
    if disk.exists():
        shutil.rmtree(str(disk))  # of a run that was killed
    subprocess.run(["cp", "-a", "--reflink=auto", str(root), str(disk)], check=True)
    return Machine(disk)


def in_ci() -> bool:
    return bool(os.environ.get("CI"))
