"""The box tries itself over its control socket: edge, trunks, analog ports, fax."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from appliance.control.client import ControlClient
from appliance.errors import OrtsamtError

FAX_S = 150.0
NO_WAY_BACK_DB = 60.0
_PATIENCE_S = 10.0
_POLL_S = 0.1
_FREE = ("gone", "idle", "left")
"""States of an analog port in which nobody is disturbed; a handset left beside its telephone is a fault."""
_GOOD_TRUNKS = ("registered", "reachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One thing that was tried."""

    what: str
    result: str
    """``ok``, ``warning`` or ``failed``."""
    detail: str = ""


def trying(client: ControlClient, *, analog: bool = True, fax: bool = True) -> Iterator[Tried]:
    """Try one thing after another; raises OrtsamtError when the core does not answer."""
    yield from _core(client)
    if analog:
        yield from _analog(client)
    if fax:
        yield from _fax(client)


def try_port(client: ControlClient, port: str, *, ring: bool) -> tuple[bool, str, dict[str, Any]]:
    """Try a port: whether it is good, what there is to say, and the port as ``analog.ports`` tells it."""
    before = _port(client, port)
    tests = client.call("analog.test", {"port": port, "ring": ring})["tests"]
    deadline = time.monotonic() + _PATIENCE_S
    now = _port(client, port)
    while now.get("tests", tests) == tests and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        now = _port(client, port)
    faults = _faults(now, ring=ring)
    bells, rung = before.get("bells"), now.get("bells")
    if ring and now.get("test") and bells is not None and rung == bells:
        faults.append("the bell was silent")
    if faults:
        return False, ", ".join(faults), now
    rang = ", rang" if ring else ""
    return True, f"dial tone and key heard, returned {now['test']['returned_db']} dB softer{rang}", now


def _port(client: ControlClient, name: str) -> dict[str, Any]:
    ports = client.call("analog.ports")
    found: dict[str, Any] = next((one for one in ports if one["port"] == name), {})
    return found


def _faults(port: dict[str, Any], *, ring: bool) -> list[str]:
    if not port.get("present"):
        return [str(port.get("detail") or "the equipment is not there")]
    test = port["test"]
    if test is None:
        return [f"the line could not be tried, the port is {port['state']}: try again when nobody uses it"]
    line = test["line"]
    faults = []
    if not line["supply_ok"]:
        faults.append("no supply")
    if line["loop_closed"]:
        faults.append("the loop is closed: a short, or a handset beside its telephone")
    if test["returned_db"] > NO_WAY_BACK_DB:
        faults.append("nothing of what was played came back")
    else:
        faults += [] if test["dial_tone"] else ["the dial tone was not heard"]
        faults += [] if test["key"] else ["a key was not heard"]
    if ring and not test["rang"]:
        faults.append("the equipment did not ring")
    return faults


def _core(client: ControlClient) -> Iterator[Tried]:
    status = client.call("status")
    yield Tried(what="core", result="ok", detail=f"up since {status['started']}")
    up = status["edge"]["up"]
    yield Tried(what="edge", result="ok" if up else "failed", detail="" if up else "it is down")
    for trunk in client.call("trunks.list"):
        state = trunk.get("status") or trunk.get("state")
        good = state in _GOOD_TRUNKS
        name = trunk.get("id") or trunk.get("trunk")
        result = "ok" if good else "warning" if state == "disabled" else "failed"
        yield Tried(what=f"trunk {name}", result=result, detail=str(trunk.get("detail") or state))


def _analog(client: ControlClient) -> Iterator[Tried]:
    for port in client.call("analog.ports"):
        what = f"analog port {port['port']}"
        if port["present"] and port["state"] not in _FREE:
            yield Tried(what=what, result="warning", detail=f"in use ({port['state']}): not tried")
            continue
        good, said, _ = try_port(client, port["port"], ring=True)
        yield Tried(what=what, result="ok" if good else "failed", detail=said)


def _fax(client: ControlClient) -> Iterator[Tried]:
    boxes = client.call("config.list", {"kind": "fax_box"})
    if not boxes:
        return
    try:
        status = client.call("fax.status", {}, 20.0)
    except OrtsamtError as error:
        yield Tried(what="fax service", result="failed", detail=str(error))
        return
    priority = status["priority"]
    yield Tried(
        what="fax service",
        result="failed" if not status["ready"] else "ok" if priority == "fifo" else "warning",
        detail=f"priority of sound: {priority}" if status["ready"] else "the line process does not run",
    )
    for box in boxes:
        if box.get("number") and box.get("extension"):
            yield _page(client, box["id"])


def _page(client: ControlClient, box: str) -> Tried:
    what = f"fax to itself, box {box}"
    try:
        fax = client.call("fax.test", {"box": box}, 20.0)["fax"]
        deadline = time.monotonic() + FAX_S
        row: dict[str, Any] = {}
        while time.monotonic() < deadline:
            row = client.call("fax.show", {"fax": fax}, 20.0)
            if row["ended"] is not None:
                break
            time.sleep(0.5)
        verdict = client.call("fax.tested", {"fax": fax}, 60.0)
    except OrtsamtError as error:
        return Tried(what=what, result="failed", detail=str(error))
    if not verdict["good"]:
        return Tried(what=what, result="failed", detail=row["reason"]["en"] or verdict["detail"])
    ecm = ", ECM" if row["ecm"] else ""
    return Tried(
        what=what, result="ok", detail=f"every dot, {row['rate']} bit/s{ecm}, {row['seconds']:.0f} s"
    )
