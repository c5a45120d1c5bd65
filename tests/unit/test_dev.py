"""The entry script as a user runs it, and the steps behind it on a private state."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import aptpackages
import pytest
from console import Command, Failure, run_step
from environment import Workshop, exclusive, key_of, stamped
from suite import run_parts

ROOT = Path(__file__).resolve().parents[2]


def dev(*arguments: str, root: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(root / "dev"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize("arguments", [(), ("dance",), ("dance", "run")])
def test_unknown_command_shows_usage_and_exits_2(arguments: tuple[str, ...]) -> None:
    done = dev(*arguments)
    assert done.returncode == 2
    assert "usage: ./dev COMMAND" in done.stderr
    assert done.stdout == ""


def test_help_names_every_command() -> None:
    done = dev("help")
    assert done.returncode == 0
    for command in ("run", "test", "lint", "bench", "ortsamt", "setup", "lock"):
        assert f"\n  {command} " in done.stdout


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run([str(ROOT / "dev"), "help"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0


def test_the_command_of_the_product_keeps_the_callers_folder(tmp_path: Path) -> None:
    """`./dev run --state box` means a folder where the user stands."""
    clone, caller = tmp_path / "clone", tmp_path / "caller"
    shutil.copytree(ROOT / "image-build" / "develop", clone / "image-build" / "develop")
    caller.mkdir()
    script = "import environment; environment.become(['/bin/pwd'])"
    (clone / "image-build" / "develop" / "develop.py").write_text(script)
    shutil.copy2(ROOT / "dev", clone)
    done = subprocess.run([str(clone / "dev")], cwd=caller, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(caller)


def test_a_missing_load_script_is_named() -> None:
    done = dev("bench", "no_such_script")
    assert done.returncode == 1
    assert "there is no load script no_such_script" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def clone() -> Iterator[Path]:
    """The scripts alone, in a folder that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="ortsamt-dev-") as folder:
        root = Path(folder) / "clone"
        (root / "image-build" / "packages").mkdir(parents=True)
        shutil.copy2(ROOT / "dev", root)
        scripts = root / "image-build" / "develop"
        shutil.copytree(
            ROOT / scripts.relative_to(root), scripts, ignore=shutil.ignore_patterns("__pycache__")
        )
        yield root


def test_missing_package_without_rights_says_what_root_must_install(clone: Path) -> None:
    (clone / "image-build" / "packages" / "build").write_text("no-such-package-of-debian  # a comment\n")
    tools = clone.parent / "bin"
    tools.mkdir()
    for tool in ("sh", "dirname", "dpkg-query", "id"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    subprocess.run(["chmod", "-R", "a+rX", str(clone.parent)], check=True)
    nobody = [str(shutil.which("setpriv")), "--reuid=65534", "--regid=65534", "--clear-groups"]
    if os.geteuid() == 0:
        os.chown(clone, 65534, 65534)
    done = subprocess.run(
        [*(nobody if os.geteuid() == 0 else ()), str(clone / "dev"), "lint"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tools)},
    )
    assert done.returncode == 1
    assert "apt-get install no-such-package-of-debian" in done.stderr
    assert "Traceback" not in done.stderr


_SHAKY = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range({shaky}))
def test_shaky(number):
    been = Path(__file__).with_name(f"been-{{number}}")
    again = been.exists()
    been.touch()
    assert again

def test_defect():
    assert {good}

def test_counted():
    with Path(__file__).with_name("counted").open("a") as file:
        file.write("x")
"""


@pytest.mark.parametrize(
    ("shaky", "good", "code", "told"),
    [
        (0, True, 0, ""),
        (2, True, 0, "pass by themselves"),
        (2, False, 1, "they fail"),
        (7, True, 1, "7 tests failed"),
    ],
)
def test_what_failed_beside_others_is_tried_once_more_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shaky: int, good: bool, code: int, told: str
) -> None:
    for part in ("one", "two"):
        (tmp_path / part).mkdir()
    (tmp_path / "one" / "test_one.py").write_text(_SHAKY.format(shaky=shaky, good=good))
    (tmp_path / "two" / "test_two.py").write_text("def test_fine():\n    pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\ncache_dir = kept\n")
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--rootdir",
        str(tmp_path),
        "-c",
        str(tmp_path / "pytest.ini"),
    ]
    parts = [("-n", "2", str(tmp_path / "one")), (str(tmp_path / "two"),)]
    with contextlib.chdir(tmp_path):
        assert run_parts(words, parts, tmp_path / "kept") == code
    err = capsys.readouterr().err
    assert told in err
    assert (tmp_path / "one" / "counted").read_text() == "x", "what passed is not run again"


def test_package_lists_are_one_name_a_line() -> None:
    names = aptpackages.listed(("build", "run", "test"))
    assert names
    assert all(name and not set(name) & set(" \t,#") for name in names)
    assert len(names) == len(set(names))


def test_a_library_under_its_name_of_debian_13_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = tmp_path / "dpkg-query"
    query.write_text("#!/bin/sh\necho 'libfax2t64 installed'\necho 'libfax3 not-installed'\n")
    query.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert aptpackages.missing(["libfax2", "libfax3"]) == ["libfax3"]


def test_missing_packages_are_found_and_installed_ones_are_not() -> None:
    assert aptpackages.missing(["dpkg", "no-such-package-of-debian"]) == ["no-such-package-of-debian"]


def test_a_step_is_done_again_when_its_inputs_change_or_its_result_is_gone(tmp_path: Path) -> None:
    workshop = Workshop(root=tmp_path)
    source, result, made = tmp_path / "source", tmp_path / "result", list[str]()

    def make() -> None:
        made.append(source.read_text())
        result.write_text(made[-1])

    def step() -> None:
        stamped(workshop, "copy", key_of([source]), result, make)

    source.write_text("a")
    step()
    step()
    assert made == ["a"]
    source.write_text("b")
    step()
    assert made == ["a", "b"]
    result.unlink()
    step()
    assert made == ["a", "b", "b"]


def test_a_failed_step_is_tried_again(tmp_path: Path) -> None:
    workshop, tries = Workshop(root=tmp_path), list[int]()

    def make() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise Failure("no network")

    with pytest.raises(Failure):
        stamped(workshop, "fetch", "key", None, make)
    stamped(workshop, "fetch", "key", None, make)
    stamped(workshop, "fetch", "key", None, make)
    assert len(tries) == 2


def test_the_key_of_a_folder_changes_with_names_and_contents_of_its_files(tmp_path: Path) -> None:
    keys = set()
    for name, text in (("a", "1"), ("a", "2"), ("b", "2")):
        folder = tmp_path / "folder"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / name).write_text(text)
        keys.add(key_of([folder]))
    assert len(keys) == 3
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text("compiled")
    assert key_of([folder]) in keys


def test_two_set_ups_wait_for_each_other(tmp_path: Path) -> None:
    workshop, order, inside = Workshop(root=tmp_path), list[str](), threading.Event()

    def second() -> None:
        inside.wait(10)
        with exclusive(workshop):
            order.append("second")

    thread = threading.Thread(target=second, name="second-set-up")
    thread.start()
    with exclusive(workshop):
        inside.set()
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_failing_command_shows_the_end_of_its_output_and_names_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "step.log"
    command = Command(argv=["sh", "-c", "seq 100; exit 3"], log=log)
    with pytest.raises(Failure, match=r"counting failed \(exit 3\)") as caught:
        run_step("counting", [command], hint="Count slower.")
    assert caught.value.hint == f"Count slower.\nwhole output: {log}"
    shown = capsys.readouterr().err
    assert "100" in shown
    assert "\n    50\n" not in shown


def test_when_one_of_two_commands_fails_the_other_is_ended(tmp_path: Path) -> None:
    commands = [
        Command(argv=["sleep", "600"], log=tmp_path / "long.log"),
        Command(argv=["false"], log=tmp_path / "short.log"),
    ]
    with pytest.raises(Failure):
        run_step("racing", commands)


def test_a_command_that_does_not_exist_is_a_plain_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot start no-such-command"):
        run_step("trying", [Command(argv=["no-such-command"], log=tmp_path / "log")])
