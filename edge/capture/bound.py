"""When something must be done, which may become sooner while it is being done."""

from ..wire.clock import monotonic_ns


class Bound:
    """``at``: on CLOCK_MONOTONIC in ns. Any thread may move it nearer."""

    def __init__(self, at: int) -> None:
        self.at = at

    def nearer(self, at: int) -> None:
        self.at = min(self.at, at)

    @property
    def past(self) -> bool:
        return monotonic_ns() > self.at

    @property
    def left_s(self) -> float:
        """Seconds until then; none when it is past."""
        return max(0.0, (self.at - monotonic_ns()) / 1e9)
