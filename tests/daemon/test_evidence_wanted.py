"""What is kept of a camera's stream follows from what may be asked for."""

from __future__ import annotations

from typing import Any, Dict, Optional

import pytest

from edge.config import CameraConfig
from edge.daemon.evidence.wanted import record_order

ONE = {"events": ["zone.enter"]}


@pytest.mark.parametrize(
    ("config", "commanded", "expected"),
    [
        ({}, False, None),
        ({"memory": "8MB"}, True, (5.0, 8_000_000)),
        ({"snapshots": ONE}, False, (5.0, 32_000_000)),
        ({"clips": {**ONE, "before": "10s"}}, False, (15.0, 32_000_000)),
        ({"clips": {**ONE, "before": "10s"}, "snapshots": ONE}, False, (15.0, 32_000_000)),
        ({"clips": {"before": "60s"}, "snapshots": ONE}, False, (5.0, 32_000_000)),
        # An object that is lost has been in none of the last three pictures.
        ({"snapshots": ONE, "fps": 0.5}, False, (9.0, 32_000_000)),
        ({"snapshots": ONE, "fps": 0.1}, False, (33.0, 32_000_000)),
    ],
)
def test_what_is_kept(config: Dict[str, Any], commanded: bool, expected: Optional[Any]) -> None:
    order = record_order(CameraConfig(source="test://", **config), commanded)
    assert (None if order is None else (order["seconds"], order["bytes"])) == expected
