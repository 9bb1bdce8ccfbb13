"""Motion in decoded pictures as a sign that something happens, beside the sizes of packets."""

from time import monotonic
from typing import Any, Optional, Tuple

from ...wire.clock import monotonic_ns
from .switch import SECOND, Switch

#: So long after motion was seen nothing is learned of what is usual.
_MOVED_S = 1.0


class Signs:
    """``gate``: what looks for motion in the pictures (a motion.gate.Gate), if anything does."""

    def __init__(self) -> None:
        self.gate: Optional[Any] = None
        self._wish: Any = None
        self._moved = 0
        self._moved_at = 0.0

    def look(self, switch: Switch) -> Tuple[bool, bool]:
        """Whether something happens, and whether what comes may be learned from. What is wished is told ``switch``."""
        gate = self.gate
        if gate is None:
            return False, True
        if gate.wish is not None and gate.wish is not self._wish:
            self._wish = gate.wish
            switch.sizes.set(gate.wish.sensitivity)
            switch.hold = max(SECOND, gate.wish.hold_ns)
        if gate.moved != self._moved:
            self._moved, self._moved_at = gate.moved, monotonic()
        return not gate.quiet, not self._moved or monotonic() - self._moved_at > _MOVED_S

    def tell(self) -> None:
        """By their sizes, something happens."""
        if self.gate is not None:
            self.gate.activity(monotonic_ns())
