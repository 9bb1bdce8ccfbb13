"""Finds the message on which a broker ends the connection, again and again: it must not stop all others for ever.

MQTT 3.1.1 has no word for "I do not take this": too large a message is answered by a closed connection.
"""

from __future__ import annotations

from typing import Optional, Union

BREAKS = 3

# The number of an entry, or a retained topic.
Key = Union[int, str]


class Suspect:
    """``alone``: what has to be sent by itself, with nothing else on its way; None: there is no need to."""

    def __init__(self) -> None:
        self.alone: Optional[Key] = None
        self._key: Optional[Key] = None
        self._breaks = 0

    def broke(self, head: Optional[Key]) -> bool:
        """The broker ended the connection; ``head`` had been waiting longest for its answer. Whether to give it up."""
        if head is None or (self.alone is not None and head != self.alone):
            return False
        if head != self._key:
            self._key, self._breaks = head, 0
        self._breaks += 1
        if self._breaks < BREAKS:
            return False
        self._breaks = 0
        if self.alone is None:
            self.alone = head
            return False
        self.clear()
        return True

    def settled(self, key: Key) -> None:
        """It was answered, or is gone."""
        if key == self._key:
            self.clear()

    def clear(self) -> None:
        self.alone = self._key = None
        self._breaks = 0
