"""The pjsua2 that was built does what we need of it, and the recipe refuses what it cannot build."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from building import CONFIGURE, LAYOUT, check_layout, inputs_hash
from console import Failure
from pjsource import cached_source, local_source
from recipe import forget_old_wheels
from wheelfile import wheel_tag, write_wheel

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "image-build" / "pjsua2" / "recipe.py"
SELF_CALL = ROOT / "tests" / "support" / "pjsua2_self_call.py"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("tls")
    crt, key = folder / "box.crt", folder / "box.key"
    made = [*("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")]
    rest = ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(crt)]
    subprocess.run([*made, *rest], check=True, capture_output=True)
    return str(crt), str(key)


@pytest.mark.parametrize(
    ("codec", "rate", "transport", "security"),
    [
        ("PCMA", 8000, "udp", "plain"),
        ("PCMU", 8000, "tcp", "plain"),
        ("G722", 16000, "udp", "srtp"),
        ("opus", 48000, "tls", "srtp"),
        ("PCMA", 8000, "tls", "srtp"),
    ],
)
def test_a_call_through_the_built_library_carries_audio_both_ways(
    codec: str, rate: int, transport: str, security: str, certificate: tuple[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, str(SELF_CALL), codec, transport, security, *certificate],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["streams"] == [[codec, rate, security == "srtp"]] * 2
    assert result["packets"] >= 5


def test_the_installed_build_says_what_it_was_made_from() -> None:
    installed = distribution("pjsua2")
    files = {file.name: file for file in installed.files or ()}
    details = json.loads(files["pjsua2_build.json"].read_text())
    assert tuple(details["configure"]) == CONFIGURE
    assert len(details["sha256"]) == 64
    assert installed.version.startswith("2.")


def test_alsa_is_in_the_build() -> None:
    extension = next(file for file in distribution("pjsua2").files or () if file.name.startswith("_pjsua2."))
    listing = subprocess.run(
        ["objdump", "-p", str(extension.locate())], capture_output=True, text=True, check=True
    ).stdout
    assert "libasound.so" in listing


def pjproject(folder: Path, major: str, minor: str) -> Path:
    """A tree with the names of pjproject and nothing in them."""
    for name in LAYOUT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "version.mak").write_text(
        f"export PJ_VERSION_MAJOR  := {major}\nexport PJ_VERSION_MINOR  := {minor}\n"
        "export PJ_VERSION_REV    :=\n"
    )
    return folder


def test_the_version_is_read_from_the_source(tmp_path: Path) -> None:
    assert check_layout(pjproject(tmp_path, "2", "17")) == "2.17"


def test_another_version_is_tried_with_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_layout(pjproject(tmp_path, "2", "18")) == "2.18"
    assert "2.18" in capsys.readouterr().err


def test_an_old_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="too old"):
        check_layout(pjproject(tmp_path, "2", "9"))


@pytest.mark.parametrize("gone", ["aconfigure", "pjsip-apps/src/swig/pjsua2.i"])
def test_an_unknown_layout_is_refused_by_name(tmp_path: Path, gone: str) -> None:
    (pjproject(tmp_path, "2", "17") / gone).unlink()
    with pytest.raises(Failure, match=gone):
        check_layout(tmp_path)


def test_a_version_file_that_says_nothing_is_refused(tmp_path: Path) -> None:
    pjproject(tmp_path, "2", "17").joinpath("version.mak").write_text("# empty\n")
    with pytest.raises(Failure, match="states no version"):
        check_layout(tmp_path)


def test_a_local_tarball_needs_its_checksum(tmp_path: Path) -> None:
    tarball = tmp_path / "pjproject-2.17.tar.gz"
    tarball.write_bytes(b"not really")
    digest = hashlib.sha256(b"not really").hexdigest()
    with pytest.raises(Failure, match="checksum") as caught:
        local_source(tarball, None)
    assert digest in caught.value.hint
    with pytest.raises(Failure, match="not the expected file"):
        local_source(tarball, "0" * 64)
    assert local_source(tarball, digest.upper()).sha256 == digest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "/nowhere.tar.gz", "--sha256", "0" * 64], "there is no file /nowhere.tar.gz"),
        (["--source", str(ROOT / "LICENSE"), "--sha256", "0" * 64], "LICENSE is not the expected file"),
        (["--mirror", "http://127.0.0.1:9/debian", "--refresh", "--rebuild"], "source index failed"),
    ],
)
def test_a_source_that_cannot_be_had_is_a_plain_message(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        ["/usr/bin/python3", str(RECIPE), "--work", str(tmp_path / "work"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_damaged_kept_source_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "pjproject.tar.xz").write_bytes(b"good")
    note = {"archive": "pjproject.tar.xz", "sha256": hashlib.sha256(b"good").hexdigest(), "origin": "test"}
    (tmp_path / "debian.json").write_text(json.dumps(note))
    assert cached_source(tmp_path) is not None
    (tmp_path / "pjproject.tar.xz").write_bytes(b"evil")
    assert cached_source(tmp_path) is None
    (tmp_path / "debian.json").write_text("{")
    assert cached_source(tmp_path) is None


def test_the_key_of_a_build_depends_on_its_source() -> None:
    assert inputs_hash("a") != inputs_hash("b")
    assert inputs_hash("a") == inputs_hash("a")


def test_the_wheels_used_last_are_kept(tmp_path: Path) -> None:
    for age in range(12):
        (tmp_path / f"pjsua2-{age:02d}").mkdir()
        os.utime(tmp_path / f"pjsua2-{age:02d}", (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "sources").mkdir()
    forget_old_wheels(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [*(f"pjsua2-{age:02d}" for age in range(8)), "sources"]


def test_a_wheel_has_a_record_of_all_its_files_and_is_the_same_each_time(tmp_path: Path) -> None:
    def make(name: str) -> Path:
        (tmp_path / name).mkdir()
        files = {"engine.py": b"x = 1\n", "_engine.so": b"\x7fELF"}
        return write_wheel(tmp_path / name, name="engine", version="1.0+a", summary="test", files=files)

    wheel = make("one")
    assert wheel.name == f"engine-1.0+a-{wheel_tag()}.whl"
    assert wheel.read_bytes() == make("two").read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        record = archive.read("engine-1.0+a.dist-info/RECORD").decode()
        assert {line.split(",")[0] for line in record.splitlines()} == set(archive.namelist())
