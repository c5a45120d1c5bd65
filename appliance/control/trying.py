"""The box tries itself over its control socket: edge, trunks, analog ports, fax."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient
from appliance.errors import OrtsamtError

FAX_S = 150.0
MACHINE_S = 90.0
NO_WAY_BACK_DB = 60.0
_PATIENCE_S = 10.0
_POLL_S = 0.1
_FREE = ("gone", "idle", "left")
"""States of an analog port in which nobody is disturbed; a handset left beside its telephone is a fault."""
_GOOD_TRUNKS = ("registered", "reachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class TryingItself:
    """``analog``: telephones ring; ``fax``: each box faxes a page to itself, which takes half a minute."""

    analog: bool = True
    fax: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One thing that was tried."""

    what: str
    result: str
    """``ok``, ``warning`` or ``failed``."""
    detail: str = ""


def trying(
    client: ControlClient, simulation: Path, *, analog: bool = True, fax: bool = True
) -> Iterator[Tried]:
    """Try one thing after another; raises OrtsamtError when the core does not answer.

    ``simulation``: the socket of emulated telephones, whether there are any or not.
    """
    yield from _core(client)
    if analog:
        yield from _analog(client)
    if fax:
        yield from _fax(client, simulation, ports=analog)


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


def _fax(client: ControlClient, simulation: Path, *, ports: bool) -> Iterator[Tried]:
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
    able = [box["id"] for box in boxes if box.get("number") and box.get("extension")]
    for box in able:
        yield _page(client, f"fax to itself, box {box}", {"box": box})
    if ports and able:
        yield from _machines(client, able[0], simulation)


def _machines(client: ControlClient, box: str, simulation: Path) -> Iterator[Tried]:
    numbers = {one["id"]: one["number"] for one in client.call("config.list", {"kind": "extension"})}
    devices = client.call("config.list", {"kind": "analog"})
    for one in machines(devices, client.call("analog.ports"), numbers):
        what = f"fax machine at {one.port}"
        if one.busy:
            yield Tried(what=what, result="warning", detail=f"in use ({one.busy}): not tried")
        elif one.emulated:
            yield machine_sends(client, simulation, one.port, box, what)
        else:
            yield _page(client, what, {"box": box, "to": one.number})


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A fax machine to be tried."""

    port: str
    number: str
    """Of its extension."""
    emulated: bool
    """It can be told to send; a real one cannot, it gets a page."""
    busy: str = ""
    """The state of the port that forbids it, empty: free."""


def machines(
    devices: Iterable[Mapping[str, Any]], ports: Iterable[Mapping[str, Any]], numbers: Mapping[str, str]
) -> tuple[Machine, ...]:
    """The fax machines at ports that are there, of documents ``analog`` and rows of ``analog.ports``."""
    states = {one["port"]: one for one in ports if one["present"]}
    return tuple(
        Machine(
            port=device["port"],
            number=numbers[device["extension"]],
            emulated=port["emulated"],
            busy="" if port["state"] in _FREE else port["state"],
        )
        for device in devices
        if device["kind"] == "fax" and (port := states.get(device["port"])) is not None
    )


def machine_sends(client: ControlClient, simulation: Path, port: str, box: str, what: str) -> Tried:
    """Have the emulated machine at a port send a page to a box; it dials again once, as machines do."""
    began = time.monotonic()
    found: dict[str, Any] = {"good": False, "detail": "nothing arrived"}
    try:
        with ControlClient(simulation) as phones:
            for _ in range(2):
                found = _send_once(client, phones, port, box)
                if found["good"]:
                    return Tried(
                        what=what, result="ok", detail=f"every dot, {time.monotonic() - began:.0f} s"
                    )
                phones.call("phones.hang_up", {"phone": port})
    except OrtsamtError as error:
        return Tried(what=what, result="failed", detail=str(error))
    return Tried(what=what, result="failed", detail=found["detail"])


def _send_once(client: ControlClient, phones: ControlClient, port: str, box: str) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_S
    while _port(client, port).get("state") not in _FREE and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    wanted = client.call("fax.expect", {"box": box}, 20.0)
    loaded = {"phone": port, "document": wanted["document"], "ident": wanted["ident"], "ecm": True}
    phones.call("phones.load", loaded)
    phones.call("phones.lift", {"phone": port})
    _await_tone(phones, port)
    phones.call("phones.dial", {"phone": port, "digits": wanted["number"]})
    found: dict[str, Any] = {}
    deadline = time.monotonic() + MACHINE_S
    while time.monotonic() < deadline:
        found = client.call("fax.expected", {"box": box, "ident": wanted["ident"]}, 20.0)
        if found["arrived"]:
            break
        time.sleep(0.5)
    return found


def _await_tone(phones: ControlClient, port: str) -> None:
    """Wait for the dial tone; without one it is dialled all the same, and fails by itself."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if any(
            one["phone"] == port and one["hears"].endswith("steady") for one in phones.call("phones.show")
        ):
            return
        time.sleep(_POLL_S)


def _page(client: ControlClient, what: str, asked: dict[str, str]) -> Tried:
    try:
        fax = client.call("fax.test", asked, 20.0)["fax"]
        deadline = time.monotonic() + FAX_S
        row: dict[str, Any] = {}
        while time.monotonic() < deadline:
            row = client.call("fax.show", {"fax": fax}, 20.0)
            if row["ended"] is not None:
                break
            time.sleep(0.5)
        verdict = {"good": row["state"] == "done", "detail": "no confirmation"}
        if "to" not in asked:
            verdict = client.call("fax.tested", {"fax": fax}, 60.0)
    except OrtsamtError as error:
        return Tried(what=what, result="failed", detail=str(error))
    if not verdict["good"]:
        return Tried(what=what, result="failed", detail=row["reason"]["en"] or verdict["detail"])
    ecm = ", ECM" if row["ecm"] else ""
    said = "every dot" if "to" not in asked else "the machine confirmed a page"
    return Tried(what=what, result="ok", detail=f"{said}, {row['rate']} bit/s{ecm}, {row['seconds']:.0f} s")
