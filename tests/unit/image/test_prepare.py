"""Mending a data partition: what is said to be mended is whole."""

import subprocess
from pathlib import Path

import pytest

PREPARE = Path(__file__).parents[3] / "rootfs/usr/lib/ortsamt/prepare"
MIB = 1 << 20


def mend(disk: Path, notes: Path) -> int:
    """Run the box's own function on a file; returns its exit status."""
    text = PREPARE.read_text(encoding="utf-8")
    function = text[text.index("patiently() {") : text.index("\nroot_device()")]
    function += text[text.index("mend_wholly() {") : text.index("\nmount_it()")]
    path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(
        ["/bin/sh", "-c", f'{path}\nnotes={notes}\n{function}\nmend_wholly "$0"', str(disk)],
        check=False,
        capture_output=True,
        timeout=60,
    )
    return done.returncode


@pytest.mark.parametrize(("first", "length"), [(0, 4096), (0, 40 * MIB), (MIB, 9 * MIB), (4 * MIB, 50 * MIB)])
def test_what_is_said_to_be_mended_is_whole(first: int, length: int, tmp_path: Path) -> None:
    seed, disk = tmp_path / "seed", tmp_path / "disk"
    seed.mkdir()
    for number in range(200):
        (seed / f"file-{number}").write_bytes(b"x" * 10_000)
    making = ["/usr/sbin/mke2fs", "-q", "-t", "ext4", "-m", "1", "-O", "metadata_csum,64bit,orphan_file"]
    subprocess.run([*making, "-d", str(seed), str(disk), "64M"], check=True, timeout=60)
    with disk.open("r+b") as file:
        file.seek(first)
        file.write(b"\0" * length)
    if mend(disk, tmp_path) == 0:
        checked = subprocess.run(
            ["/usr/sbin/e2fsck", "-f", "-n", str(disk)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert checked.returncode == 0, checked.stdout
