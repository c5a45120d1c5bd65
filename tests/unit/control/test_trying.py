"""Which fax machines the box tries, and how."""

from typing import Any

from appliance.control.trying import Machine, machines


def port(name: str, **other: object) -> dict[str, Any]:
    return {"port": name, "present": True, "state": "idle", "emulated": False} | other


def device(port: str, kind: str = "fax") -> dict[str, Any]:
    return {"id": port, "port": port, "kind": kind, "extension": f"e-{port}"}


NUMBERS = {"e-1": "21", "e-2": "22", "e-3": "23"}


def test_a_real_machine_gets_a_page_and_an_emulated_one_sends() -> None:
    ports = [port("1"), port("2", emulated=True)]
    assert machines([device("1"), device("2")], ports, NUMBERS) == (
        Machine(port="1", number="21", emulated=False),
        Machine(port="2", number="22", emulated=True),
    )


def test_who_sends_or_talks_is_not_disturbed() -> None:
    (one,) = machines([device("1")], [port("1", state="talking")], NUMBERS)
    assert one.busy == "talking"
    for state in ("gone", "left"):  # hung up in between, or beside its telephone: a fault to be found
        (one,) = machines([device("1")], [port("1", state=state)], NUMBERS)
        assert not one.busy


def test_telephones_and_ports_that_are_not_there_are_left_out() -> None:
    ports = [port("1"), port("2", present=False), port("3")]
    assert machines([device("1", "phone"), device("2")], ports, NUMBERS) == ()
