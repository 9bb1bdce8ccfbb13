"""Home Assistant itself, where this machine can have it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

from scripts.servers import PATIENCE, ROOT, Broker, wait_until
from tests.homeassistant import samples
from tests.homeassistant.broker_side import Direct
from tests.homeassistant.daemon_side import Daemon
from tests.homeassistant.live_side import Box


class Core:
    """A Home Assistant core in a process of its own: see tests/homeassistant/hass.py. ``port`` 0: without a broker."""

    def __init__(self, python: Path, folder: Path, port: int = 0) -> None:
        script = Path(__file__).with_name("hass.py")
        # The kernel ends it when the tests are gone, however they went.
        command = ["setpriv", "--pdeathsig", "KILL", "--", str(python), str(script), str(folder), str(port)]
        with (folder / "stderr").open("w") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.seen: Dict[str, Any] = {}
        assert self._answer() == "ready"

    def ask(self, what: str, **more: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"Home Assistant ended with status {self.process.wait()}: see its stderr")
        return json.loads(line)

    def entity(self, unique_id: str) -> Dict[str, Any]:
        found: Optional[Dict[str, Any]] = self.ask("states").get(unique_id)
        assert found is not None, unique_id
        return found

    def wait_state(self, unique_id: str, state: Optional[str]) -> Dict[str, Any]:
        """The entity, once it has that state; None: once there is no such entity."""

        def look() -> Optional[Dict[str, Any]]:
            self.seen = self.ask("states")
            entity = self.seen.get(unique_id)
            if state is None:
                return {"gone": True} if entity is None else None
            return entity if entity is not None and entity["state"] == state else None

        try:
            return wait_until(look, PATIENCE, f"{unique_id}: {state}")  # type: ignore[return-value]
        except TimeoutError as error:
            raise AssertionError(f"{error}; it is {self.seen.get(unique_id)}; {self.ask('log')}") from None

    def complaints(self) -> List[str]:
        """Warnings and errors of it since the last time; not of how it sets up its own platforms."""
        return [line for line in self.ask("log") if "homeassistant.helpers.frame" not in line]

    def close(self) -> None:
        """As when it is shut down: it writes down what it knows."""
        if self.process.poll() is not None:
            return
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write('{"do": "stop"}\n')
            self.process.stdin.flush()
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except OSError:
            pass


@pytest.fixture(scope="session")
def homeassistant_python() -> Path:
    """A Python with Home Assistant; skips where there is none to be had."""
    done = subprocess.run([str(ROOT / "scripts" / "homeassistant_python")], capture_output=True, text=True)
    if done.returncode:
        word = (done.stderr.strip().splitlines() or ["Home Assistant is not to be had here"])[-1]
        if os.environ.get("CI"):
            raise LookupError(word)
        pytest.skip(word)
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def schemas(homeassistant_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """A core without a broker, to ask for its schemas and its templates."""
    core = Core(homeassistant_python, tmp_path_factory.mktemp("homeassistant"))
    yield core
    core.close()


@pytest.fixture
def make_core(homeassistant_python: Path, tmp_path: Path, broker: Broker) -> Iterator[Callable[..., Core]]:
    """``make_core("name")``: one at the test's broker, which knows what the one of that name before it knew."""
    made: List[Core] = []

    def make(name: str = "homeassistant") -> Core:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made.append(Core(homeassistant_python, folder, broker.port))
        return made[-1]

    yield make
    for core in made:
        core.close()


@pytest.fixture
def core(make_core: Callable[..., Core]) -> Core:
    return make_core()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path / "state" / "homeassistant-gate-7.json")
    yield daemon
    daemon.stop()


@pytest.fixture
def box(broker: Broker, tmp_path: Path) -> Iterator[Box]:
    publisher = Direct(broker.port)
    box = Box(publisher, tmp_path / "homeassistant-gate-7.json")
    box.device.available()
    box.device.state(
        cameras={"online": 1, "frozen": 1, "stalled": 2}, config={"state": "applied"},
        inference={"state": "running", "reason": None}, spool={"waiting": 7, "state": "ok"},
    )  # fmt: skip
    box.device.telemetry(samples.TELEMETRY)
    box.device.camera("square", "online")
    yield box
    box.told.stop()
    publisher.close()
