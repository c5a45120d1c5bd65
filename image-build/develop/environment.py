"""The steps that make the working environment under build/, each done again only when its inputs change."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aptpackages
from console import Command, Failure, run_step, say

PYTHON = "/usr/bin/python3"
LOCK_FILE = Path("image-build/requirements.lock")
RECIPE = Path("image-build/pjsua2")
PROMPTS = Path("image-build/prompts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The folders of one clone."""

    root: Path

    @property
    def build(self) -> Path:
        """Everything that is made, ignored by git."""
        return self.root / "build"

    @property
    def log(self) -> Path:
        """Output of the steps."""
        return self.build / "log"

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.build / "venv"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / "bin" / "python"


def key_of(paths: Iterable[Path], *more: object) -> str:
    """Return a hash of files (folders count with all files in them) and of further values."""
    digest = hashlib.sha256(repr(more).encode())
    for path in paths:
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(f"\0{file.relative_to(path)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def exclusive(workshop: Workshop) -> Iterator[None]:
    """Let one ./dev at a time change build/; others wait and then find the work done."""
    try:
        workshop.build.mkdir(exist_ok=True)
        stream = (workshop.build / ".lock").open("w")
    except PermissionError as error:
        raise Failure(
            f"no right to write to {workshop.build}",
            "Was ./dev run as root before? Give the folder back with chown, or remove it.",
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("· another ./dev is setting up; waiting for it")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def stamped(workshop: Workshop, name: str, key: str, result: Path | None, make: Callable[[], None]) -> None:
    """Run `make` unless it was done before for the same key and its result is still there."""
    stamp = workshop.build / "stamps" / name
    if (result is None or result.exists()) and _read(stamp) == key:
        return
    stamp.unlink(missing_ok=True)
    make()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.with_suffix(".new").write_text(key, encoding="utf-8")
    stamp.with_suffix(".new").replace(stamp)


def _read(stamp: Path) -> str:
    try:
        return stamp.read_text(encoding="utf-8")
    except OSError:
        return ""


def debian_packages(workshop: Workshop, lists: Sequence[str]) -> None:
    """Install what is missing of the package lists."""
    state = aptpackages.DPKG_STATUS.stat() if aptpackages.DPKG_STATUS.exists() else None
    wanted = aptpackages.listed(lists)
    key = key_of([], wanted, state and (state.st_mtime_ns, state.st_ino))
    stamp = "packages-" + "-".join(lists)
    if _read(workshop.build / "stamps" / stamp) == key:
        return
    missing = aptpackages.missing(wanted)
    if missing:
        aptpackages.install(missing, workshop.log)
        debian_packages(workshop, lists)
        return
    stamped(workshop, stamp, key, None, lambda: None)


def python_environment(workshop: Workshop) -> None:
    """Make the virtual environment and install the project into it, editable, with pinned dependencies."""
    version = subprocess.run([PYTHON, "-V"], capture_output=True, text=True, check=True).stdout.strip()

    def create() -> None:
        shutil.rmtree(workshop.venv, ignore_errors=True)
        (workshop.build / "stamps" / "install").unlink(missing_ok=True)
        (workshop.build / "stamps" / "pjsua2").unlink(missing_ok=True)
        run_step(
            "making the virtual environment",
            [Command(argv=[PYTHON, "-m", "venv", str(workshop.venv)], log=workshop.log / "venv.log")],
            usual_s=5,
        )

    def install() -> None:
        pip = [str(workshop.python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        pins = ["-c", str(workshop.root / LOCK_FILE)]
        hint = "Is the network up, and is the Python package index to be reached?"
        tools = ["pip", "setuptools", "wheel"]
        run_step(
            "installing pip and setuptools",
            [
                Command(
                    argv=[*pip, "install", "--no-compile", *pins, *tools],
                    log=workshop.log / "pip-tools.log",
                )
            ],
            usual_s=5,
            hint=hint,
        )
        editable = [
            *("--no-build-isolation", "--config-settings", "editable_mode=compat"),
            *("-e", f"{workshop.root}[dev]"),
        ]
        run_step(
            "installing Python packages",
            [Command(argv=[*pip, "install", *pins, *editable], log=workshop.log / "pip.log")],
            usual_s=20,
            hint=hint,
        )

    stamped(workshop, "venv", f"{version} {workshop.venv}", workshop.python, create)
    inputs = [workshop.root / "pyproject.toml", workshop.root / LOCK_FILE]
    stamped(workshop, "install", key_of(inputs), workshop.venv / "bin" / "ortsamt", install)


def pjsua2(workshop: Workshop, options: Sequence[str] = ()) -> None:
    """Build pjsua2, or take it from the cache, and install it."""

    def make() -> None:
        recipe = [PYTHON, str(workshop.root / RECIPE / "recipe.py"), "--work", str(workshop.build / "pjsua2")]
        done = subprocess.run([*recipe, *options], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Failure("pjsua2 could not be built")
        pip = [str(workshop.python), "-m", "pip", "--disable-pip-version-check", "install", "--no-index"]
        run_step(
            "installing pjsua2",
            [
                Command(
                    argv=[*pip, "--no-deps", "--force-reinstall", done.stdout.strip()],
                    log=workshop.log / "pip-pjsua2.log",
                )
            ],
        )

    if options:  # a source named by hand stays good for later calls without it
        (workshop.build / "stamps" / "pjsua2").unlink(missing_ok=True)
    stamped(workshop, "pjsua2", key_of([workshop.root / RECIPE]), None, make)


def prompts(workshop: Workshop) -> None:
    """Make the spoken prompts."""
    script = workshop.root / PROMPTS / "build.py"
    if not script.is_file():
        return
    output = workshop.build / "prompts"

    def make() -> None:
        run_step(
            "speaking the prompts",
            [
                Command(
                    argv=[str(workshop.python), str(script), "--output", str(output)],
                    cwd=workshop.root,
                    log=workshop.log / "prompts.log",
                )
            ],
            usual_s=10,
        )

    stamped(workshop, "prompts", key_of([script.parent]), output, make)


def refresh_lock(workshop: Workshop) -> None:
    """Write the newest versions of all Python packages that pyproject.toml asks for to the lock file."""
    scratch = workshop.build / "lock-venv"
    pip = [str(scratch / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    log = workshop.log / "lock.log"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        steps = (
            [PYTHON, "-m", "venv", str(scratch)],
            [*pip, "install", "--upgrade", "pip", "setuptools", "wheel"],
            [*pip, "install", "--no-build-isolation", "-e", f"{workshop.root}[dev]"],
        )
        for argv in steps:
            run_step(f"resolving: {Path(argv[0]).name} {argv[2]}", [Command(argv=argv, log=log)])
        frozen = subprocess.run([*pip, "freeze", "--all"], capture_output=True, text=True, check=True).stdout
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    pins = [line for line in frozen.splitlines() if "==" in line]
    header = "# Exact versions of all Python packages; written by ./dev lock.\n"
    (workshop.root / LOCK_FILE).write_text(header + "\n".join(pins) + "\n", encoding="utf-8")
    say(f"{LOCK_FILE}: {len(pins)} packages")


def become(argv: Sequence[str | Path], **variables: str) -> None:
    """Replace this process by a command of the environment."""
    sys.stdout.flush()
    sys.stderr.flush()
    command = [str(part) for part in argv]
    try:
        os.execve(command[0], command, {**os.environ, **variables})
    except OSError as error:
        raise Failure(f"cannot start {command[0]}: {error.strerror}") from error
