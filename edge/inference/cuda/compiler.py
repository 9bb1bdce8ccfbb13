"""The kernel as GPU code: from the cache, by nvcc, or by NVRTC.

A file's name holds the hash of the source, the compute capability and the compiler, so that none is ever taken for
another. Compiled where there is a compiler (``python3 -m edge.inference.cuda FOLDER``, by the installer or the first
engine that is opened); a machine without one runs what it finds in the folder.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from typing import List, Optional, Tuple

from ...errors import EngineError
from . import nvrtc

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernels", "picture.cu")
_USUAL_NVCC = "/usr/local/cuda/bin/nvcc"
# A Nano takes half a minute.
_PATIENCE_S = 300


def usual_folder() -> str:
    """Where compiled kernels are kept when nobody says so."""
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0] or os.path.expanduser("~/.cache/edge")
    return os.path.join(state, "kernels")


def code_for(compute_capability: Tuple[int, int], folder: str) -> bytes:
    """The kernel for GPUs of that compute capability; ``folder`` is the cache, made when it is needed.

    Raises EngineError, which says what to do, where it is neither there nor can be compiled.
    """
    with open(SOURCE, "rb") as file:
        source = file.read()
    stem = "picture-{}-sm_{}{}".format(hashlib.sha256(source).hexdigest()[:16], *compute_capability)
    reasons: List[str] = []
    for compiler in (_Nvcc.find(), nvrtc.find()):
        if compiler is None:
            continue
        path = os.path.join(folder, "{}-{}.cubin".format(stem, compiler.name))
        code = _read(path)
        if code is None:
            try:
                code = compiler.compile(source, compute_capability)
            except EngineError as error:
                reasons.append(str(error))
                continue
            _write(path, code)
        return code
    # Compiled on this machine or another one, whatever by.
    kept = _newest(folder, stem)
    if kept is not None:
        return kept
    raise EngineError(
        "no compiled kernel for compute capability {}.{} in {}, and {}: install the CUDA compiler (package "
        "cuda-nvcc-*, or cuda-nvrtc-*), or compile it elsewhere: python3 -m edge.inference.cuda {} --arch {}.{}".format(
            compute_capability[0], compute_capability[1], folder, "; ".join(reasons) or "no nvcc or NVRTC is here",
            folder, *compute_capability
        )
    )  # fmt: skip


def drop(compute_capability: Tuple[int, int], folder: str) -> None:
    """Forget what the driver would not load."""
    ending = re.compile(r"picture-[0-9a-f]+-sm_{}{}-.*\.cubin".format(*compute_capability))
    for name in _names(folder):
        if ending.match(name):
            os.unlink(os.path.join(folder, name))


class _Nvcc:
    def __init__(self, path: str, release: str) -> None:
        self._path = path
        self.name = "nvcc_" + release

    @classmethod
    def find(cls) -> "Optional[_Nvcc]":
        path = shutil.which("nvcc") or _USUAL_NVCC
        try:
            said = subprocess.run(
                [path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30
            ).stdout.decode("utf-8", "replace")
        except (OSError, subprocess.SubprocessError):
            return None
        release = re.search(r"\bV(\d+(?:\.\d+)+)", said)
        return cls(path, release.group(1)) if release else None

    def compile(self, source: bytes, compute_capability: Tuple[int, int]) -> bytes:
        """Raises EngineError with the compiler's first error."""
        with tempfile.TemporaryDirectory(prefix="edge-kernel-") as folder:
            text, made = os.path.join(folder, "picture.cu"), os.path.join(folder, "picture.cubin")
            with open(text, "wb") as file:
                file.write(source)
            command = [self._path, "-cubin", "-O3", "-std=c++14", "-arch=sm_{}{}".format(*compute_capability)]
            try:
                done = subprocess.run(
                    command + ["-o", made, text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_PATIENCE_S
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise EngineError("{} cannot be run ({})".format(self._path, error)) from error
            code = _read(made)
            if done.returncode or code is None:
                words = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
                first = next((line for line in words if "error" in line or "fatal" in line), words[0])
                raise EngineError("{} fails: {}".format(self._path, first.strip()[:200]))
            return code


def _read(path: str) -> Optional[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read() or None
    except OSError:
        return None


def _write(path: str, code: bytes) -> None:
    """A folder that cannot be written costs a compilation at each start, and no more."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".picture-")
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(code)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        pass


def _newest(folder: str, stem: str) -> Optional[bytes]:
    found = [os.path.join(folder, name) for name in _names(folder) if name.startswith(stem + "-")]
    return _read(max(found, key=os.path.getmtime)) if found else None


def _names(folder: str) -> List[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".cubin"))
    except OSError:
        return []
