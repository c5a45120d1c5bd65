"""Update bundles for RAUC: the root of one slot with a signed description."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boards import Board
from console import Command, run_step

DAYS = 7300


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs: key and certificate (PEM). A box takes what the certificate it was built with has signed."""

    key: Path
    certificate: Path


def manifest(board: Board, release: str, root: Path, boot: Path | None = None) -> str:
    """The manifest of a bundle (RAUC's reference, section *Manifest*); ``boot``: what goes with the root."""
    second = f"[image.boot]\nfilename={boot.name}\n\n" if boot is not None else ""
    return (
        f"[update]\ncompatible={board.compatible}\nversion={release}\n\n"
        f"[bundle]\nformat=verity\n\n{second}[image.rootfs]\nfilename={root.name}\n\n"
        f"[meta.ortsamt]\nslot-bytes={root.stat().st_size}\n"
    )


def developer_signer(folder: Path, log: Path) -> Signer:
    """A key of this clone's own, made once, for images that never leave the developers."""
    key, certificate = folder / "developer.key", folder / "developer.pem"
    if not (key.exists() and certificate.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        run_step(
            "making a developer's signing key",
            [
                Command(
                    argv=[
                        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
                        *("-nodes", "-days", str(DAYS), "-subj", "/O=Ortsamt/CN=Ortsamt developer"),
                        *("-addext", "keyUsage=digitalSignature"),
                        *("-keyout", str(key), "-out", str(certificate)),
                    ],
                    log=log,
                )
            ],
        )
        key.chmod(0o600)
    return Signer(key=key, certificate=certificate)


def signing(signer: Signer, folder: str, output: str) -> list[str]:
    """The command that makes a bundle of a folder; paths are those inside the builder's Debian."""
    return [
        *("rauc", "bundle", f"--cert={signer.certificate}", f"--key={signer.key}"),
        *(f"--keyring={signer.certificate}", folder, output),
    ]
