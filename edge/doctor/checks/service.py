"""The systemd unit, and the daemon that runs."""

from __future__ import annotations

import os
from typing import Iterator

from edge.doctor.account import group_name, may, named_account
from edge.doctor.context import Context, Daemon
from edge.doctor.finding import Finding, error, ok, skipped, warning
from edge.doctor.unit import NAME

_JTOP = "/run/jtop.sock"
_LOG = "journalctl -u edge -e"


def unit(context: Context) -> Iterator[Finding]:
    """Whether it is installed, starts with the machine, and runs."""
    found = context.unit
    if found is None:
        where = f"in this container ({context.machine.container})" if context.machine.container else "here"
        yield skipped("unit", f"systemd does not run {where}: something else has to start edge, and start it again")
        return
    if found.loaded == "not-found":
        words = f"{NAME} is not installed: edge does not start with the machine"
        yield warning("unit", words, "scripts/install, as root")
        return
    if not found.installed:
        remedy = "systemctl daemon-reload; systemctl status edge"
        yield error("unit", f"{NAME} cannot be used by systemd ({found.loaded})", remedy)
        return
    if found.user and named_account(context.system, found.user) is None:
        yield error("unit", f"its user {found.user} does not exist", "scripts/install makes it")
    if found.enabled not in ("enabled", "enabled-runtime", "static", "generated"):
        words = f"{found.file} does not start with the machine ({found.enabled})"
        yield warning("unit", words, "systemctl enable edge")
    often = f", started again {found.restarts} times" if found.restarts else ""
    if found.active == "active":
        yield ok("unit", f"{found.file}: active{often}")
    elif found.active in ("activating", "reloading", "deactivating"):
        yield warning("unit", f"{NAME} is {found.active}{often}", _LOG)
    elif found.active == "failed" or found.result not in ("success", ""):
        yield error("unit", f"{NAME} has failed ({found.result}){often}", _LOG)
    else:
        yield warning("unit", f"{NAME} is not running ({found.active})", "systemctl start edge")
    if context.path is not None and not found.runs(context.path):
        yield skipped("unit", f"it runs another configuration than {context.path}")


def daemon(context: Context) -> Iterator[Finding]:
    """The one that runs this configuration's device."""
    for found in context.daemons:
        if found is context.daemon or context.path is None:
            yield from _running(found)
    if context.daemon is None and not (context.path is None and context.daemons):
        whose = f"of device {context.whole.device} " if context.whole is not None else ""
        others = ", ".join(found.device for found in context.daemons)
        words = f"no daemon {whose}runs" + (f" (others do: {others})" if others else "")
        yield skipped("daemon", words)


def jtop(context: Context) -> Iterator[Finding]:
    """Whether the daemon's user may ask jetson-stats' service, where that runs."""
    place = context.system.path(_JTOP)
    try:
        group, allowed = group_name(context.system, place.stat().st_gid), may(context.account, place)
    except OSError:
        return
    who = context.account.name
    if allowed:
        yield ok("jtop", f"{_JTOP} answers {who}")
    elif group == "root":
        words = f"{who} may not ask {_JTOP}, which belongs to root alone: telemetry does without it"
        yield warning("jtop", words, "systemctl restart jtop, whose own group is jtop")
    else:
        words = f"{who} is not in the group {group}, so {_JTOP} does not answer it: telemetry does without it"
        yield warning("jtop", words, f"usermod -aG {group} {who}, then systemctl restart edge")


def _running(found: Daemon) -> Iterator[Finding]:
    if found.status is None:
        if found.uid in (os.geteuid(), 0) or os.geteuid() == 0:
            yield error("daemon", f"that of device {found.device} runs and does not answer: {found.silence}", _LOG)
        else:
            words = f"that of device {found.device} runs as another user, and answers it and root alone"
            yield skipped("daemon", words)
        return
    status = found.status
    config = status.get("config") or {}
    words = f"device {found.device}, edge {status.get('version')}, process {status.get('pid')}"
    words += f", {config['file']}" if config.get("file") else ""
    if config.get("state", "applied") != "applied":
        place = f"{config['at']}: " if config.get("at") else ""
        words += f"; the configuration is {config['state']}: {place}{config.get('error', '')}"
        yield warning("daemon", words, f"edge check -c {config.get('file', 'FILE')}")
    else:
        yield ok("daemon", words)
