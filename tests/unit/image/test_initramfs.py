"""What runs in the initramfs: there are few programs there, and a start on trial is watched."""

import os
import subprocess
import tty
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "rootfs/usr/share/initramfs-tools/scripts/init-premount/ortsamt-watchdog"


@pytest.mark.parametrize(
    ("line", "armed"),
    [
        ("BOOT_IMAGE=/boot/vmlinuz quiet ortsamt.slot=b ortsamt.mode=trial ortsamt.reset=no", True),
        ("quiet ortsamt.mode=trial", True),
        ("BOOT_IMAGE=/boot/vmlinuz quiet ortsamt.slot=b ortsamt.mode=confirmed ortsamt.reset=no", False),
        ("quiet ortsamt.mode=fallback", False),
    ],
)
def test_the_watchdog_runs_from_the_first_step_of_a_trial(line: str, armed: bool, tmp_path: Path) -> None:
    """Only what an initramfs has may be called: a shell, and programs that ``hooks`` brings."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("modprobe", "sleep"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >>{tmp_path}/called\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    (tmp_path / "cmdline").write_text(f"{line}\n", encoding="utf-8")
    ours, device = os.openpty()
    tty.setraw(device)
    try:
        text = SCRIPT.read_text(encoding="utf-8")
        text = text.replace("/proc/cmdline", str(tmp_path / "cmdline"))
        text = text.replace("/dev/watchdog", os.ttyname(device))
        done = subprocess.run(
            ["/bin/sh", "-c", text],
            check=False,
            env={"PATH": str(programs)},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert (done.returncode, done.stderr) == (0, "")
        os.set_blocking(ours, False)
        if armed:
            assert os.read(ours, 10) == b".\n"
            assert "modprobe -q i6300esb" in (tmp_path / "called").read_text(encoding="utf-8")
        else:
            with pytest.raises(BlockingIOError):
                os.read(ours, 10)
    finally:
        os.close(ours)
        os.close(device)
