#!/usr/bin/env python3
"""``./dev image``: make a flashable image and an update bundle, or try an image in QEMU."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "develop"), str(HERE.parent / "pjsua2")]

from assembly import Builder, Order, epoch_of, release_of, show
from boards import BOARDS, board_of
from bundle import Signer
from console import Failure, report
from environment import Workshop
from pjsource import system_mirror


def arguments_of(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="./dev image", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["build", "test"], default="build")
    parser.add_argument("--arch", choices=sorted({board.architecture for board in BOARDS.values()}))
    parser.add_argument("--board", choices=sorted(BOARDS), help="default: uefi-<arch>")
    parser.add_argument("--release", help="version; default: from pyproject.toml and the last commit")
    parser.add_argument("--signing-key", type=Path, help="PEM; default: a developer's key, made once")
    parser.add_argument("--signing-certificate", type=Path, help="PEM; becomes the keyring of the image")
    parser.add_argument("--mirror", help="Debian's archive; default: the one that this machine's apt asks")
    parser.add_argument("--security-mirror", help="default: beside the mirror")
    parser.add_argument(
        "--only", action="append", metavar="PART", help="test: only these parts, after the start"
    )
    parser.add_argument("--keep", action="store_true", help="test: leave disks and logs, and the ready box")
    parser.add_argument(
        "--go-on", action="store_true", help="test: parts on the ready box that --keep left, without a start"
    )
    return parser.parse_args(argv)


def order_of(arguments: argparse.Namespace, root: Path, release: str = "") -> Order:
    """What the command line orders; raises Failure."""
    key, certificate = arguments.signing_key, arguments.signing_certificate
    if (key is None) != (certificate is None):
        raise Failure("--signing-key and --signing-certificate belong together")
    mirror = arguments.mirror or system_mirror()
    return Order(
        board=board_of(arguments.arch, arguments.board),
        release=release or arguments.release or release_of(root),
        epoch=epoch_of(root),
        signer=Signer(key=key.resolve(), certificate=certificate.resolve()) if key else None,
        mirror=mirror,
        security=arguments.security_mirror or f"{mirror}-security",
    )


def main(argv: list[str]) -> int:
    """Do it; returns the exit status."""
    arguments = arguments_of(argv)
    workshop = Workshop(root=HERE.parents[1])
    try:
        if arguments.what == "test":
            from trial import run_trials

            order = order_of(arguments, workshop.root)
            return run_trials(
                workshop, order, arguments.only or [], keep=arguments.keep, go_on=arguments.go_on
            )
        show(Builder(workshop, order_of(arguments, workshop.root)).make())
    except Failure as failure:
        report(failure)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
