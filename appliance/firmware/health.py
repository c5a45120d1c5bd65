"""Proves that a call can be made: registrar, password, call control and sound both ways, over SIP."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient
from appliance.errors import DeviceUnavailable, OrtsamtError

READY_S = 360.0
CALL_S = 60
TONE_HZ = 700
_TRY_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What was found; ``good`` means that somebody could telephone."""

    good: bool
    detail: str


def check(socket: Path, patience_s: float = READY_S) -> Health:
    """Wait until core and edge are up, then call and listen; never raises OrtsamtError."""
    deadline = time.monotonic() + patience_s
    detail = "the core does not answer"
    while time.monotonic() < deadline:
        try:
            with ControlClient(socket) as client:
                if not client.call("status")["edge"]["up"]:
                    detail = "the edge is down"
                else:
                    detail = call(client)
                    if not detail:
                        return Health(good=True, detail="a call was made, and heard both ways")
        except OrtsamtError as error:
            detail = str(error)
        time.sleep(_TRY_S)
    return Health(good=False, detail=detail)


def call(client: ControlClient) -> str:
    """Make one call to the box's own echo; returns what went wrong, empty for nothing."""
    account: dict[str, Any] = client.call("selftest.open")
    try:
        done = subprocess.run(
            phone_words(account),
            env={**os.environ, "ORTSAMT_PHONE_SECRET": str(account["secret"])},
            capture_output=True,
            text=True,
            check=False,
            timeout=CALL_S,
        )
    except subprocess.TimeoutExpired:
        return "the test call did not end"
    except OSError as error:
        raise DeviceUnavailable(f"the test phone does not start: {error.strerror}") from error
    finally:
        client.call("selftest.close")
    if done.returncode == 0:
        return ""
    said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return (
        f"the test call failed ({done.returncode}): {re.sub(r'[^ -~]', '', said[-1])[:200] if said else ''}"
    )


def phone_words(account: dict[str, Any]) -> list[str]:
    """The phone that calls, as a process of its own: it has a SIP stack, and we have none."""
    return [
        *(sys.executable, "-P", "-m", "appliance", "phone", "--json"),
        *("--server", str(account["server"]), "--user", str(account["username"]), "--no-register"),
        *("--tone", str(TONE_HZ), "--call", str(account["number"]), "--for", "6"),
        *("--expect-tone", str(TONE_HZ), "--patience", "20"),
    ]
