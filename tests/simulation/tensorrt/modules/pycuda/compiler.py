"""Compiles by nvcc as the real one does: where there is none, it fails with the same error."""

import os
import subprocess
import tempfile
from typing import Any, List, Optional

from .driver import CompileError, Context, Error, module_from_buffer

DEFAULT_NVCC_FLAGS: List[str] = []


class ExecError(OSError):
    """pytools.prefork's, under its own name there."""


def compile(
    source: str,
    nvcc: str = "nvcc",
    options: Optional[List[str]] = None,
    keep: bool = False,
    no_extern_c: bool = False,
    arch: Optional[str] = None,
    code: Optional[str] = None,
    cache_dir: Any = None,
    include_dirs: Any = (),
    target: str = "cubin",
) -> bytes:
    assert target in ("cubin", "ptx", "fatbin")
    if not no_extern_c:
        source = 'extern "C" {\n' + source + "\n}\n"
    words = list(DEFAULT_NVCC_FLAGS if options is None else options)
    if arch is None:
        try:
            arch = "sm_{}{}".format(*Context.get_device().compute_capability())
        except Error:
            pass
    words += ["-arch", arch] if arch is not None else []
    words += ["-code", code] if code is not None else []
    words += ["-I" + folder for folder in include_dirs]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kernel.cu")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        command = [nvcc, "--" + target, *words, "kernel.cu"]
        try:
            pipe = subprocess.PIPE
            done = subprocess.run(command, cwd=folder, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise ExecError("error invoking '{}': {}".format(" ".join(command), error)) from None
        made = os.path.join(folder, "kernel." + target)
        if done.returncode or not os.path.exists(made):
            raise CompileError(
                f"nvcc compilation of {path} failed",
                command,
                stdout=done.stdout.decode("utf-8", "replace"),
                stderr=done.stderr.decode("utf-8", "replace"),
            )
        with open(made, "rb") as binary:
            return binary.read()


class SourceModule:
    def __init__(self, source: str, nvcc: str = "nvcc", options: Optional[List[str]] = None, **how: Any) -> None:
        self.module = module_from_buffer(compile(source, nvcc, options, **how))
        self.get_global = self.module.get_global

    def get_function(self, name: str) -> Any:
        return self.module.get_function(name)
