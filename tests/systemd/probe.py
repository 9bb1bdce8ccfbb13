"""Run under the unit's own restrictions, before the daemon: prints as JSON what can be done there."""

import ctypes
import json
import os
import socket
import tempfile


def can(what, *arguments):
    try:
        what(*arguments)
    except (OSError, socket.gaierror) as error:
        return str(error)
    return True


def write(folder):
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")


def connect(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)


def prctl(option, value):
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def device(path):
    os.close(os.open(path, os.O_RDWR))


def packets():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


def netlink():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


def capabilities():
    with open("/proc/self/status") as status:
        return {line.split()[0]: int(line.split()[1], 16) for line in status if line.startswith("Cap")}


print(
    json.dumps(
        {
            "argus": can(connect, "/tmp/argus_socket"),
            "write": {
                folder: can(write, folder)
                for folder in ("/var/lib/edge", "/var/cache/edge", "/run/edge", "/tmp", "/dev/shm")
            },
            "locked": {
                folder: can(write, folder)
                for folder in ("/etc/edge", "/etc", "/usr", "/opt/edge", "/var", "/home", "/root")
            },
            "home": can(os.listdir, "/root"),
            "configuration": can(lambda: open("/etc/edge/edge.yaml").close()),
            "memfd": can(lambda: os.close(os.memfd_create("x"))),
            "death signal": can(prctl, 1, 9),
            "name": can(prctl, 15, b"x"),
            "affinity": can(os.sched_setaffinity, 0, os.sched_getaffinity(0)),
            "nice": can(os.nice, 1),
            "netlink": can(netlink),
            "packets": can(packets),
            "null": can(device, "/dev/null"),
            "tun": can(device, "/dev/net/tun"),
            "capabilities": capabilities(),
            "groups": sorted(os.getgroups()),
        }
    )
)
