"""A network of a test's own, in which packets vanish: a prefix for a worker's command line."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List

import pytest

#: An address to which packets go and from which none comes back.
HOLE = "10.99.0.7"
# What is sent through one end of the pair arrives at the other, where nobody has that address.
_UP = (
    "set -e; ip link set lo up; ip link add in type veth peer name out; ip addr add 10.99.0.1/24 dev in; "
    "ip link set in up; ip link set out up; ip link set in arp off; "
)


def _in_namespace(setup: str) -> List[str]:
    prefix = ["unshare", "--net", "--mount", "--", "sh", "-c", setup + 'exec "$@"', "sh"]
    try:
        done = subprocess.run([*prefix, "true"], capture_output=True, text=True, timeout=60)
    except OSError as error:
        pytest.skip(f"no network namespace: {error}")
    if done.returncode:
        pytest.skip("no network namespace can be made (root is needed): " + done.stderr.strip()[-200:])
    return prefix


def packets_vanish() -> List[str]:
    """Every address of the network's is like HOLE; there is no way to any other."""
    return _in_namespace(_UP)


def name_server_is_silent(folder: Path) -> List[str]:
    """The only name server is at HOLE."""
    (folder / "resolv.conf").write_text(f"nameserver {HOLE}\n")
    return _in_namespace(_UP + f"mount --bind {folder}/resolv.conf /etc/resolv.conf; ")
