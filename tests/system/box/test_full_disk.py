"""A disk without room: calls go on, changes are refused in plain words, and all heals when there is room."""

import resource

import pytest

from appliance.errors import DeviceUnavailable
from tests.support.box import Box
from tests.system.box.tools import new_tones, talking

ROOM = 8 * 1024


def limit_files(box: Box, size: int | None) -> None:
    """No file of the core may grow beyond ``size`` bytes; None: the disk has room again."""
    assert box.core is not None
    _, hard = resource.prlimit(box.core.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(box.core.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def fill(box: Box) -> None:
    """Some changes still fit into the journal as it is."""
    for number in map(str, range(400, 480)):
        box.control("config.set", kind="extension", id=number, fields={"number": number})


def test_full_disk(box: Box) -> None:
    with talking(box) as (anna, ben, call, theirs), box.phones("23") as (clara,):
        revision = box.control("status")["revision"]
        limit_files(box, ROOM)
        with pytest.raises(DeviceUnavailable) as caught:
            fill(box)
        assert "configuration.db" in str(caught.value)
        assert caught.value.hint
        kept = box.control("status")["revision"]
        assert kept >= revision
        service = clara.call("*43")
        clara.wait("answered", call=service)
        box.eventually(lambda: bool(box.control("status")["records"]["failing"]), "the trouble to be seen")
        assert "records.db" in box.control("status")["records"]["failing"]
        clara.hangup(service)
        new_tones(anna, ben, call, theirs, 1500)
        anna.hangup(call)
        ben.ended(theirs)
        again = ben.call("21")
        anna.incoming()
        anna.answer()
        ben.wait("answered", call=again)
        ben.hangup(again)
        limit_files(box, None)
        box.eventually(lambda: not box.control("status")["records"]["failing"], "the records to be written")
        assert box.control("status")["records"]["dropped"] == 0
        recorded = box.records(3)
        assert [one["call"]["dialled"] for one in recorded] == ["22", "*43", "21"]
        box.control("config.set", kind="extension", id="500", fields={"number": "500"})
        assert box.control("status")["revision"] > kept
        fresh = anna.call("22")
        ben.incoming()
        ben.answer()
        anna.wait("answered", call=fresh)
        anna.hangup(fresh)
    assert box.core is not None
    assert "Traceback" not in box.core.output
    box.core.kill()
    box.start_core()  # what was written in trouble is whole
    assert len(box.records(4)) == 4
    assert box.control("config.get", kind="extension", id="500")["number"] == "500"
