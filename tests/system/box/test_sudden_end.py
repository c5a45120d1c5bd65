"""kill -9 and SIGTERM of edge and core in the middle of calls and changes."""

import contextlib
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from appliance.control.client import ControlClient
from appliance.errors import OrtsamtError
from tests.support.box import Box
from tests.support.edge import eventually, saved_rows
from tests.system.box.tools import Lamp, new_tones, raw_phone, talking


def test_core_killed_in_a_call_is_back_for_the_same_phones_and_closes_the_record(box: Box) -> None:
    with box.phones("23") as (clara,), talking(box) as (anna, ben, call, theirs):
        lamp = Lamp(box, "23", "22")
        lamp.wait("confirmed")
        (cut,) = box.calls()
        assert box.core is not None
        box.core.kill()
        began = time.monotonic()
        box.start_core()
        box.wait_ready()
        service = clara.call("*43")
        clara.wait("answered", call=service)
        assert time.monotonic() - began < 25  # about one second; the machine may be busy
        clara.hangup(service)
        lamp.wait("terminated", "")
        lamp.close()
        record = box.control("records.call", call=cut["call"])
        assert (record["call"]["cause"], record["call"]["answered"] is not None) == ("restart", True)
        assert {leg["cause"] for leg in record["legs"]} == {"restart"}
        assert all(leg["ended"] is not None for leg in record["legs"])
        anna.hangup(call)
        ben.hangup(theirs)
        again = anna.call("22")
        ben.incoming()
        ben.answer()
        anna.wait("answered", call=again)
        anna.hangup(again)
        assert [phone.count("registered") for phone in (anna, ben, clara)] == [1, 1, 1]


def test_edge_killed_in_a_call_leaves_the_call_the_phones_and_the_lamps(box: Box) -> None:
    with box.phones("23") as (clara,), talking(box) as (anna, ben, call, theirs):
        location = box.folder / "state" / "edge" / "location.db"
        eventually(lambda: saved_rows(location, "location") == 3, "the registrations to be written", 30)
        assert box.edge is not None
        with box.watching("edge") as watcher:
            box.edge.kill()
            watcher.wait("edge", up=False)
        new_tones(anna, ben, call, theirs, 1100)
        box.start_edge()
        box.wait_ready()
        new_tones(anna, ben, call, theirs, 1500)
        lamp = Lamp(box, "23", "22")
        lamp.wait("confirmed")
        found = box.control("registrations.list")
        assert {one["extension"] for one in found} == {"21", "22", "23"}
        anna.hangup(call)
        ben.ended(theirs)
        lamp.wait("terminated", "")
        lamp.close()
        again = clara.call("22")
        ben.incoming()
        clara.hangup(again)
        assert [phone.count("registered") for phone in (anna, ben, clara)] == [1, 1, 1]
        (whole, _) = box.records(2)
        assert whole["call"]["cause"] == "normal"


def test_core_killed_in_a_storm_of_changes_keeps_every_acknowledged_one(box: Box) -> None:
    acknowledged: list[tuple[str, str]] = []
    enough = threading.Event()

    def change(worker: int) -> None:
        with contextlib.suppress(OrtsamtError), ControlClient(box.socket) as client:
            for round_ in range(2000):
                number = f"{worker}{round_ % 50:02}"
                name = f"round {round_}"
                client.call(
                    "config.set",
                    {"kind": "extension", "id": number, "fields": {"number": number, "name": name}},
                )
                acknowledged.append((number, name))
                if len(acknowledged) >= 60:
                    enough.set()

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(change, worker) for worker in range(5, 9)]
        assert enough.wait(40)
        assert box.core is not None
        box.core.kill()
        for worker in workers:
            worker.result(30)
    box.start_core()
    box.wait_ready()
    kept = {one["id"]: one["name"] for one in box.control("config.list", kind="extension")}
    newest = dict(acknowledged)
    assert len(newest) >= 20
    later = {
        number: (name, kept.get(number))
        for number, name in newest.items()
        if number not in kept or int(kept[number].split()[1]) < int(name.split()[1])
    }
    assert later == {}


def test_sigterm_in_calls_says_goodbye_writes_records_and_is_quick(box: Box) -> None:
    with box.phones("23") as (clara,), talking(box) as (anna, ben, call, theirs):
        service = clara.call("*43")
        clara.wait("answered", call=service)
        ringing = clara.call("22")
        clara.wait("ringing", call=ringing)
        assert box.core is not None
        began = time.monotonic()
        box.core.signal(signal.SIGTERM)
        for phone, ended in ((anna, call), (ben, theirs), (clara, service), (clara, ringing)):
            phone.ended(ended)
        assert box.core.wait(10) == 0
        assert time.monotonic() - began < 12  # less than a second on an idle machine
        assert "stopped" in box.core.output
        assert "Traceback" not in box.core.output
        assert not box.socket.exists()
        box.start_core()
        box.wait_ready()
        for record in box.records(3):
            assert record["call"]["cause"] == "restart"
            assert len(record["legs"]) == (1 if record["call"]["dialled"] == "*43" else 2)
            assert all(leg["ended"] and leg["cause"] for leg in record["legs"])


def test_edge_stopped_in_good_order_keeps_every_registration(box: Box) -> None:
    with raw_phone(box, "21") as anna, raw_phone(box, "22") as ben:
        for phone in (anna, ben):
            assert phone.register().status == 200
        assert box.edge is not None
        box.edge.signal(signal.SIGTERM)
        assert box.edge.wait(10) == 0
        box.start_edge()
        box.wait_ready()
        found = box.control("registrations.list")
        assert {one["extension"] for one in found} == {"21", "22"}


def test_core_takes_calls_again_though_the_edge_was_away_when_it_started(box: Box) -> None:
    assert box.edge is not None
    assert box.core is not None
    box.edge.stop()
    box.core.stop()
    box.start_core()
    status = box.control("status")
    assert (status["edge"]["up"], status["legs"]) == (False, 0)
    box.start_edge()
    box.wait_ready()
    with box.phones("21") as (anna,):
        call = anna.call("*43")
        anna.wait("answered", call=call)
        anna.hangup(call)
