"""A bound for what a build may take: measured before, and watched while it runs, so that the box stays up.

On a Jetson the GPU's memory is the board's. There the driver counts as used what Linux only caches, and would give away
when asked: so what is free is Linux's word. On a PC each has its own. An address-space limit (RLIMIT_AS) is of no use:
CUDA reserves far more addresses than it ever fills.
"""

import os
import threading
import time
from typing import Callable, List, NamedTuple, Optional, Tuple

from ...boards import ANY_MACHINE, PC_WITH_GPU, look
from ...errors import OutOfMemory

MIB = 1 << 20
#: What CUDA, cuDNN and cuBLAS take before the first layer: an estimate, by the "Init CUDA", "Init cuBLAS" and "Init
#: cuDNN" lines in builders' logs from Jetsons (500 to 800 MiB together).
LIBRARIES_MIB = 600
#: The builder holds the weights as parsed, as converted and as serialised, and on the GPU.
WEIGHTS_TIMES = 4
#: Less than this and most implementations are ruled out.
LEAST_WORKSPACE_MIB = 32
MOST_WORKSPACE_MIB = 4096
_WATCH_S = 0.2


class Memory(NamedTuple):
    """Bytes. ``shared``: the GPU uses the same memory; ``gpu_free``: None where no GPU can be asked."""

    total: int
    available: int
    gpu_free: Optional[int]
    shared: bool

    @property
    def floor(self) -> int:
        """What is always left to the others: 4 %, between 96 and 512 MiB."""
        return min(max(self.total // 25, 96 * MIB), 512 * MIB)


class Plan(NamedTuple):
    """``workspace`` in bytes; ``limit``: of the whole process, in bytes; ``warning`` when less is given than asked."""

    workspace: int
    limit: Optional[int]
    warning: str


def measure(gpu_free: Optional[int], proc: str = "/proc") -> Memory:
    """How things stand. ``gpu_free``: what CUDA calls free, None without it."""
    total, available = _meminfo(proc)
    board = look(os.environ.get("EDGE_ROOT", "/")).board
    return Memory(total, available, gpu_free, board not in (ANY_MACHINE, PC_WITH_GPU))


def weigh(onnx: str) -> int:
    """Bytes of an ONNX file and of what lies beside it as its external data, by name: ``model.onnx.data`` and alike."""
    folder, name = os.path.split(os.path.abspath(onnx))
    stem = os.path.splitext(name)[0]
    size = 0
    for other in os.listdir(folder):
        beside = other.startswith(stem) and other.endswith((".data", ".bin", ".weights", "_data"))
        if other == name or beside:
            size += os.path.getsize(os.path.join(folder, other))
    return size


def plan(memory: Memory, weights: int, asked_mib: Optional[int], limit_mib: Optional[int]) -> Plan:
    """How much workspace the builder gets. ``asked_mib``: None lets it be decided here; ``limit_mib`` bounds the whole.

    Raises OutOfMemory when there is not enough to start.
    """
    room = memory.available - memory.floor
    if limit_mib is not None:
        room = min(room, limit_mib * MIB)
    needed = LIBRARIES_MIB * MIB + WEIGHTS_TIMES * weights
    left = room - needed
    if not memory.shared and memory.gpu_free is not None:
        left = min(left, memory.gpu_free - WEIGHTS_TIMES * weights) if left > 0 else left
    if left < LEAST_WORKSPACE_MIB * MIB:
        raise OutOfMemory(
            "building an engine of it takes about {} MiB, and {} MiB may be used ({} MiB are available{}); stop what "
            "else runs on this machine while it builds, add swap, or give a smaller network".format(
                needed // MIB + LEAST_WORKSPACE_MIB,
                max(room, 0) // MIB,
                memory.available // MIB,
                "" if limit_mib is None else ", the limit is {} MiB".format(limit_mib),
            )
        )
    limit = None if limit_mib is None else limit_mib * MIB
    if asked_mib is None:
        # Not all of it: the tensors and the measured implementations' own memory come beside the workspace.
        return Plan(max(min(left // 2, MOST_WORKSPACE_MIB * MIB), LEAST_WORKSPACE_MIB * MIB), limit, "")
    if asked_mib * MIB <= left:
        return Plan(asked_mib * MIB, limit, "")
    words = "workspace of {} MiB instead of {}: no more memory is free; the engine may be slower"
    return Plan(left, limit, words.format(left // MIB, asked_mib))


def offer_to_the_killer(proc: str = "/proc") -> None:
    """When memory runs out in spite of all, the kernel is to end this process and no other."""
    try:
        with open(os.path.join(proc, "self/oom_score_adj"), "w") as file:
            file.write("900")
    except OSError:
        pass  # a container may forbid it


class Watch:
    """Looks at the memory five times a second in a thread of its own, since a build cannot be asked to stop.

    ``low`` is called once with the reason; ``beat`` each time.
    """

    def __init__(self, low: Callable[[str], None], beat: Callable[[], None], proc: str = "/proc") -> None:
        self._low, self._beat, self._proc = low, beat, proc
        self._floor, self._limit = 0, 0
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)

    def start(self, floor: int, limit: Optional[int]) -> None:
        """``floor``: what must stay available; ``limit``: of what this process holds, in bytes."""
        self._floor, self._limit = floor, limit or 0
        self._thread.start()

    def _run(self) -> None:
        while True:
            self._beat()
            reason = self.trouble()
            if reason:
                self._low(reason)
                return
            time.sleep(_WATCH_S)

    def trouble(self) -> str:
        """Why the build must end now; empty when it need not."""
        _total, available = _meminfo(self._proc)
        if available < self._floor:
            return "the build was ended: {} MiB of memory were left, {} MiB must be for everything else to run".format(
                available // MIB, self._floor // MIB
            )
        held = _held(self._proc)
        if self._limit and held > self._limit:
            return "the build was ended: it held {} MiB, and {} MiB is its limit".format(
                held // MIB, self._limit // MIB
            )
        return ""


def _meminfo(proc: str) -> Tuple[int, int]:
    """Bytes (MemTotal, MemAvailable)."""
    found = {}
    with open(os.path.join(proc, "meminfo")) as file:
        for line in file:
            words: List[str] = line.split()
            found[words[0]] = int(words[1]) * 1024
    return found["MemTotal:"], found.get("MemAvailable:", found["MemFree:"])


def _held(proc: str) -> int:
    """Bytes of this process that lie in memory."""
    with open(os.path.join(proc, "self/statm")) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
