"""What Home Assistant was told, kept over restarts. Only its owner reads it."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from edge import durable, log
from edge.events.homeassistant import Field, is_config_topic

_logger = logging.getLogger("edge.homeassistant")
_MAX_BYTES = 16 * 1024 * 1024
#: Platforms of components by id, by discovery topic.
Told = Dict[str, Dict[str, str]]


class Kept(NamedTuple):
    """``fields``: what telemetry was seen to have."""

    told: Told
    fields: List[Field]


class ToldFile:
    """Written by a thread of its own, which starts with the first thing to be written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._last: Optional[Kept] = None
        self._failed = False
        self._thread = ThreadPoolExecutor(1, "edge-homeassistant")

    def read(self) -> Kept:
        """What is kept; nothing where it is damaged. No other topics come out of it than such as are made here."""
        try:
            said = json.loads(durable.read(self._file, _MAX_BYTES))
            told = {topic: _strings(components) for topic, components in said["told"].items() if is_config_topic(topic)}
            kept = Kept(told, [tuple(map(str, field)) for field in said["fields"] if isinstance(field, list)])
        except FileNotFoundError:
            return Kept({}, [])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            why = (error.strerror or "") if isinstance(error, OSError) else "damaged"
            log.event(
                _logger, "what Home Assistant was told before is not known", logging.WARNING,
                file=str(self._file), reason=why,
            )  # fmt: skip
            return Kept({}, [])
        self._last = kept
        return kept

    def write(self, kept: Kept) -> None:
        """Keep it, soon. Nothing is written where nothing was ever told, or nothing changes."""
        if kept == self._last or (self._last is None and not kept.told):
            return
        self._last = kept
        said = json.dumps({"told": kept.told, "fields": kept.fields}).encode()
        self._thread.submit(self._write, said)

    def stop(self) -> None:
        """Nothing more is to be written; what is under way is."""
        self._thread.shutdown(wait=True)

    def _write(self, said: bytes) -> None:
        try:
            durable.replace(self._file, said)
        except OSError as error:
            if not self._failed:
                log.event(
                    _logger, "what Home Assistant is told cannot be kept", logging.WARNING,
                    file=str(self._file), reason=error.strerror,
                )  # fmt: skip
            self._failed = True


def _strings(components: Any) -> Dict[str, str]:
    return {key: platform for key, platform in components.items() if isinstance(platform, str)}
