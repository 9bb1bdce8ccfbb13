"""The JSON Schema of the configuration, for editors: ``python -m edge.config.schema > configs/edge.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from edge.config.config import Config


def schema_text() -> str:
    """The schema as it is kept in the repository."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    schema["title"] = "edge.yaml"
    return json.dumps(_refined(schema), indent=2, sort_keys=True) + "\n"


def _refined(value: Any) -> Any:
    """Less what says nothing to an editor (generated titles), and strict about names."""
    if isinstance(value, dict):
        if "patternProperties" in value:
            value = {**value, "additionalProperties": False}
        return {
            key: _refined(item)
            for key, item in value.items()
            if not (key == "title" and isinstance(item, str) and item != "edge.yaml")
        }
    if isinstance(value, list):
        return [_refined(item) for item in value]
    return value


if __name__ == "__main__":
    print(schema_text(), end="")
