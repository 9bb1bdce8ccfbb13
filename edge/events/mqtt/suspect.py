"""Finds the message on which a broker ends the connection, again and again: it must not stop all others for ever.

MQTT 3.1.1 has no word for "I do not take this": too large a message is answered by a closed connection.
"""

from __future__ import annotations

from typing import Optional, Union

BREAKS = 3

# The number of an entry, or a retained topic.
Key = Union[int, str]


class Suspect:
    """``alone``: what has to be sent by itself, with nothing else on its way; None: there is no need to.

    ``witness``: before it, on the same connection, another has to be taken, likewise alone: else it is the broker that
    is ill, or the way to it, and not the message.
    """

    def __init__(self) -> None:
        self.alone: Optional[Key] = None
        self.witness = self._proven = False
        self._key: Optional[Key] = None
        self._breaks = 0

    def broke(self, head: Optional[Key]) -> bool:
        """The broker ended the connection; ``head`` had been waiting longest for its answer. Whether to give it up."""
        proven, self._proven = self._proven, False
        if head is None or (self.alone is not None and head != self.alone):
            self.witness = self.alone is not None and (self.witness or proven)
            return False
        if proven:
            self.clear()
            return True
        if head != self._key:
            self._key, self._breaks = head, 0
        self._breaks += 1
        if self._breaks < BREAKS:
            return False
        self._breaks = 0
        if self.alone is None:
            self.alone = head
        else:
            self.witness = True
        return False

    def settled(self, key: Key) -> None:
        """It was answered, or is gone."""
        if key == self._key:
            self.clear()

    def taken(self, key: Key) -> None:
        """The broker has it."""
        if self.witness and key != self.alone:
            self.witness, self._proven = False, True

    def lost(self) -> None:
        """The connection ended, whoever ended it: what was proven on it is not on the next."""
        if self._proven:
            self.witness, self._proven = True, False

    def clear(self) -> None:
        self.alone = self._key = None
        self.witness = self._proven = False
        self._breaks = 0
