"""The services in their sandboxes under a real systemd: ``./dev bench units`` (root, systemd-container).

This machine's own root is started once more in a container that keeps nothing, with the units, users, folders
and rules of this tree and a network of its own. What is printed: whether each service runs, what the box's
test of itself says, that the network is set on trial and kept, and that each one that hangs (SIGSTOP) is
started anew by its watchdog.
"""

import argparse
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).parents[2]
AT = "/opt/ortsamt"
SERVICES = ("edge", "core", "web", "fax", "sync")
OTHERS = ("kamailio", "rtpengine-daemon", "nats-server", "apt-daily.timer", "apt-daily-upgrade.timer")
FILES = (
    "usr/lib/sysusers.d/ortsamt.conf",
    "usr/lib/tmpfiles.d/ortsamt.conf",
    "usr/lib/ortsamt/save-log",
    "etc/nftables.conf",
    "etc/systemd/journald.conf.d/50-ortsamt.conf",
)
END = "the trial is over"
BOX = f'[paths]\nprompts = "{AT}/build/prompts"\n'
COMMAND = f'#!/bin/sh\nexec env PYTHONPATH={AT} {AT}/build/venv/bin/python -m appliance "$@"\n'
UNIT = """[Service]
Type=oneshot
TimeoutStartSec=infinity
StandardOutput=journal+console
StandardError=journal+console
SyslogIdentifier=trial
ExecStart=/bin/sh /opt/trial.sh
"""
STEPS = f"""
ip link add office type veth peer name world
ip addr add 192.0.2.2/24 dev office
ip link set office up; ip link set world up
mkdir -p /data/etc/systemd
systemctl start systemd-networkd ortsamt-network
systemctl start nftables ortsamt-firewall ortsamt-log-end
systemctl start {" ".join(f"ortsamt-{one}" for one in SERVICES)}
states() {{
    for one in {" ".join(SERVICES)}; do
        again=$(systemctl show -P NRestarts ortsamt-$one)
        echo "$1: $one $(systemctl is-active ortsamt-$one), started anew $again"
    done
}}
sleep 10
ortsamt selftest
ortsamt ctl network-set office host_name=trial ipv4=static address=192.0.2.2/24 --seconds 60 > /dev/null
sleep 5
ortsamt ctl network-confirm | tail -n 1
ls /data/etc/systemd/network; hostname
nft list table inet ortsamt > /dev/null && echo "firewall: loaded"
systemctl start ortsamt-log-save && ls /var/lib/ortsamt-log
sleep 35
states "after a while"
for one in {" ".join(SERVICES)}; do
    for process in $(cat /sys/fs/cgroup/system.slice/ortsamt-$one.service/cgroup.procs \\
        /sys/fs/cgroup/*/system.slice/ortsamt-$one.service/cgroup.procs 2> /dev/null); do
        case $(cat /proc/$process/cmdline 2> /dev/null | tr '\\0' ' ') in
            *edge.pulse*) ;;
            *) kill -STOP $process ;;
        esac
    done
done
sleep 60
states "after all hung"
systemctl --failed --no-pager --no-legend
echo "{END}"
systemctl poweroff -ff
"""


def main() -> int:
    """Boot, watch, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="how long it may take")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("systemd-nspawn") is None:
        print("needs root and systemd-nspawn (apt-get install systemd-container)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = folder / "root"
        root.mkdir()
        subprocess.run(["mount", "--bind", "/", str(root)], check=True)
        try:
            return 0 if END in booted(root, laid_over(folder), arguments.seconds) else 1
        finally:
            subprocess.run(["umount", "--lazy", str(root)], check=False)


def laid_over(folder: Path) -> list[str]:
    """What the container sees in other places than it is."""
    made = {
        "box.toml": BOX, "ortsamt": COMMAND, "trial.sh": STEPS, "trial.service": UNIT,
        "anywhere.conf": "[Unit]\nConditionKernelCommandLine=\n",
    }  # fmt: skip
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "ortsamt").chmod(0o755)
    places = {
        ROOT: AT,
        folder / "box.toml": "/etc/ortsamt/box.toml",
        folder / "ortsamt": "/usr/bin/ortsamt",
        folder / "trial.sh": "/opt/trial.sh",
        folder / "trial.service": "/etc/systemd/system/trial.service",
        folder / "anywhere.conf": "/etc/systemd/system/ortsamt-network.service.d/anywhere.conf",
        **{unit: f"/etc/systemd/system/{unit.name}" for unit in (ROOT / "systemd").iterdir()},
    }
    for file in FILES:
        places[ROOT / "rootfs" / file] = f"/{file}"
    return [f"--bind-ro={here}:{there}" for here, there in places.items()]


def booted(root: Path, over: list[str], seconds: int) -> str:
    """Everything the trial said, printed as it comes."""
    masks = [f"systemd.mask={one if '.' in one else one + '.service'}" for one in OTHERS]
    command = [
        "systemd-nspawn", "--quiet", f"--directory={root}", "--volatile=overlay", "--boot", "--register=no",
        "--keep-unit", "--private-network", f"--machine=ortsamt-trial-{os.getpid()}", *over,
        "systemd.log_target=console", "systemd.wants=trial.service", *masks,
    ]  # fmt: skip
    master, slave = pty.openpty()
    running = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    limit = threading.Timer(seconds, running.kill)
    limit.start()
    said = ""
    try:
        with os.fdopen(master, encoding="utf-8", errors="replace") as lines:
            for raw in lines:
                line = re.sub(r"\x1b\[[0-9;]*m", "", raw).rstrip()
                said += line + "\n"
                _, mark, rest = line.partition("trial[")
                if mark:
                    print(rest.partition("]: ")[2], flush=True)
    except OSError:  # the other end of the terminal is closed
        pass
    finally:
        limit.cancel()
        running.wait()
    return said


if __name__ == "__main__":
    sys.exit(main())
