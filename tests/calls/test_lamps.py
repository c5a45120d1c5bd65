"""Busy lamps: what a subscribed phone sees of a colleague's extension."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import Box, office
from tests.support.phone import Phone
from tests.system.box.tools import Lamp


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """24 has two devices whose accounts are not called as the extension is."""
    documents: dict[str, Any] = dict(office("21", "22", "23"))
    documents["extension"]["24"] = {"number": "24", "name": "Phone 24"}
    for name in ("24a", "24b"):
        documents["device"][name] = {"extension": "24", "username": name, "secret": f"secret-of-{name}"}
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        yield box


@pytest.fixture
def lamp(box: Box, request: pytest.FixtureRequest) -> Iterator[Lamp]:
    """A lamp for the extension that the test names, idle at first."""
    made = Lamp(box, "23", request.param)
    made.wait("", "terminated")
    yield made
    made.close()


@pytest.mark.parametrize("lamp", ["22"], indirect=True)
def test_a_lamp_shows_ringing_talking_and_idle_of_the_called_extension(box: Box, lamp: Lamp) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs = ben.incoming()["call"]
        lamp.wait("early")
        ben.answer(theirs)
        lamp.wait("confirmed")
        anna.hangup(mine)
        lamp.wait("", "terminated")


@pytest.mark.parametrize("lamp", ["21"], indirect=True)
def test_a_lamp_shows_the_calling_extension_too(box: Box, lamp: Lamp) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        ben.incoming()
        lamp.wait("early")
        anna.hangup(mine)
        lamp.wait("", "terminated")


@pytest.mark.parametrize("lamp", ["22"], indirect=True)
def test_a_lamp_stays_on_while_one_of_two_calls_goes_on(box: Box, lamp: Lamp) -> None:
    with box.phones("21", "22") as (anna, ben):
        first = ben.call("*43")
        lamp.wait("confirmed")
        mine = anna.call("22")
        second = ben.incoming()["call"]
        ben.reject(486, second)
        anna.ended(mine)
        with box.watching("line") as watcher:
            ben.hangup(first)
            watcher.wait("line", number="22", state="terminated")
        lamp.wait("", "terminated")


@pytest.mark.parametrize("lamp", ["24"], indirect=True)
def test_a_lamp_shows_an_extension_with_devices_of_other_names(box: Box, lamp: Lamp) -> None:
    with box.phones("21") as (anna,), box.phone("24b") as dora:
        dora.register()
        anna.call("24")
        theirs = dora.incoming()["call"]
        lamp.wait("early")
        dora.answer(theirs)
        lamp.wait("confirmed")
        dora.hangup(theirs)
        lamp.wait("", "terminated")


@pytest.mark.parametrize("lamp", ["24"], indirect=True)
def test_a_call_that_ends_while_the_edge_is_away_leaves_no_lamp_on(box: Box, lamp: Lamp) -> None:
    with box.phone("24a") as dora:
        dora.register()
        mine = dora.call("*43")
        dora.wait("answered", call=mine)
        lamp.wait("confirmed")
        (call,) = box.calls()
        box.eventually(lambda: saved(box, lamp), "the subscription to be on disk")
        assert box.edge is not None
        with box.watching("edge") as watcher:
            box.edge.kill()
            watcher.wait("edge", up=False)
        box.control("calls.hangup", call=call["call"])
        box.start_edge()
        box.wait_ready()
        second = Lamp(box, "23", "24")
        second.wait("", "terminated")
        second.close()
        lamp.wait("", "terminated", timeout=30)


@pytest.mark.parametrize("lamp", ["24"], indirect=True)
def test_a_call_cut_off_by_the_death_of_the_core_leaves_no_lamp_on(box: Box, lamp: Lamp) -> None:
    with box.phone("24a") as dora:
        dora.register()
        mine = dora.call("*43")
        dora.wait("answered", call=mine)
        lamp.wait("confirmed")
        assert box.core is not None
        box.core.kill()
        box.restart_core()
        lamp.wait("", "terminated", timeout=30)


@pytest.mark.parametrize("lamp", ["24"], indirect=True)
def test_a_power_cut_in_a_call_leaves_no_lamp_on(box: Box, lamp: Lamp) -> None:
    with box.phone("24a") as dora:
        dora.register()
        mine = dora.call("*43")
        dora.wait("answered", call=mine)
        lamp.wait("confirmed")
        box.eventually(lambda: saved(box, lamp), "the subscription to be on disk")
        assert box.core is not None
        assert box.edge is not None
        box.core.kill()
        box.edge.kill()
        box.start_edge()
        box.start_core()
        box.wait_ready()
        lamp.wait("", "terminated", timeout=30)


def test_a_key_shows_a_setting_and_turns_it_when_pressed(box: Box) -> None:
    """Do-not-disturb, forwarding of all calls, a profile, a virtual switch: one key each, with a lamp."""
    away = {"on": "always", "to": {"kind": "extension", "ref": "21"}, "enabled": False}
    fields = {"forwardings": [away], "profiles": [{"name": "Besprechung", "status": "dnd"}]}
    box.control("config.set", kind="extension", id="22", fields=fields)
    box.control("config.set", kind="switch", id="night", fields={"number": "60", "name": "Nacht"})
    with box.phones("22") as (ben,):
        for key in ("*2222", "*2322", "*2422*1", "60"):
            lamp = Lamp(box, "23", key)
            lamp.wait("", "terminated")
            press(ben, key)
            lamp.wait("confirmed")
            press(ben, key)
            lamp.wait("", "terminated")
            lamp.close()


def test_a_lamp_of_a_setting_follows_the_command_line_and_outlives_core_and_edge(box: Box) -> None:
    box.control("config.set", kind="extension", id="21", fields={"status": "dnd"})
    lamp = Lamp(box, "23", "*2221")
    lamp.wait("confirmed")
    assert box.core is not None
    box.core.kill()
    box.restart_core()
    box.restart_edge()
    second = Lamp(box, "22", "*2221")
    second.wait("confirmed")
    box.control("config.set", kind="extension", id="21", fields={"status": "online"})
    for one in (lamp, second):
        one.wait("", "terminated", timeout=30)
        one.close()


def press(phone: Phone, key: str) -> None:
    """What a busy-lamp key does that is idle: it dials."""
    call = phone.call(key)
    phone.wait("answered", call=call)
    phone.ended(call, timeout=15)


def saved(box: Box, lamp: Lamp) -> bool:
    """True when the edge has written this subscription down."""
    file = box.folder / "state" / "edge" / "presence.db"
    with contextlib.closing(sqlite3.connect(file)) as database:
        query = "SELECT count(*) FROM active_watchers WHERE contact LIKE ?"
        (rows,) = database.execute(query, (f"%:{lamp.phone.address[1]}%",)).fetchone()
    return bool(rows)
