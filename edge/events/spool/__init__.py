"""The durable spool: no event is lost between its making and the broker's acknowledgement."""

from edge.events.spool.bounds import Bounds
from edge.events.spool.entry import Entry, Trouble
from edge.events.spool.folders import folders
from edge.events.spool.spool import Spool

__all__ = ["Bounds", "Entry", "Spool", "Trouble", "folders"]
