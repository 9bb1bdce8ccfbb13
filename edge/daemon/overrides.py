"""Cameras that a command has turned on or off, against what their file says.

Kept in the state folder: a restart changes nothing about it. The file has the last word all the same: an edit of the
camera's ``enabled`` ends it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional

from edge import durable, log
from edge.config import CameraConfig

_logger = logging.getLogger("edge.command")
_MAX_BYTES = 4 * 1024 * 1024


class Override(NamedTuple):
    """``configured``: what the file said when the command came; ``since``: that moment, as events tell it."""

    enabled: bool
    configured: bool
    since: str


class Overrides:
    """Belongs to the loop's thread; what is written to disk is written by a thread of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._by_camera = _read(file)
        self._written: Optional[Dict[str, Override]] = dict(self._by_camera)
        self._writing: Optional[asyncio.Future[None]] = None  # the last one, also when it is done
        self._thread = ThreadPoolExecutor(1, "edge-overrides")  # which starts with the first thing to be written

    def set(self, camera: str, enabled: bool, configured: bool, now: str) -> bool:
        """A command says whether the camera is on; its file says ``configured``. Whether that changes anything."""
        before = self._by_camera.get(camera)
        effective = configured if before is None or before.configured != configured else before.enabled
        if enabled == configured:
            self._by_camera.pop(camera, None)
        elif enabled != effective:
            self._by_camera[camera] = Override(enabled, configured, now)
        return enabled != effective

    def effective(self, camera: str, config: CameraConfig) -> CameraConfig:
        """The configuration that holds."""
        override = self._holding(camera, config)
        return config if override is None else config.model_copy(update={"enabled": override.enabled})

    def words(self, camera: str, config: CameraConfig) -> str:
        """``disabled by command since 2024-05-04T12:30:00.250Z``; empty where its file's word holds."""
        override = self._holding(camera, config)
        if override is None:
            return ""
        return f"{'enabled' if override.enabled else 'disabled'} by command since {override.since}"

    def rename(self, camera: str, new: str) -> None:
        """The camera is called otherwise now."""
        if camera in self._by_camera:
            self._by_camera[new] = self._by_camera.pop(camera)

    def settle(self, cameras: Mapping[str, CameraConfig]) -> None:
        """These are the cameras as their files are now: what an edit has ended is over for good."""
        ended = [name for name, override in self._by_camera.items()
                 if name not in cameras or cameras[name].enabled != override.configured]  # fmt: skip
        for name in ended:
            del self._by_camera[name]
            log.event(_logger, "its file has the word again", camera=name)

    async def keep(self) -> str:
        """Write down what has changed. Empty, or why a restart will not know of it."""
        if self._written == self._by_camera:
            if self._writing is not None:
                await asyncio.wait([self._writing])
            return ""
        overrides = self._written = dict(self._by_camera)  # the thread does them one after the other
        self._writing = asyncio.get_running_loop().run_in_executor(self._thread, _write, self._file, overrides)
        try:
            await asyncio.shield(self._writing)
        except OSError as error:
            self._written = None  # nobody knows what is there: the next one writes
            reason = f"until the next start alone: {self._file} cannot be written: {error.strerror}"
            log.event(_logger, f"what was commanded holds {reason}", logging.WARNING)
            return f"holds {reason}"
        return ""

    def stop(self) -> None:
        """Nothing more is to be written; what is under way is."""
        self._thread.shutdown(wait=False)

    def _holding(self, camera: str, config: CameraConfig) -> Any:
        override = self._by_camera.get(camera)
        return None if override is None or override.configured != config.enabled else override


def _read(file: Path) -> Dict[str, Override]:
    """What is kept; nothing where it is damaged, which is told."""
    try:
        kept = json.loads(durable.read(file, _MAX_BYTES))
        return {str(name): _override(said) for name, said in kept["cameras"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = (error.strerror or "") if isinstance(error, OSError) else "damaged"
        log.event(
            _logger, "what was commanded before is not known: the files' word holds", logging.WARNING,
            file=str(file), reason=why,
        )  # fmt: skip
        return {}


def _override(said: Mapping[str, Any]) -> Override:
    enabled, configured, since = said["enabled"], said["configured"], said["since"]
    if not isinstance(enabled, bool) or not isinstance(configured, bool) or not isinstance(since, str):
        raise ValueError
    return Override(enabled, configured, since)


def _write(file: Path, overrides: Mapping[str, Override]) -> None:
    said = {"cameras": {name: override._asdict() for name, override in overrides.items()}}
    durable.replace(file, json.dumps(said).encode())
