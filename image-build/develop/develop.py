"""The commands of ./dev, once there is a Python: plain standard library, Python 3.11 or newer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import environment
from console import Failure, report, say
from environment import Workshop, become, exclusive
from linters import linters, run_linter
from suite import run_parts

USAGE = """\
usage: ./dev COMMAND [ARGUMENTS]

  run [ARGUMENTS]      start core, edge and a demo office on this machine (ortsamt demo); with --cloud
                       beside it an instance in the cloud and a cluster between
  test [ARGUMENTS]     run all tests and linters, the few that failed beside others once more by
                       themselves; or what the arguments for pytest select
  lint                 run the linters alone
  bench [NAME] [ARGS]  run the micro benchmarks, or the load script tests/bench/NAME.py
  ortsamt [ARGUMENTS]  the command line of the product
  image [ARGUMENTS]    make a flashable image and an update bundle: --arch amd64|arm64 (as root)
  image test           boot the image in QEMU, call, update, pull the plug; takes long
  pictures [NAME …]    take the pictures of the pages in docs/pictures anew
  setup [ARGUMENTS]    only install and build what is missing; for a machine that does not reach
                       Debian's archive: --source FILE --sha256 HEX takes a pjproject release
  lock                 write the newest Python packages to image-build/requirements.lock

Everything is made under build/; Debian packages are installed as root or with sudo.
"""
WORKERS = 4  # most tests wait for the network, so more than there are cores
REAL_TIME = ("tests/calls", "tests/contract/fxs", "tests/system/standby")
"""Tests with sound in real time, modems for fax among them: fewer at a time than of the others."""
REAL_TIME_WORKERS = 2


def set_up(
    workshop: Workshop, lists: Sequence[str], *, engine: bool = True, options: Sequence[str] = ()
) -> None:
    """Bring the environment up to date."""
    with exclusive(workshop):
        environment.debian_packages(workshop, lists)
        environment.python_environment(workshop)
        if engine:
            environment.pjsua2(workshop, options)
            environment.prompts(workshop)


def setup(workshop: Workshop, arguments: list[str]) -> int:
    """Install and build everything."""
    set_up(workshop, ("build", "run", "cloud", "test"), options=arguments)
    say("ready: ./dev run, ./dev test")
    return 0


def run(workshop: Workshop, arguments: list[str]) -> int:
    """Start the demo office."""
    return ortsamt(workshop, ["demo", *arguments])


def ortsamt(workshop: Workshop, arguments: list[str]) -> int:
    """Run the product's command line."""
    cloud = ("cloud",) if "--cloud" in arguments else ()
    set_up(workshop, ("build", "run", *cloud))
    become([workshop.venv / "bin" / "ortsamt", *arguments])
    return 0


def test(workshop: Workshop, arguments: list[str]) -> int:
    """Run the tests, the linters among them: all, those in real time last, or what is selected."""
    set_up(workshop, ("build", "run", "cloud", "test"))
    os.chdir(workshop.root)
    pytest = [str(workshop.python), "-m", "pytest"]
    if arguments:
        alone = any(argument.startswith(("-n", "--numprocesses", "--pdb")) for argument in arguments)
        become([*pytest, *([] if alone else spread(WORKERS)), *arguments])
    others = [f"--ignore={folder}" for folder in REAL_TIME]
    parts = (*spread(WORKERS), *others), (*spread(REAL_TIME_WORKERS), *REAL_TIME)
    return run_parts(pytest, parts, workshop.build / "pytest_cache")


def spread(workers: int) -> list[str]:
    """The words by which pytest uses so many processes."""
    return ["-n", str(workers), "--dist", "worksteal"]


def lint(workshop: Workshop, arguments: list[str]) -> int:
    """Run the linters one after the other and show what they say."""
    if arguments:
        raise Failure("lint takes no arguments")
    set_up(workshop, ("build",), engine=False)
    bad = []
    for name, argv in linters(workshop.root).items():
        content, text = run_linter(workshop.root, argv)
        say(f"{'✓' if content else '✗'} {name}")
        if not content:
            print(text)
            bad.append(name)
    return 1 if bad else 0


def bench(workshop: Workshop, arguments: list[str]) -> int:
    """Run a load script, or the micro benchmarks and name the load scripts."""
    folder = workshop.root / "tests" / "bench"
    scripts = sorted(
        path.stem for path in folder.glob("*.py") if not path.stem.startswith(("_", "test_", "conftest"))
    )
    names = ", ".join(scripts) or "none yet"
    script = arguments.pop(0) if arguments and not arguments[0].startswith("-") else None
    if script and script not in scripts:
        raise Failure(f"there is no load script {script}", f"There are: {names}")
    set_up(workshop, ("build", "run", "cloud", "test"))
    os.chdir(workshop.root)
    if script:
        become([workshop.python, "-m", f"tests.bench.{script}", *arguments])
    say(f"load scripts, run by ./dev bench NAME: {names}")
    if not any(folder.glob("test_*.py")):
        say("there are no micro benchmarks yet")
        return 0
    become(
        [
            *(workshop.python, "-m", "pytest", "-o", "addopts=--import-mode=importlib", "--benchmark-only"),
            *(f"--benchmark-storage=file://{workshop.build / 'benchmarks'}", "tests/bench", *arguments),
        ]
    )
    return 0


def pictures(workshop: Workshop, arguments: list[str]) -> int:
    """Take the pictures of the pages."""
    set_up(workshop, ("build", "run", "cloud", "test"))
    os.chdir(workshop.root)
    become([workshop.python, "-m", "tests.support.pictures", *arguments])
    return 0


def lock(workshop: Workshop, arguments: list[str]) -> int:
    """Pin the newest versions."""
    if arguments:
        raise Failure("lock takes no arguments")
    set_up(workshop, ("build",), engine=False)
    with exclusive(workshop):
        environment.refresh_lock(workshop)
    return 0


def image(workshop: Workshop, arguments: list[str]) -> int:
    """Make an image, or try one."""
    set_up(workshop, ("build", "run", "image-host"), engine="test" in arguments)
    with exclusive(workshop):
        environment.prompts(workshop)
    become([workshop.python, workshop.root / "image-build" / "image" / "main.py", *arguments])
    return 0


COMMANDS: dict[str, Callable[[Workshop, list[str]], int]] = {
    command.__name__: command for command in (run, test, lint, bench, ortsamt, image, pictures, setup, lock)
}


def main(argv: list[str]) -> int:
    """Run one command; return the exit status."""
    if argv[:1] in (["help"], ["--help"], ["-h"]):
        print(USAGE, end="")
        return 0
    command = COMMANDS.get(argv[0]) if argv else None
    if command is None:
        print(f"unknown command: {argv[0]}\n\n{USAGE}" if argv else USAGE, end="", file=sys.stderr)
        return 2
    try:
        return command(Workshop(root=Path(__file__).resolve().parents[2]), argv[1:])
    except Failure as failure:
        report(failure)
    except OSError as error:
        report(Failure(f"{error.filename or 'file system'}: {error.strerror}"))
    except KeyboardInterrupt:
        say("\ninterrupted; what was finished is kept")
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
