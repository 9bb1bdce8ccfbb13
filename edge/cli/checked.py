"""What the commands that look at a configuration have in common."""

from __future__ import annotations

import sys
from typing import Dict, List, Sequence

from edge.config import Config, check_labels
from edge.errors import ConfigError, ModelError, Problem


def check_models(config: Config) -> List[Problem]:
    """Problems of the models' own files, and labels that no model knows."""
    from edge.models.spec import load_spec  # here, since it takes numpy along, and other commands do not need it

    problems: List[Problem] = []
    labels: Dict[str, Sequence[str]] = {}
    for name, model in config.models.items():
        try:
            labels[name] = load_spec(model.spec, model.folder).labels
        except ConfigError as error:
            problems.extend(error.problems)
        except ModelError as error:
            place = config.origin(("models", name, "spec"))
            problems.append(Problem(*place, f"models.{name}.spec", str(error)))
    return [*problems, *check_labels(config, labels)]


def count(number: int, what: str) -> str:
    """``1 camera``, ``2 cameras``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def say(lines: Sequence[str]) -> None:
    """Print, also to a terminal that cannot show every character."""
    encoding, text = sys.stdout.encoding or "utf-8", "\n".join(lines)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("→", "->").replace("…", "...")
    print(text.encode(encoding, "backslashreplace").decode(encoding))
