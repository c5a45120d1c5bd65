#!/usr/bin/env python3
"""Builds the pjsua2 wheel: PJSIP with its Python binding, made for many calls in one process.

The wheel is kept under $XDG_CACHE_HOME/ortsamt, keyed by everything that goes into it, so only the first
build on a machine takes minutes. Plain standard library; needs the Debian packages of ../packages/build.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "develop"))

from building import build, inputs_hash
from console import Failure, report, say
from pjsource import cached_source, debian_source, local_source

KEPT_WHEELS = 8


def cache_folder() -> Path:
    """Return the folder in which wheels and sources outlive a clone."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ortsamt"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`: two clones must not build the same wheel at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("· another build of pjsua2 is under way; waiting for it")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def obtain(arguments: argparse.Namespace) -> Path:
    """Return the wheel for these arguments, from the cache or newly built."""
    cache = cache_folder()
    brought = local_source(arguments.source, arguments.sha256) if arguments.source else None
    key = inputs_hash(brought.sha256 if brought else "debian")
    shelf = cache / f"pjsua2-{key}"
    with locked(cache / f"pjsua2-{key}.lock"):
        wheels = sorted(shelf.glob("*.whl"))
        if wheels and not arguments.rebuild:
            shelf.touch()
            return wheels[0]
        work: Path = arguments.work.resolve()
        work.mkdir(parents=True, exist_ok=True)
        source = brought or (None if arguments.refresh else cached_source(cache / "sources"))
        built = build(source or debian_source(cache / "sources", work, arguments.mirror), work, key)
        shelf.mkdir(parents=True, exist_ok=True)
        beside = shelf / f".{built.name}.new"
        shutil.copyfile(built, beside)
        beside.replace(shelf / built.name)
        if not arguments.keep:
            shutil.rmtree(work, ignore_errors=True)
        forget_old_wheels(cache)
        return shelf / built.name


def forget_old_wheels(cache: Path) -> None:
    """Remove all but the wheels used last; a developer's machine would collect them for years."""
    shelves = sorted(
        (path for path in cache.glob("pjsua2-*") if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for shelf in shelves[KEPT_WHEELS:]:
        shutil.rmtree(shelf, ignore_errors=True)


def arguments_of(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="recipe.py", description="Build the pjsua2 wheel and print its path."
    )
    parser.add_argument(
        "--source", type=Path, metavar="FILE", help="tarball of an official pjproject release"
    )
    parser.add_argument("--sha256", metavar="HEX", help="checksum that the tarball must have")
    parser.add_argument(
        "--mirror", metavar="URI", help="Debian mirror (default: the one in this machine's apt sources)"
    )
    parser.add_argument(
        "--refresh", action="store_true", help="fetch the source anew instead of using the kept one"
    )
    parser.add_argument("--rebuild", action="store_true", help="build although a wheel is in the cache")
    parser.add_argument("--keep", action="store_true", help="keep the build folder")
    parser.add_argument(
        "--work", type=Path, default=HERE.parents[1] / "build" / "pjsua2", help="build folder"
    )
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Build or find the wheel and print its path on standard output."""
    try:
        print(obtain(arguments_of(argv)))
    except Failure as failure:
        report(failure)
        return 1
    except OSError as error:
        report(Failure(f"{error.filename or 'file system'}: {error.strerror}"))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
