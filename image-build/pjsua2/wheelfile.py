"""Packs built files into a wheel (PyPA binary distribution format 1.0) without further tools."""

from __future__ import annotations

import base64
import hashlib
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # equal input gives an equal file


def wheel_tag() -> str:
    """Return the tag of extension modules for the running interpreter, such as cp311-cp311-linux_x86_64."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{python}-{python}-{platform}"


def write_wheel(folder: Path, *, name: str, version: str, summary: str, files: Mapping[str, bytes]) -> Path:
    """Write `folder`/name-version-tag.whl with `files` (archive path → content) and return its path."""
    tag = wheel_tag()
    info = f"{name}-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {summary}\n"
        f"License: GPL-2.0-or-later\nRequires-Python: =={sys.version_info.major}.{sys.version_info.minor}.*\n"
    )
    wheel = f"Wheel-Version: 1.0\nGenerator: ortsamt\nRoot-Is-Purelib: false\nTag: {tag}\n"
    contents = {**files, f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": wheel.encode()}
    record = "".join(f"{path},{_digest(data)},{len(data)}\n" for path, data in contents.items())
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in contents.items():
            member = zipfile.ZipInfo(entry, ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return path


def _digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
