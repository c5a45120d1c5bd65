"""The Python packages of the product, for the machine that the image is for: wheels, fetched and unpacked."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from boards import Board
from console import Command, Failure, run_step

PYTHON_TAG = "313"
SOURCE_ONLY = ("nkeys", "sdnotify")
"""Published as source alone; plain Python, so a wheel made here runs anywhere."""
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_EXTRAS = re.compile(r"\[([A-Za-z0-9,._-]+)\]")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([A-Za-z0-9._-]+)['\"]")
_ELSEWHERE = re.compile(r";.*(python_version\s*<|platform_system\s*==\s*['\"]Windows|sys_platform)")


def plain(name: str) -> str:
    """A distribution's name as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, str]:
    """The lock file: name → version."""
    found = (line.partition("==") for line in lock.splitlines() if "==" in line and not line.startswith("#"))
    return {plain(name): version.strip() for name, _, version in found}


def wanted(pyproject: str, requires: Mapping[str, Iterable[str]]) -> set[str]:
    """What the product needs at run time, with all that this needs; ``requires``: of each one."""
    waiting = list(tomllib.loads(pyproject)["project"]["dependencies"])
    found: set[str] = set()
    asked: set[str] = set()
    while waiting:
        requirement = waiting.pop().partition(";")[0].replace(" ", "")
        if requirement in asked:
            continue
        asked.add(requirement)
        name = _named(requirement)
        found.add(name)
        extras = _EXTRAS.search(requirement)
        chosen = extras[1].split(",") if extras else []
        for one in requires.get(name, ()):
            extra = _EXTRA.search(one)
            if (extra[1] in chosen) if extra else not _ELSEWHERE.search(one):
                waiting.append(one)
    return found


def installed(site: Path) -> dict[str, tuple[str, ...]]:
    """What each distribution of an environment asks for."""
    found: Iterator[metadata.Distribution] = iter(metadata.distributions(path=[str(site)]))
    return {plain(one.metadata["Name"]): tuple(one.requires or ()) for one in found}


def _named(requirement: str) -> str:
    match = _NAME.match(requirement)
    if match is None:
        raise Failure(f"'{requirement}' names no package")
    return plain(match.group())


def fetch(python: Path, board: Board, needed: Mapping[str, str], folder: Path, log: Path) -> None:
    """Fetch wheels of these packages (name → version) for the board; raises Failure."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    binary = [f"{name}=={version}" for name, version in sorted(needed.items()) if name not in SOURCE_ONLY]
    source = [f"{name}=={version}" for name, version in sorted(needed.items()) if name in SOURCE_ONLY]
    target = [word for tag in board.platforms for word in ("--platform", tag)]
    for abi in (f"cp{PYTHON_TAG}", "abi3", "none"):
        target += ["--abi", abi]
    target += ["--python-version", PYTHON_TAG, "--implementation", "cp", "--only-binary=:all:"]
    hint = "Is the network up, and is the Python package index to be reached?"
    run_step(
        f"fetching Python packages for {board.architecture}",
        [Command(argv=[*pip, "download", "--no-deps", "-d", str(folder), *target, *binary], log=log)],
        usual_s=20,
        hint=hint,
    )
    if source:
        run_step(
            "packing Python packages that come as source",
            [
                Command(
                    argv=[*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), *source],
                    log=log.with_name(f"source-{log.name}"),
                )
            ],
            hint=hint,
        )


def unpack(wheels: Iterable[Path], site: Path, log: Path) -> None:
    """Lay wheels into a folder that Python imports from; their own commands and tests are left out."""
    for wheel in sorted(wheels):
        run_step(
            f"unpacking {wheel.name.split('-')[0]}",
            [Command(argv=["/usr/bin/python3", "-m", "zipfile", "-e", str(wheel), str(site)], log=log)],
        )
        for data in site.glob("*.data"):
            for kind in ("purelib", "platlib"):
                if (data / kind).is_dir():
                    shutil.copytree(data / kind, site, dirs_exist_ok=True)
            shutil.rmtree(data)
    # Some bring keys for trying themselves; no image has a key.
    for tests in site.glob("*/tests"):
        shutil.rmtree(tests)
