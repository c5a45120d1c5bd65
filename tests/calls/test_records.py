"""What is said of calls: records of every leg, calls in progress, hanging up from outside, events."""

import subprocess
from datetime import datetime

from tests.support.box import Box, tone_of
from tests.support.processes import ortsamt


def ctl(box: Box, *words: str) -> str:
    """What ``ortsamt ctl`` prints."""
    done = subprocess.run(
        ortsamt("ctl", "--socket", str(box.socket), *words), capture_output=True, text=True, check=True
    )
    return done.stdout


def test_calls_in_progress_are_listed_with_their_legs(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs = ben.incoming()["call"]
        (call,) = box.calls()
        assert (call["kind"], call["caller_number"], call["called"]) == ("internal", "21", "22")
        assert call["answered"] is None
        ben.answer(theirs)
        anna.wait("answered", call=mine)
        (call,) = box.calls()
        assert call["answered"] is not None
        assert {leg["endpoint"] for leg in call["legs"]} == {"device:21", "device:22"}
        shown = ctl(box, "calls")
        assert call["call"] in shown
        assert "device:21" in shown


def test_a_call_is_ended_from_the_command_line(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        anna.wait("answered", call=mine)
        (call,) = box.calls()
        ctl(box, "hangup", call["call"])
        anna.ended(mine)
        ben.ended(theirs)
        (record,) = box.records(1)
        assert record["call"]["cause"] == "administrative"
        assert {leg["cause"] for leg in record["legs"]} == {"administrative"}


def test_one_leg_is_ended_and_the_call_with_it(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        anna.wait("answered", call=mine)
        (call,) = box.calls()
        leg = next(leg for leg in call["legs"] if leg["endpoint"] == "device:22")
        ctl(box, "hangup", leg["leg"])
        ben.ended(theirs)
        anna.ended(mine)


def test_a_ringing_call_is_ended_from_the_command_line(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs = ben.incoming()["call"]
        (call,) = box.calls()
        ctl(box, "hangup", call["call"])
        anna.ended(mine)
        ben.ended(theirs)


def test_a_record_tells_when_each_leg_rang_was_answered_and_ended_and_how_it_sounded(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs = ben.answer(ben.incoming()["call"])
        anna.hears(tone_of("22"), call=mine)
        ben.hears(tone_of("21"), call=theirs)
        ben.hangup(theirs)
        anna.ended(mine)
        (record,) = box.records(1)
        call = record["call"]
        moments = [datetime.fromisoformat(call[name]) for name in ("started", "answered", "ended")]
        assert moments == sorted(moments)
        assert len(record["legs"]) == 2
        for leg in record["legs"]:
            times = [datetime.fromisoformat(leg[n]) for n in ("started", "alerted", "answered", "ended")]
            assert times == sorted(times)
            assert leg["quality"]["codec"] == "opus"
            assert leg["quality"]["received_packets"] > 0
        ended_by = {leg["endpoint"]: leg["by_remote"] for leg in record["legs"]}
        assert ended_by == {"device:21": False, "device:22": True}


def test_watchers_hear_of_every_change_of_a_call(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben), box.watching("call", "leg", "line") as watcher:
        mine = anna.call("22")
        theirs = ben.incoming()["call"]
        watcher.wait("line", number="22", state="early")
        ben.answer(theirs)
        watcher.wait("line", number="22", state="confirmed")
        anna.wait("answered", call=mine)
        anna.hangup(mine)
        watcher.wait("line", number="22", state="terminated")
        watcher.wait("call", cause="normal")
        watcher.wait("leg", endpoint="device:22", cause="normal")


def test_a_call_before_its_end_is_already_in_the_records(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        ben.incoming()
        (call,) = box.calls()
        box.eventually(
            lambda: len(box.control("records.call", call=call["call"])["legs"]) == 2, "the call on disk"
        )
        assert box.control("records.call", call=call["call"])["call"]["ended"] is None
        anna.hangup(mine)


def test_a_past_call_is_explained_on_the_command_line(box: Box) -> None:
    with box.phones("21", "22") as (anna, ben):
        call = anna.call("22")
        theirs = ben.incoming()["call"]
        ben.answer(theirs)
        anna.wait("answered", call=call)
        anna.hangup(call)
        ben.ended(theirs)
        (record,) = box.records(1)
        told = subprocess.run(
            ortsamt(
                "explain", "--call", record["call"]["call"], "--language", "en", "--socket", str(box.socket)
            ),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
        assert "21 dialled 22. End: " in told
        for sentence in ("21 (21) calls.", "It rings at 22 (22).", "22 (22) answers.", "21 (21) hangs up."):
            assert sentence in told
        assert "The caller is extension 21" in told
