"""Debian packages that the project needs: which are missing, and installing them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from console import Command, Failure, run_step, say

LISTS = Path(__file__).resolve().parents[1] / "packages"
DPKG_STATUS = Path("/var/lib/dpkg/status")
QUIET_SERVICES = ("kamailio",)  # Debian starts these with their package; here we start our own
APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3")
_TIME64 = "t64"
HINT = "Is the network up, and do the apt sources of this machine work?"


def listed(names: Sequence[str]) -> list[str]:
    """Return the packages of the named lists, one a line, `#` begins a comment."""
    lines = [line for name in names for line in (LISTS / name).read_text(encoding="utf-8").splitlines()]
    return [package for line in lines if (package := line.partition("#")[0].strip())]


def missing(packages: Sequence[str]) -> list[str]:
    """Return those of `packages` that dpkg does not have installed.

    Debian 13 gave libraries with a 64-bit time_t another name, which provides the old one.
    """
    names = [*packages, *(f"{package}{_TIME64}" for package in packages)]
    try:
        done = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise Failure("this is no Debian system (no dpkg)", "Ortsamt is built on Debian 12 or 13.") from error
    installed = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
    return [one for one in packages if not {one, f"{one}{_TIME64}"} & installed]


def install(packages: Sequence[str], log: Path) -> None:
    """Install packages with apt, as root or through sudo."""
    say(f"· Debian packages to install: {' '.join(packages)}")
    root = _as_root(packages)
    run_step(
        "reading the package lists",
        [Command(argv=[*root, *APT, "update"], log=log / "apt-update.log")],
        hint=HINT,
    )
    run_step(
        "installing Debian packages",
        [
            Command(
                argv=[*root, *APT, "install", "-y", "--no-install-recommends", *packages],
                log=log / "apt-install.log",
            )
        ],
        usual_s=60,
        hint=HINT,
    )
    left = missing(packages)
    if left:
        raise Failure(f"apt did not install {' '.join(left)}", f"whole output: {log / 'apt-install.log'}")
    for service in QUIET_SERVICES:
        if service in packages and Path("/run/systemd/system").is_dir():
            subprocess.run(
                [*root, "systemctl", "disable", "--now", service], check=False, capture_output=True
            )
            say(f"  Debian's own {service} service is switched off; ./dev run starts its own")


def _as_root(packages: Sequence[str]) -> list[str]:
    environment = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    if os.geteuid() == 0:
        return environment
    if not shutil.which("sudo"):
        raise Failure(
            "root rights are needed once, to install Debian packages",
            f"Run ./dev as root, or install sudo, or have root say\n  apt-get install {' '.join(packages)}",
        )
    if subprocess.run(["sudo", "-v"], check=False).returncode:  # asks here, where a person can still answer
        raise Failure("sudo refused", "Run ./dev as root or as somebody who may use sudo.")
    return ["sudo", "-n", *environment]
