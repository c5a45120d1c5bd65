"""What runs in the initramfs: there are few programs there, and every start is watched."""

import os
import subprocess
import tty
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "rootfs/usr/share/initramfs-tools/scripts/init-premount/ortsamt-watchdog"


def test_the_watchdog_runs_from_the_first_step(tmp_path: Path) -> None:
    """Only what an initramfs has may be called: a shell, and programs that ``hooks`` brings."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("modprobe", "sleep"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >>{tmp_path}/called\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    ours, device = os.openpty()
    tty.setraw(device)
    try:
        text = SCRIPT.read_text(encoding="utf-8").replace("/dev/watchdog", os.ttyname(device))
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
        assert os.read(ours, 10) == b".\n"
        assert "modprobe -q i6300esb" in (tmp_path / "called").read_text(encoding="utf-8")
    finally:
        os.close(ours)
        os.close(device)
