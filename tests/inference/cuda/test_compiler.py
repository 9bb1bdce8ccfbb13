"""Where the kernel's code comes from: the cache, nvcc, NVRTC, or a word about what to do."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional, Tuple

import pytest

from edge.errors import EngineError
from edge.inference.cuda import compiler, nvrtc
from scripts.servers import ROOT

#: Makes what -o names of its arguments, and says how often it was called.
NVCC = """#!/bin/sh
if [ "$1" = --version ]; then echo "Cuda compilation tools, release {release}, V{release}.89"; exit; fi
echo called >> {calls}
{trouble}
while [ $# -gt 0 ]; do case $1 in -o) out=$2;; -arch=*) arch=$1;; esac; shift; done
echo "cubin $arch {release}" > "$out"
"""


class Setting:
    """A machine with its own nvcc, or none."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._bin = folder / "bin"
        self._bin.mkdir()
        self.calls = folder / "calls"
        self.cache = str(folder / "cache")
        self._patch = monkeypatch
        monkeypatch.setenv("PATH", f"{self._bin}:/usr/bin:/bin")
        monkeypatch.setattr(compiler, "_USUAL_NVCC", str(folder / "none"))
        self.nvrtc(None)

    def nvcc(self, release: str = "10.2", trouble: str = "") -> None:
        path = self._bin / "nvcc"
        path.write_text(NVCC.format(release=release, calls=self.calls, trouble=trouble))
        path.chmod(0o755)

    def no_nvcc(self) -> None:
        (self._bin / "nvcc").unlink()

    def nvrtc(self, found: Any) -> None:
        self._patch.setattr(nvrtc, "find", lambda: found)

    @property
    def compiled(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0

    def code(self, arch: Tuple[int, int] = (7, 2)) -> bytes:
        return compiler.code_for(arch, self.cache).strip()


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    return Setting(tmp_path, monkeypatch)


def test_compiled_once_for_each_gpu_and_compiler(setting: Setting) -> None:
    setting.nvcc()
    assert setting.code() == setting.code() == b"cubin -arch=sm_72 10.2" and setting.compiled == 1
    assert setting.code((8, 7)) == b"cubin -arch=sm_87 10.2" and setting.compiled == 2
    setting.nvcc("11.4")
    assert setting.code() == b"cubin -arch=sm_72 11.4" and setting.compiled == 3
    assert [stat.S_IMODE(os.stat(path).st_mode) for path in Path(setting.cache).iterdir()] == [0o644] * 3


def test_another_source_is_another_kernel(setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setting.nvcc()
    setting.code()
    changed = tmp_path / "changed.cu"
    changed.write_bytes(Path(compiler.SOURCE).read_bytes() + b"// changed")
    monkeypatch.setattr(compiler, "SOURCE", str(changed))
    setting.code()
    assert setting.compiled == 2


def test_without_a_compiler_what_is_kept_will_do(setting: Setting) -> None:
    setting.nvcc()
    kept = setting.code()
    setting.no_nvcc()
    assert setting.code() == kept
    with pytest.raises(EngineError) as caught:
        setting.code((8, 7))
    words = str(caught.value)
    assert "compute capability 8.7" in words and "no nvcc or NVRTC is here" in words and "\n" not in words
    assert f"python3 -m edge.inference.cuda {setting.cache} --arch 8.7" in words


def test_an_nvcc_that_fails_leaves_it_to_the_others(setting: Setting) -> None:
    setting.nvcc(trouble="echo 'nvcc fatal   : Unsupported gpu architecture'; exit 1")
    with pytest.raises(EngineError, match=r"nvcc fails: nvcc fatal\s+: Unsupported"):
        setting.code()

    class Library:
        name = "nvrtc_11.4"

        def compile(self, source: bytes, arch: Tuple[int, int]) -> bytes:
            return b"of NVRTC for %d.%d" % arch

    setting.nvrtc(Library())
    assert setting.code() == b"of NVRTC for 7.2"


def test_a_folder_that_cannot_be_written_costs_a_compilation_each_time(setting: Setting, tmp_path: Path) -> None:
    setting.nvcc()
    (tmp_path / "cache").write_text("a file, no folder")
    assert setting.code() == setting.code() and setting.compiled == 2


def test_dropping_forgets_one_gpus_only(setting: Setting) -> None:
    setting.nvcc()
    setting.code()
    setting.code((8, 7))
    compiler.drop((7, 2), setting.cache)
    assert [path.name.split("-")[2] for path in Path(setting.cache).iterdir()] == ["sm_87"]


def test_the_command_compiles_for_a_gpu_that_is_elsewhere(setting: Setting) -> None:
    setting.nvcc()
    command = [sys.executable, "-m", "edge.inference.cuda", setting.cache, "--arch", "7.2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "compute capability 7.2" in done.stdout, done.stderr
    assert setting.compiled == 1


def real_nvcc() -> Optional[Any]:
    return compiler._Nvcc.find()


@pytest.mark.skipif(real_nvcc() is None, reason="no nvcc here")
def test_the_real_one_compiles_it() -> None:
    found = real_nvcc()
    assert found is not None
    assert found.compile(Path(compiler.SOURCE).read_bytes(), (8, 7)).startswith(b"\x7fELF")
