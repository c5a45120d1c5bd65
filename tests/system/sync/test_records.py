"""Calls and messages of the box are the cloud's too: once, whatever is cut or killed on the way."""

import hashlib
import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.fax.store import FaxStore
from appliance.model.causes import Cause
from appliance.model.fax import FaxCause, FaxFigures, FaxResult
from appliance.model.ids import CallId, LegId, MessageId, VoicemailBoxId
from appliance.model.messages import Message, MessageState
from appliance.model.plan import Caller, CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.store.records import RecordStore
from appliance.store.voicemail import VoicemailStore
from appliance.sync import credentials as kept
from appliance.sync import subjects
from appliance.sync.credentials import Credentials
from appliance.sync.hub_link import connected
from appliance.sync.parcels import CHUNK
from tests.support import loops
from tests.support.cut import Link
from tests.support.hub import Cluster, until
from tests.support.place import Place

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
SOUND = 700_000
PAGES = b"II*\0" + bytes(range(256)) * 600


def _lived(state: Path) -> bytes:
    """What a box has that was cut off for a while: thirty calls and a long message."""
    state.mkdir(parents=True)
    records = RecordStore(state / "records.db")
    for number in range(30):
        began = AT + timedelta(minutes=number)
        call = CallId(f"c{number:03}")
        records.put_call(
            CallRecord(
                call=call, kind=CallKind.INBOUND, started=began, caller_number="+4930123456", caller_name="",
                withheld=False, dialled="+492215550100", called="21", answered=began,
                ended=began + timedelta(seconds=30), cause=Cause.NORMAL,
            )
        )  # fmt: skip
        records.put_leg(
            LegRecord(
                leg=LegId(f"l{number:03}"), call=call, direction=Direction.INCOMING, endpoint="trunk:t",
                party="+4930123456", started=began, ended=began + timedelta(seconds=30),
            )
        )  # fmt: skip
    assert records.flush(30)
    records.close()
    store = VoicemailStore(state / "voicemail.db")
    message = Message(
        message=MessageId("m1"), box=VoicemailBoxId("21"), call=CallId("c001"),
        caller=Caller(number="+4930123456", name="", withheld=False), received=AT, changed=AT,
        length_ms=90_000, state=MessageState.NEW,
    )  # fmt: skip
    store.add(message, announced=True)
    store.close()
    (state / "fax").mkdir()
    faxes = FaxStore(state / "fax" / "fax.db")
    faxes.incoming("f1", "main", "+4930987654", "", "leg", AT)
    result = FaxResult(cause=FaxCause.RECEIVED, figures=FaxFigures(pages=1))
    faxes.received("f1", result, 1, 30.0, AT + timedelta(minutes=1))
    faxes.told("f1")
    faxes.close()
    (state / "fax" / "f1.tif").write_bytes(PAGES)
    noise = random.Random(3).randbytes(SOUND)
    header = (
        b"RIFF"
        + struct.pack("<I", 36 + SOUND)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    )
    sound = header + b"data" + struct.pack("<I", SOUND) + noise
    folder = state / "voice" / "messages" / "21"
    folder.mkdir(parents=True)
    (folder / "m1.wav").write_bytes(sound)
    return sound


@pytest.fixture
def places(hub: Cluster, tmp_path: Path) -> Iterator[tuple[Place, Place, Link, bytes]]:
    cloud = hub.tenant("records")
    link = Link(hub.plans[0].port)
    box = replace(hub.node(cloud, "box", 1), servers=(f"tls://127.0.0.1:{link.port}",))
    (tmp_path / "box").mkdir()
    sound = _lived(tmp_path / "box" / "state")
    places = Place(tmp_path / "box", box, "box"), Place(tmp_path / "cloud", cloud, "cloud")
    with places[0].box, places[1].box:
        try:
            yield *places, link, sound
        finally:
            for place in places:
                place.kill_sync()
            link.close()


async def _damage(credentials: Credentials | None, sound: bytes) -> None:
    assert credentials is not None
    sha = hashlib.sha256(sound).hexdigest()
    subject = subjects.records_of(credentials.tenant, credentials.node, sha, "c")
    async with connected(credentials, credentials.servers[0]) as link:
        await link.publish(subject, (1).to_bytes(4, "big") + bytes(CHUNK), f"{sha}.1.0")


def test_what_happened_while_apart_arrives_once_over_a_link_that_flaps_and_processes_that_die(
    places: tuple[Place, Place, Link, bytes],
) -> None:
    box, cloud, link, sound = places
    box.box.control("config.import", configuration={
        "extension": {"21": {"number": "21", "voicemail": True}, "22": {"number": "22"}},
    })  # fmt: skip
    # A chunk is stored damaged under the name of a good one: the hub takes the good one for a repetition.
    loops.run(_damage(kept.read(box.box.folder / "state" / "sync"), sound))
    link.delay_s = 0.02
    box.start_sync()
    cloud.start_sync()
    for turn in range(3):
        until(lambda turn=turn: link.bytes > (turn + 1) * 200_000, timeout=30)  # type: ignore[misc]
        link.break_()
        link.cut = False
    box.kill_sync()
    box.start_sync()
    cloud.kill_sync()
    cloud.start_sync()
    link.delay_s = 0.0
    wanted = {f"c{number:03}" for number in range(30)}
    until(lambda: cloud.calls() == wanted, timeout=60)
    until(lambda: cloud.states() == {"m1": "new"}, timeout=60)
    arrived = cloud.box.folder / "state" / "voice" / "messages" / "21" / "m1.wav"
    assert arrived.read_bytes() == sound
    assert "arrived damaged" in (cloud.box.folder / "sync.log").read_text(encoding="utf-8")
    assert len(cloud.box.control("records.call", call="c003")["legs"]) == 1
    # A fax waits until the service that keeps faxes is there.
    box.box.start_fax()
    inbox = cloud.box.folder / "state" / "sync" / "arriving"
    until(lambda: list(inbox.glob("held-*")), timeout=30)
    cloud.box.start_fax()
    until(lambda: [one["fax"] for one in cloud.box.control("fax.journal")] == ["f1"], timeout=60)
    fax = cloud.box.control("fax.show", fax="f1")
    assert (fax["peer"], fax["state"]) == ("+4930987654", "done")
    assert (cloud.box.folder / "state" / "fax" / "f1.tif").read_bytes() == PAGES
    # Heard in the cloud, it is heard at the box; deleted at the box, it is deleted in the cloud.
    cloud.box.control("voicemail.mark", message="m1", state="old")
    until(lambda: box.states() == {"m1": "old"}, timeout=30)
    box.box.control("voicemail.mark", message="m1", state="deleted")
    until(lambda: cloud.states().get("m1") in (None, "deleted"), timeout=30)
    assert cloud.calls() == wanted == box.calls()
    until(lambda: not list(inbox.iterdir()), timeout=30)  # nothing stays behind
