"""All checks in their order, each kept from taking the others down."""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple, Tuple

from edge import log
from edge.doctor.checks import (
    accelerators,
    broker,
    cameras,
    configuration,
    gstreamer,
    machine,
    packages,
    service,
    storage,
    workers,
)
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error


class Check(NamedTuple):
    group: str
    name: str
    run: Callable[[Context], Iterator[Finding]]


CHECKS: Tuple[Check, ...] = (
    Check("machine", "machine", machine.machine),
    Check("machine", "board", machine.board),
    Check("machine", "container", machine.container),
    Check("machine", "memory", machine.memory),
    Check("machine", "clock", machine.clock),
    Check("machine", "storage", storage.check),
    Check("hardware", "gpu", accelerators.gpu),
    Check("hardware", "devices", accelerators.nodes),
    Check("hardware", "argus", accelerators.argus),
    Check("daemon", "packages", packages.daemon),
    Check("daemon", "journal", packages.journal),
    Check("daemon", "unit", service.unit),
    Check("daemon", "daemon", service.daemon),
    Check("daemon", "jtop", service.jtop),
    Check("workers", "workers", workers.check),
    Check("gstreamer", "gstreamer", gstreamer.check),
    Check("configuration", "configuration", configuration.configuration),
    Check("configuration", "models", configuration.models),
    Check("broker", "broker", broker.check),
    Check("cameras", "cameras", cameras.check),
)


def examine(context: Context, begins: Callable[[Check], None] = lambda check: None) -> Iterator[Finding]:
    """What every check finds, as it is found; ``begins`` is called before each check."""
    for check in CHECKS:
        begins(check)
        try:
            for finding in check.run(context):
                yield finding._replace(
                    group=check.group, message=log.redact(finding.message), remedy=log.redact(finding.remedy)
                )
        except Exception as failure:
            # A bug in one check is told as what it is, and the others go on.
            words = f"this check failed itself: {type(failure).__name__}: {log.redact(str(failure))}"
            yield error(check.name, " ".join(words.split()), "please report it")._replace(group=check.group)
