"""``ortsamt capture-helper``: records packets for whoever asks on standard input, a socket of systemd."""

import argparse
import os
import re
import subprocess
import sys
import threading

HELP = "record packets for the core; started by systemd for each request"
_WORDS = re.compile(r"[0-9a-fA-F .:()-]*\Z")
_KNOWN = frozenset({"port", "portrange", "udp", "or", "and", "host"})
MAX_S = 900


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Two lines come in, seconds and filter; packets go out until the time is over or nobody reads."""
    from appliance.telemetry.capture import command

    del arguments
    seconds, words = sys.stdin.readline().strip(), sys.stdin.readline().strip()
    if not seconds.isdecimal() or not 1 <= int(seconds) <= MAX_S or not harmless(words):
        return 1
    process = subprocess.Popen(command(words), stdout=sys.stdout.fileno(), stderr=subprocess.DEVNULL)
    timer = threading.Timer(int(seconds), process.terminate)
    timer.start()
    try:
        while os.read(sys.stdin.fileno(), 1):  # the end of the request is the end of the recording
            pass
        process.terminate()
    finally:
        timer.cancel()
        process.wait()
    return 0


def harmless(words: str) -> bool:
    """Whether a filter is made of ports and addresses alone."""
    rest = " ".join(one for one in re.split(r"[ ()]+", words) if one not in _KNOWN)
    return len(words) < 1000 and _WORDS.match(rest) is not None
