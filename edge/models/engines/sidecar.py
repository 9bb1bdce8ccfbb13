"""The file beside a plan that says what it is. Nothing is ever put into the plan itself: other tools read it too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Dict, List, Optional

from edge.models.engines.recipe import engine_key


class Unusable(Exception):
    """A sidecar or a plan that is not what it should be, in words."""


@dataclass(frozen=True)
class Sidecar:
    """``ingredients`` are those of the key. ``layers``: name, type, device and precision of each as it really runs;
    ``placement``: how many on the DLA and on the GPU, how many switches between them, and what TensorRT said of it.

    ``compared``: how far a DLA's outputs were from the GPU's. ``built``: RFC 3339.
    """

    key: str
    ingredients: Dict[str, Any]
    plan_sha256: str
    plan_bytes: int
    name: str
    built: str
    seconds: float
    edge: str
    power_mode: str = ""
    log_digest: str = ""
    layers: List[Dict[str, Any]] = field(default_factory=list)
    placement: Dict[str, Any] = field(default_factory=dict)
    warnings: List[str] = field(default_factory=list)
    compared: Optional[Dict[str, Any]] = None

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, text: str, key: str) -> Sidecar:
        """What the text says, if that is an engine of this key. Raises Unusable."""
        try:
            values = json.loads(text)
            known = {f.name for f in fields(cls)}
            sidecar = cls(**{name: value for name, value in values.items() if name in known})
            found = engine_key(sidecar.ingredients)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Unusable(f"its description cannot be read ({error})") from None
        if not sidecar.key == found == key:
            raise Unusable("its description is of another engine")
        kinds = {"plan_sha256": str, "plan_bytes": int, "name": str, "built": str, "layers": list, "placement": dict,
                 "warnings": list}  # fmt: skip
        for name, kind in kinds.items():
            if not isinstance(getattr(sidecar, name), kind):
                raise Unusable(f"its description has no proper {name}")
        return sidecar
