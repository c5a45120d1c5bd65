#!/usr/bin/env python3
"""Writes what an image consists of: ``sbom.cdx.json`` (CycloneDX 1.5) and ``licences.txt``.

``inventory.py TREE RELEASE BOARD EPOCH`` reads dpkg's status, Python's metadata and the copyright files of
the tree. Plain standard library.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import Parser
from pathlib import Path

SHARE = Path("usr/share/ortsamt")
SITE = "usr/lib/ortsamt/lib"
_LICENCE = re.compile(r"^License:\s*(\S.*)$", re.MULTILINE)
_WELL_KNOWN = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.+-]*[A-Za-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One package in the image."""

    name: str
    version: str
    purl: str
    """Package URL (purl-spec)."""
    licences: tuple[str, ...]


def debian(tree: Path) -> Iterator[Component]:
    """The Debian packages that are installed."""
    for block in (tree / SHARE / "dpkg-status").read_text(encoding="utf-8").split("\n\n"):
        facts = Parser().parsestr(block)
        if facts["Package"] and "installed" in (facts["Status"] or "").split():
            name, version = facts["Package"], facts["Version"]
            yield Component(
                name=name,
                version=version,
                purl=f"pkg:deb/debian/{name}@{version}?arch={facts['Architecture']}&distro=trixie",
                licences=debian_licences(tree / "usr/share/doc" / name / "copyright"),
            )


def debian_licences(path: Path) -> tuple[str, ...]:
    """The licences that a copyright file names (DEP 5, else those it refers to)."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    found = {one.strip() for one in _LICENCE.findall(text)} or set(_WELL_KNOWN.findall(text))
    return tuple(sorted(found))


def python(tree: Path) -> Iterator[Component]:
    """The Python packages of the product."""
    for path in sorted((tree / SITE).rglob("*.dist-info/METADATA")):
        facts = Parser().parsestr(path.read_text(encoding="utf-8", errors="replace"), headersonly=True)
        name, version = facts["Name"], facts["Version"]
        licence = facts["License-Expression"] or (facts["License"] or "").splitlines()[:1]
        classified = [
            one.rpartition(" :: ")[2]
            for one in facts.get_all("Classifier", [])
            if one.startswith("License ::")
        ]
        named = [licence] if isinstance(licence, str) else [*licence] or classified
        yield Component(
            name=name,
            version=version,
            purl=f"pkg:pypi/{name.lower()}@{version}",
            licences=tuple(one for one in named if one),
        )


def sbom(components: list[Component], release: str, board: str, epoch: int) -> str:
    """The bill of materials (CycloneDX 1.5); the same input gives the same text."""
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(),
            "component": {"type": "firmware", "name": f"ortsamt-{board}", "version": release},
        },
        "components": [
            {
                "type": "library",
                "name": one.name,
                "version": one.version,
                "purl": one.purl,
                "licenses": [{"license": {"name": licence[:200]}} for licence in one.licences],
            }
            for one in components
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def licence_list(components: list[Component]) -> str:
    """One line a package; the whole texts are in /usr/share/doc of the image."""
    lines = [f"{one.name} {one.version}: {', '.join(one.licences) or 'see its file'}" for one in components]
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Write both files into the tree."""
    tree, release, board, epoch = Path(argv[0]), argv[1], argv[2], int(argv[3])
    components = sorted([*debian(tree), *python(tree)], key=lambda one: (one.name.lower(), one.purl))
    (tree / SHARE / "sbom.cdx.json").write_text(sbom(components, release, board, epoch), encoding="utf-8")
    (tree / SHARE / "licences.txt").write_text(licence_list(components), encoding="utf-8")
    (tree / SHARE / "dpkg-status").unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
