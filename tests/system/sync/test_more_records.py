"""Recordings, notes, contacts, SMS, greetings, uploaded audio: at both ends, and deleted for good."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.model.causes import Cause
from appliance.model.gsm import ReceivedSms
from appliance.model.ids import CallId, ExtensionId, LegId, ModuleId, TapeId
from appliance.model.plan import CallKind
from appliance.model.recordings import Coding, KeptTape, Sides, Tape, TapeEnd
from appliance.model.records import CallRecord
from appliance.store.recordings import RecordingStore
from appliance.store.records import RecordStore
from appliance.store.sms import SmsStore
from tests.support.hub import Cluster, until
from tests.support.place import Place

NOW = datetime.now(UTC).replace(microsecond=0)
SOUND = random.Random(5).randbytes(300_000)


def _call(identity: str, ended: datetime) -> CallRecord:
    return CallRecord(
        call=CallId(identity), kind=CallKind.INBOUND, started=ended - timedelta(minutes=1), ended=ended,
        caller_number="+4930123456", caller_name="", withheld=False, dialled="+492215550100", called="21",
        answered=ended - timedelta(seconds=50), cause=Cause.NORMAL,
    )  # fmt: skip


def _recording(store: RecordingStore, name: str, sound: bytes) -> None:
    file = f"{NOW:%Y-%m}/{name}.wav"
    store.files.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
    store.files.joinpath(file).write_bytes(sound)
    tape = Tape(
        tape=TapeId(name), call=CallId("recent"), leg=LegId("l1"), started=NOW, extension=ExtensionId("21"),
        own_number="21", party_number="+4930123456", party_name="", kind="inbound", by="rule sales",
    )  # fmt: skip
    kept = KeptTape(
        tape=tape, seq=0, ended=NOW, end=TapeEnd.CALL_ENDED, length_ms=9000, pauses=0, file=file,
        size=len(sound), sha256=hashlib.sha256(sound).hexdigest(), sides=Sides.MIXED, coding=Coding.PCM,
    )  # fmt: skip
    store.keep(kept)


def _lived(state: Path) -> None:
    state.mkdir(parents=True)
    records = RecordStore(state / "records.db")
    records.put_call(_call("recent", NOW - timedelta(hours=1)))
    records.put_call(_call("long-ago", NOW - timedelta(days=5)))
    assert records.flush(30)
    records.close()
    recordings = RecordingStore(state, state / "voice", lambda: NOW)
    for number in (1, 2, 3):
        _recording(recordings, f"t{number}", SOUND[number:])
    recordings.close()
    texts = SmsStore(state / "sms.db")
    texts.received(ModuleId("m1"), ReceivedSms(sender="+491701234567", text="Guten Tag"), NOW)
    texts.close()
    for path in (
        state / "audio" / f"{hashlib.sha256(SOUND).hexdigest()}.wav",
        state / "voice" / "greetings" / "21" / "1.wav",
    ):
        path.parent.mkdir(parents=True)
        path.write_bytes(SOUND)


@pytest.fixture
def places(hub: Cluster, tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    cloud = hub.tenant("more-records")
    (tmp_path / "box").mkdir()
    _lived(tmp_path / "box" / "state")
    made = (
        Place(tmp_path / "box", hub.node(cloud, "box", 1), "box"),
        Place(tmp_path / "cloud", cloud, "cloud"),
    )
    with made[0].box, made[1].box:
        try:
            yield made
        finally:
            for place in made:
                place.kill_sync()


def _tapes(place: Place) -> set[str]:
    return {one["tape"]["tape"] for one in place.box.control("recordings.list")}


def test_what_people_keep_is_at_both_ends_and_what_one_deleted_does_not_come_back(
    places: tuple[Place, Place],
) -> None:
    box, cloud = places
    sha = hashlib.sha256(SOUND).hexdigest()
    box.box.control("config.import", configuration={
        "extension": {"21": {"number": "21", "voicemail": True}},
        "audio": {"jazz": {"use": "music", "file": sha}},
        "recording": {"main": {"free_mb": 100_000_000}},
    })  # fmt: skip
    note = box.box.control("notes.add", call="recent", text="Wants an offer", author="Anna")["note"]
    ben = box.box.control("contacts.put", book="global", name="Ben", numbers=[{"number": "030 555"}])["id"]
    eve = box.box.control("contacts.put", book="global", name="Eve")["id"]
    before: list[dict[str, Any]] = box.box.control("parcels.waiting")
    assert sorted(one["kind"] for one in before) == [
        "audio", "call", "call", "contact", "contact", "greeting", "note",
        "recording", "recording", "recording", "sms",
    ]  # fmt: skip
    box.start_sync()
    cloud.start_sync()

    # There is no room for recordings in the cloud: all else comes, and they once there is.
    inbox = cloud.state / "sync" / "arriving"
    until(lambda: len(list(inbox.glob("held-*"))) == 3)
    until(lambda: cloud.calls() == {"recent", "long-ago"})
    assert [one["text"] for one in cloud.box.control("notes.list", call="recent")] == ["Wants an offer"]
    until(lambda: {one["name"] for one in cloud.box.control("contacts.list")} == {"Ben", "Eve"})
    assert cloud.box.control("contacts.lookup", numbers=["030555"])[0]["name"] == "Ben"
    until(lambda: [one["text"] for one in cloud.box.control("sms.list")] == ["Guten Tag"])
    until(lambda: cloud.box.control("audio.info", id="jazz")["bytes"] == len(SOUND))
    until((cloud.state / "voice" / "greetings" / "21" / "1.wav").is_file)
    cloud.box.control("config.set", kind="recording", id="main", fields={"free_mb": 0})
    until(lambda: _tapes(cloud) == {"t1", "t2", "t3"})

    # Both chains hold, and the cloud's names the link of the box's.
    for place in places:
        verdict = place.box.control("recordings.verify")
        assert (verdict["broken"], verdict["recordings"]) == (0, 3)
    told = {one["tape"]["tape"]: one for one in cloud.box.control("recordings.list")}["t2"]
    assert (told["origin"], told["origin_seq"], len(told["origin_hash"])) == ("box", 2, 64)
    assert cloud.box.control("recordings.read", tape="t2")["sha256"] == hashlib.sha256(SOUND[2:]).hexdigest()

    # What somebody deletes or changes at one end, the other does too, and says who did.
    cloud.box.control("recordings.delete", tape="t1", who="Anna")
    cloud.box.control("notes.delete", note=note)
    cloud.box.control("contacts.delete", contact=eve)
    cloud.box.control("contacts.put", book="global", contact=ben, name="Benjamin")
    until(lambda: _tapes(box) == {"t2", "t3"})
    until(lambda: box.box.control("notes.list") == [])
    until(lambda: {one["name"] for one in box.box.control("contacts.list")} == {"Benjamin"})

    # What is over by its period is deleted at both ends by each.
    changed = {"journal": {"main": {"keep_days": 1}}, "recording": {"main": {"keep_count": 1}}}
    box.box.control("config.import", configuration=changed)
    until(lambda: box.calls() == cloud.calls() == {"recent"})
    for place in places:
        place.box.restart_core()  # recordings are looked through at the start, and every hour
    until(lambda: _tapes(box) == _tapes(cloud) == {"t3"})

    # Whatever is sent again does not bring it back.
    arriving = inbox / hashlib.sha256(SOUND[1:]).hexdigest()
    for place in places:
        place.kill_sync()
        for parcel in before:
            arriving = place.state / "sync" / "arriving" / (parcel["sha"] or "none")
            arriving.parent.mkdir(exist_ok=True)
            arriving.write_bytes(SOUND)
            place.box.control("parcels.take", parcel=parcel, file=str(arriving) if parcel["sha"] else "")
        assert place.calls() == {"recent"}
        assert _tapes(place) == {"t3"}
        assert place.box.control("notes.list") == []
        assert {one["name"] for one in place.box.control("contacts.list")} == {"Benjamin"}
        verdict = place.box.control("recordings.verify")
        assert (verdict["broken"], verdict["recordings"], verdict["deleted"]) == (0, 1, 2)
