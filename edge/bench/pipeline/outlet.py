"""What the daemon's parts tell the world, counted and thrown away: a benchmark publishes nothing and keeps nothing."""

from __future__ import annotations

from pathlib import Path

from edge.config import Config
from edge.daemon.outlet import Outlet
from edge.events.event import Event


class CountingOutlet(Outlet):
    """Neither its spool nor its publisher is ever started. ``state``: a folder that is thrown away."""

    def __init__(self, config: Config, state: Path) -> None:
        super().__init__(config, state, lambda trouble: None)
        #: Events, and the bytes of their JSON.
        self.events = self.bytes = 0

    def event(self, event: Event) -> None:
        """As far as an event's text; what the disk and the broker cost is not in it."""
        self.events += 1
        self.bytes += len(event.to_json())
