"""What an image consists of, as far as it is decided without making one: tables, files, manifests, units."""

import configparser
import os
import re
import subprocess
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from assembly import PACKING, epoch_of
from boards import BOARDS, Board, Loader, board_of
from bundle import Signer, manifest, signing
from console import Failure
from debs import COMMAND, SITE, Package, lay_product, lay_python, packing, settle, write_control
from disk import (
    MIB,
    SECTOR,
    SLOT,
    assemble,
    image_size,
    partition_id,
    plan,
    repart_files,
    sgdisk_arguments,
)
from firmware import (
    PI_NEEDED,
    check_pi_boot,
    fresh_environment,
    grub_configuration,
    pi_boot_files,
    tryboot_files,
)
from inventory import Component, debian_licences, licence_list, sbom
from wheels import pins, unpack, wanted

from appliance.firmware.bootstore import SIZE, parse_block
from appliance.firmware.slots import BootChoice, choice_of

ROOT = Path(__file__).resolve().parents[3]
EVERY = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))


@EVERY
def test_the_table_has_no_gaps_no_overlaps_and_fits_the_figure(board: Board) -> None:
    partitions = plan(board)
    assert partitions[0].start == MIB
    for one, following in pairwise(partitions):
        assert one.end == following.start
    assert all(one.start % MIB == 0 and one.size % MIB == 0 for one in partitions)
    assert [one.number for one in partitions] == list(range(1, len(partitions) + 1))
    if board.name == "uefi-amd64":
        assert image_size(partitions) <= 700_000_000


@EVERY
def test_sgdisk_is_told_every_partition_once(board: Board) -> None:
    partitions = plan(board)
    words = sgdisk_arguments(partitions)
    for one in partitions:
        assert f"--new={one.number}:{one.start // SECTOR}:{one.end // SECTOR - 1}" in words
        assert f"--partition-guid={one.number}:{partition_id(one.label)}" in words
    ids = [word.partition(":")[2] for word in words if word.startswith("--partition-guid")]
    assert len(set(ids)) == len(partitions)


def test_the_box_divides_its_disk_as_the_image_began_it() -> None:
    parsed = {}
    for name, text in repart_files():
        parser = configparser.ConfigParser()
        parser.optionxform = str  # type: ignore[method-assign,assignment]
        parser.read_string(text)
        parsed[name] = dict(parser["Partition"])
    assert list(parsed) == sorted(parsed)
    labels = [one["Label"] for one in parsed.values()]
    assert labels == ["root-a", "root-b", "data"]
    for one in parsed.values():
        assert one["UUID"] == partition_id(one["Label"]).lower()
    assert {one["SizeMinBytes"] for one in list(parsed.values())[:2]} == {str(SLOT)}
    assert parsed["30-data.conf"]["FactoryReset"] == "yes"


def test_what_does_not_fit_its_partition_is_refused(tmp_path: Path) -> None:
    partitions = plan(BOARDS["uefi-amd64"])
    image, content = tmp_path / "x.img", tmp_path / "root"
    with image.open("wb") as file:
        file.truncate(image_size(partitions))
    with content.open("wb") as file:
        file.truncate(SLOT + 1)
    with pytest.raises(Failure, match="root-a"):
        assemble(image, partitions, {"root-a": content})
    content.write_bytes(b"root")
    assemble(image, partitions, {"root-a": content})
    with image.open("rb") as file:
        file.seek(partitions[1].start)
        assert file.read(4) == b"root"


def test_grub_knows_both_slots_and_a_new_boxs_choice() -> None:
    board = BOARDS["uefi-amd64"]
    text = grub_configuration(board, plan(board))
    assert "@" not in text
    assert " transparent_hugepage=never " in text
    for label in ("root-a", "root-b"):
        assert partition_id(label).lower() in text
    block = fresh_environment()
    assert len(block) == SIZE
    assert choice_of(parse_block(block)) == BootChoice()


def test_a_trial_is_taken_back_before_it_is_started() -> None:
    board = BOARDS["uefi-amd64"]
    text = grub_configuration(board, plan(board))
    assert text.index("if save_env") < text.index("set mode=trial") < text.index("\nstart\n")


def test_the_raspberry_pi_has_its_files() -> None:
    board = BOARDS["rpi4"]
    assert board.loader is Loader.TRYBOOT
    auto = tryboot_files(plan(board))["autoboot.txt"]
    assert re.findall(r"boot_partition=(\d)", auto) == ["2", "3"]
    files = pi_boot_files(plan(board), board.consoles)
    assert "initramfs initrd.img followkernel" in files["config.txt"]
    assert "upstream_kernel=1\n" in files["config.txt"]
    for number, slot in (("2", "a"), ("3", "b")):
        assert partition_id(f"root-{slot}").lower() in files[f"cmdline-{slot}.txt"]
        assert files[f"cmdline-{slot}.txt"].count("\n") == 1
        assert " transparent_hugepage=never " in files[f"cmdline-{slot}.txt"]
        assert f"[boot_partition={number}]\ncmdline=cmdline-{slot}.txt\n" in files["config.txt"]


def test_a_boot_partition_that_lacks_a_file_is_not_delivered(tmp_path: Path) -> None:
    board = BOARDS["rpi4"]
    assert set(pi_boot_files(plan(board), board.consoles)) < set(PI_NEEDED)
    for name in PI_NEEDED:
        (tmp_path / name).touch()
    check_pi_boot(tmp_path)
    (tmp_path / "bcm2711-rpi-400.dtb").unlink()
    with pytest.raises(Failure, match=r"has no bcm2711-rpi-400\.dtb"):
        check_pi_boot(tmp_path)


@pytest.mark.parametrize(
    ("architecture", "name", "found"),
    [(None, None, "uefi-amd64"), ("arm64", None, "uefi-arm64"), ("arm64", "rpi4", "rpi4")],
)
def test_boards_are_found(architecture: str | None, name: str | None, found: str) -> None:
    assert board_of(architecture, name).name == found


@pytest.mark.parametrize(("architecture", "name"), [("sparc", None), ("amd64", "rpi4"), (None, "toaster")])
def test_other_boards_are_refused(architecture: str | None, name: str | None) -> None:
    with pytest.raises(Failure):
        board_of(architecture, name)


@EVERY
def test_a_bundle_says_for_which_board_it_is(board: Board, tmp_path: Path) -> None:
    root = tmp_path / "rootfs.img"
    root.write_bytes(b"x" * 10)
    parser = configparser.ConfigParser()
    parser.read_string(manifest(board, "1.2", root))
    assert parser["update"]["compatible"] == f"ortsamt-{board.name}"
    assert (parser["bundle"]["format"], parser["image.rootfs"]["filename"]) == ("verity", "rootfs.img")
    words = signing(Signer(key=Path("/k"), certificate=Path("/c")), "in", "out")
    assert "--key=/k" in words
    assert words[-2:] == ["in", "out"]


# --- our packages


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("product") / "tree"
    prompts = tree.parent / "prompts"
    (prompts / "en").mkdir(parents=True)
    (prompts / "en" / "busy.wav").write_bytes(b"RIFF")
    tree.mkdir()
    lay_python(tree)
    lay_product(ROOT, prompts, tree, "1.0")
    settle(tree, 1_700_000_000)
    return tree


def test_the_package_has_what_the_box_runs(product: Path) -> None:
    for name in (
        "usr/bin/ortsamt",
        "usr/lib/ortsamt/bin/python3",
        "usr/lib/ortsamt/prepare",
        "usr/lib/systemd/system/ortsamt-core.service",
        "usr/lib/systemd/system/ortsamt-confirm.service",
        "usr/lib/sysusers.d/ortsamt.conf",
        "usr/lib/udev/rules.d/60-ortsamt-gsm.rules",
        "usr/share/initramfs-tools/scripts/local-bottom/ortsamt",
        "usr/share/ortsamt/prompts/en/busy.wav",
        "usr/share/doc/ortsamt/copyright",
        "etc/rauc/system.conf.in",
        f"{SITE}/appliance/cli.py",
        f"{SITE}/webui/process.py",
        f"{SITE}/ortsamt-1.0.dist-info/METADATA",
    ):
        assert os.path.lexists(product / name), name
    assert os.access(product / "usr/lib/ortsamt/prepare", os.X_OK)
    assert (product / "usr/bin/ortsamt").read_text().startswith("#!/usr/lib/ortsamt/bin/python3 -P\n")
    compile(COMMAND, "ortsamt", "exec")


def test_the_package_has_no_secrets_and_nothing_compiled(product: Path) -> None:
    for path in product.rglob("*"):
        assert "__pycache__" not in path.parts
        assert path.suffix not in (".key", ".pem", ".db", ".pyc"), path
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 100_000:
            assert b"PRIVATE KEY-----\nM" not in path.read_bytes(), path


def test_the_same_content_is_the_same_package(product: Path, tmp_path: Path) -> None:
    package = Package(
        name="ortsamt",
        version="1",
        architecture="all",
        depends=("python3",),
        description="telephone exchange",
    )
    write_control(product, package)
    packed = []
    for name in ("one.deb", "two.deb"):
        for path in sorted(product.rglob("*"))[:: 1 if name == "one.deb" else -1][:50]:
            os.utime(path, follow_symlinks=False)
        settle(product, 1_700_000_000)
        output = tmp_path / name
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run(packing(str(product), str(output)), check=True, capture_output=True, env=environment)
        packed.append(output.read_bytes())
    assert packed[0] == packed[1]
    facts = subprocess.run(
        ["dpkg-deb", "--field", str(tmp_path / "one.deb")], check=True, capture_output=True, text=True
    ).stdout
    assert "Depends: python3" in facts


def test_scripts_of_the_start_are_sound_shell() -> None:
    scripts = [
        *(ROOT / "rootfs/usr/share/initramfs-tools").rglob("ortsamt*"),
        *(ROOT / "rootfs/usr/lib/ortsamt").iterdir(),
        ROOT / "image-build/image/finish",
    ]
    assert len(scripts) >= 5
    for script in scripts:
        assert os.access(script, os.X_OK), script
        done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), script


# --- what is in it


def test_python_packages_are_those_of_the_product_with_what_they_need() -> None:
    project = '[project]\ndependencies = ["Jinja2", "structlog>=1"]\n'
    needs = {"jinja2": ("MarkupSafe>=2.0", 'Babel; extra == "i18n"'), "structlog": ()}
    assert wanted(project, needs) == {"jinja2", "structlog", "markupsafe"}
    project = '[project]\ndependencies = ["nats-py[nkeys]"]\n'
    needs = {"nats-py": ('nkeys; extra == "nkeys"', 'aiohttp; extra == "ws"'), "nkeys": ()}
    assert wanted(project, needs) == {"nats-py", "nkeys"}
    assert pins("# x\nJinja2==3.1.6\nargon2_cffi-bindings==1\n") == {
        "jinja2": "3.1.6",
        "argon2-cffi-bindings": "1",
    }


def test_keys_that_packages_try_themselves_with_stay_out(tmp_path: Path) -> None:
    wheel, site = tmp_path / "mail-1.0-py3-none-any.whl", tmp_path / "site"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("mail/__init__.py", "")
        packed.writestr("mail/tests/server.key", "-----BEGIN PRIVATE KEY-----")
    unpack([wheel], site, tmp_path / "log")
    assert [path.name for path in site.rglob("*") if path.is_file()] == ["__init__.py"]


def test_every_package_the_product_needs_is_pinned() -> None:
    lock = pins((ROOT / "image-build/requirements.lock").read_text())
    for name in wanted((ROOT / "pyproject.toml").read_text(), {}):
        assert name in lock, name


def test_licences_are_read_as_debian_and_python_tell_them(tmp_path: Path) -> None:
    path = tmp_path / "copyright"
    path.write_text("Format: dep5\nLicense: GPL-2+\n text\nLicense: MIT\n")
    assert debian_licences(path) == ("GPL-2+", "MIT")
    path.write_text("see /usr/share/common-licenses/LGPL-2.1 and more.")
    assert debian_licences(path) == ("LGPL-2.1",)
    assert debian_licences(tmp_path / "none") == ()


def test_the_bill_of_materials_is_the_same_each_time() -> None:
    component = Component(
        name="kamailio", version="6", purl="pkg:deb/debian/kamailio@6", licences=("GPL-2+",)
    )
    one = sbom([component], "1", "ortsamt-x", 1_700_000_000)
    assert one == sbom([component], "1", "ortsamt-x", 1_700_000_000)
    assert '"bomFormat": "CycloneDX"' in one
    assert licence_list([component]) == "kamailio 6: GPL-2+\n"


def test_the_date_of_an_image_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert epoch_of(ROOT) == 1_700_000_000
    assert all(path.exists() for path in PACKING)
