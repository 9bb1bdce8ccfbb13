"""A mosquitto that speaks TLS, with certificates made by openssl's command."""

from __future__ import annotations

import subprocess
from pathlib import Path

from scripts.servers import Broker


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Authority:
    """Signs certificates; ``file`` is its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.file, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 30,
            "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.file,
        )  # fmt: skip
        self._serial = 0

    def sign(self, name: str, alt: str = "", days: int = 30) -> Path:
        """``<name>.pem`` with ``<name>.key`` beside it. ``days`` below 0: it has expired."""
        self._serial += 1
        file, request = self.folder / f"{name}.pem", self.folder / f"{name}.csr"
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", file.with_suffix(".key"), "-out", request,
        )  # fmt: skip
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alt}\n" if alt else "basicConstraints=CA:FALSE\n")
        openssl(
            "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-set_serial", self._serial,
            "-days", days, "-extfile", extensions, "-out", file,
        )  # fmt: skip
        return file


class TlsBroker(Broker):
    """``ask``: clients need a certificate too."""

    def __init__(self, ca: Path, certificate: Path, ask: bool = False, *more: str) -> None:
        super().__init__()
        lines = [
            f"cafile {ca}", f"certfile {certificate}", f"keyfile {certificate.with_suffix('.key')}",
            f"require_certificate {'true' if ask else 'false'}", *more,
        ]  # fmt: skip
        self.config.write_text(self.config.read_text() + "\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        return f"mqtts://localhost:{self.port}"
