"""Building for another processor: what the kernel is taught, what the builder gets, who is refused."""

import platform
import re
import subprocess
from pathlib import Path

import foreign
import pytest
from boards import BOARDS
from console import Failure
from foreign import Foreign, foreign_of, teach
from guest import machine_of

ARM = Foreign(architecture="arm64", multiarch="aarch64-linux-gnu")
HEAD = b"\x7fELF\x02\x01\x01\x00" + bytes(8)
"""Of a 64-bit little-endian program (elf(5)); type and machine follow."""


def unescaped(field: bytes) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), field)


@pytest.mark.parametrize(
    ("kind", "machine", "taken"),
    [(2, 183, True), (3, 183, True), (2, 62, False), (1, 183, False), (3, 40, False)],
)
def test_the_kernel_is_taught_programs_of_that_processor_alone(kind: int, machine: int, taken: bool) -> None:
    line = ARM.registration(Path("/x/qemu-aarch64"))
    _, name, how, offset, magic, mask, interpreter, flags = line.split(b":")
    assert (name, how, offset, interpreter) == (b"ortsamt-aarch64", b"M", b"", b"/x/qemu-aarch64")
    # Without F the interpreter would be looked for in each root.
    assert b"F" in flags
    wanted, relevant = unescaped(magic), unescaped(mask)
    program = HEAD + kind.to_bytes(2, "little") + machine.to_bytes(2, "little")
    assert len(wanted) == len(relevant) == len(program)
    same = all((a ^ b) & bits == 0 for a, b, bits in zip(program, wanted, relevant, strict=True))
    assert same is taken


def test_programs_are_this_machines_and_libraries_that_ones() -> None:
    packages = ARM.packages()
    assert {"swig", "qemu-user", "mmdebstrap", "g++-aarch64-linux-gnu"} <= set(packages)
    assert {"libssl-dev:arm64", "libpython3-dev:arm64", "libstdc++6:arm64"} <= set(packages)
    assert not [name for name in packages if name.startswith("lib") and ":" not in name]


def test_furnishing_is_sound_shell() -> None:
    script = ARM.furnishing()
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python3.13-minimal:arm64 grub-efi-arm64-bin:arm64" in script


def test_only_another_processor_is_foreign_and_only_a_pc_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert foreign_of(BOARDS["uefi-amd64"]) is None
    assert foreign_of(BOARDS["uefi-arm64"]) == foreign_of(BOARDS["rpi4"]) == ARM
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Failure, match="riscv64"):
        foreign_of(BOARDS["uefi-arm64"])


def test_a_kernel_that_knows_is_left_alone_and_one_that_does_not_learn_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "BINFMT", tmp_path)
    register = tmp_path / "register"
    register.touch()
    teach(ARM, tmp_path, ["true"])
    assert register.read_bytes() == b""
    with pytest.raises(Failure, match="does not run programs for aarch64") as failed:
        teach(ARM, tmp_path, ["false"])
    assert "qemu-user-binfmt" in failed.value.hint
    assert register.read_bytes() == ARM.registration((tmp_path / "usr/bin/qemu-aarch64").resolve())


def test_qemu_shows_every_board_that_has_uefi() -> None:
    for name, board in BOARDS.items():
        if not name.startswith("uefi-"):
            with pytest.raises(Failure, match="rpi4"):
                machine_of(board)
            continue
        # The first serial line is the box's own, the second one the trial's.
        first = board.consoles[0].partition(",")[0]
        assert machine_of(board).tty == first[:-1] + "1"
