"""Run in the box: a trunk may change to T.38, so the gateway must come, answer, stay, and go."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable

PORT = 5065
PATIENCE_S = 120.0


def answers() -> bool:
    """Whether it says *pong* to *ping*, in bencode."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(2)
        line.sendto(b"1 d7:command4:pinge", ("127.0.0.1", PORT))
        try:
            return b"pong" in line.recv(1000)
        except OSError:
            return False


def processes() -> str:
    """Those that are rtpengine."""
    words = ["sh", "-c", "grep -lx rtpengine /proc/[0-9]*/comm"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def until(what: str, good: Callable[[], bool]) -> None:
    """Wait for it, or end with 1."""
    deadline = time.monotonic() + PATIENCE_S
    while not good():
        if time.monotonic() > deadline:
            sys.exit(f"in vain: {what}")
        time.sleep(1)


change = ["ortsamt", "ctl", "set", "trunk", "t38", "kind=static", "host=192.0.2.9", "t38=true"]
subprocess.run(change, check=True)
until("the gateway answers", answers)
first = processes()
time.sleep(15)
if not answers() or processes() != first:
    sys.exit("the gateway was started again")
subprocess.run(["ortsamt", "ctl", "delete", "trunk", "t38"], check=True)
until("the gateway ends", lambda: not processes())
print("the gateway came, answered, stayed and went")
