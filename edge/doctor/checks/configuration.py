"""The configuration and the models it names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

from edge.config import check_files, check_labels
from edge.doctor.account import may_read
from edge.doctor.checks.storage import size
from edge.doctor.context import DEFAULT_CONFIG, Context
from edge.doctor.finding import Finding, error, ok, skipped
from edge.errors import ConfigError, ModelError, Problem
from edge.models.spec import ModelSpec, load_spec, read_spec

_MOST = 10  # problems told one by one; edge check tells all


def configuration(context: Context) -> Iterator[Finding]:
    """Every problem with its place."""
    if context.config is None:
        yield skipped("file", f"there is no {DEFAULT_CONFIG}; edge doctor -c FILE looks at another")
        return
    problems = list(context.problems)
    if not context.look_at_cameras:
        problems += check_files(context.config)
    yield from _told(problems, context)
    if context.path is not None and context.path.exists():
        yield from _readable(context, "file", context.path)
    if not problems:
        cameras, models = len(context.config.cameras), len(context.config.models)
        yield ok("file", f"{context.path}: {_count(cameras, 'camera')}, {_count(models, 'model')}")


def models(context: Context) -> Iterator[Finding]:
    """Whether each model's files are there, and the ones meant."""
    config = context.config
    if config is None or not config.models:
        yield skipped("models", "the configuration names none" if config is not None else "no configuration")
        return
    labels: Dict[str, Sequence[str]] = {}
    for name, entry in config.models.items():
        try:
            spec = load_spec(entry.spec, entry.folder)
            labels[name] = spec.labels
            yield ok(name, _good(spec))
            yield from _readable(context, name, spec.onnx)
        except ConfigError as failure:
            yield from (error(name, str(problem), "edge check shows the place") for problem in failure.problems[:_MOST])
        except ModelError as failure:
            message, _, fetch = str(failure).partition("; fetch it: ")
            yield error(name, message, fetch or _remedy(context, name, message))
    yield from _told(check_labels(config, labels), context)


def _readable(context: Context, name: str, path: Path) -> Iterator[Finding]:
    """Nothing where the daemon's user may read the file."""
    who = context.account.name
    if not context.account.current and not may_read(context.account, path):
        remedy = f"chgrp {who} {path} && chmod g+r {path}; its folders need x for {who} too"
        yield error(name, f"{path} cannot be read by {who}, which the daemon runs as", remedy)


def _good(spec: ModelSpec) -> str:
    verified = "SHA-256 verified" if spec.sha256 else "no SHA-256 given in its model.yaml"
    return f"{spec.onnx}, {size(spec.onnx.stat().st_size)}, {verified}"


def _remedy(context: Context, name: str, message: str) -> str:
    assert context.config is not None
    entry = context.config.models[name]
    place = context.place("models", name, "spec")
    try:
        spec = read_spec(entry.spec, entry.folder)
    except (ConfigError, ModelError):
        return f"{place}: a folder with a model.yaml, or one of edge models list"
    if "SHA-256" not in message:
        return f"edge models info {entry.spec}"
    if spec.download is not None:
        return f"rm {spec.onnx} && edge models pull {spec.reference}"
    return f"put the right file there, or its SHA-256 into {spec.file}"


def _told(problems: List[Problem], context: Context) -> Iterator[Finding]:
    for problem in problems[:_MOST]:
        unreadable = "permission" in problem.message and os.geteuid() != 0
        yield error("file", str(problem), "sudo edge doctor" if unreadable else "")
    if len(problems) > _MOST:
        yield error("file", f"and {len(problems) - _MOST} more problems", f"edge check -c {context.path}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
