"""What the core says about exchange: alarms when it is interrupted for long, and a report afterwards."""

import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appliance.app import exchange
from appliance.app.exchange import Exchange
from appliance.app.outages import Outages
from appliance.app.survival import Outage
from appliance.model.alarms import Alarm, AlarmKind
from appliance.model.ids import CallId
from appliance.model.languages import Language
from appliance.model.outages import Outage as Report
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord
from appliance.notify.outage_letter import outage_letter
from appliance.store.configuration import ConfigurationStore
from appliance.store.outages import OutageStore
from appliance.store.records import RecordStore
from appliance.telemetry.alarms import Alarms


def test_an_interruption_is_told_and_reported_once_all_is_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Alarm] = []
    reports: list[Report] = []
    store = ConfigurationStore(tmp_path / "configuration.db", "box")
    parts = SimpleNamespace(
        configuration=store,
        alarms=Alarms(told.append),
        server=SimpleNamespace(publish=lambda *_: None),
        box=SimpleNamespace(node="box", paths=SimpleNamespace(state_dir=tmp_path)),
        stores=SimpleNamespace(outages=OutageStore(tmp_path / "outages.db")),
        records=RecordStore(tmp_path / "records.db"),
        notifier=SimpleNamespace(outage=reports.append),
        survival=SimpleNamespace(told=lambda began, ended: Outage(
            began=began, ended=ended, outside=3, by_gsm=2, cost=900, missed=1,
        )),
    )  # fmt: skip
    outages = Outages(cast(Any, parts))
    parts.outages = outages
    watched = Exchange(cast(Any, parts))
    now = time.monotonic()
    monkeypatch.setattr(exchange.time, "monotonic", lambda: now)  # type: ignore[attr-defined]

    def report(**said: object) -> None:
        watched.report({"state": "connected", "node": "box", "pending": 0, **said})
        watched._look()

    report(sent=5, taken=1)
    report(state="connecting", detail="the hub is not reachable", sent=5, taken=1)
    assert told == [], "a moment is nothing"
    store.put("extension", "21", {"number": "21"}, "a")
    now += 600
    outages.internet(cut=True, why="trunk main: no answer")
    outages.internet(cut=False, why="")
    report(state="connecting", detail="the hub is not reachable", sent=5, taken=1)
    assert [(one.kind, one.over) for one in told] == [(AlarmKind.SYNC_DOWN, False)]
    report(sent=5, taken=1)
    assert len(told) == 1, "what was edited meanwhile is not sent yet"
    assert cast(Any, watched.show({}))["waiting"] == 2
    parts.outages = Outages(cast(Any, parts))  # the core was started again in the middle
    parts.outages.sent("call")
    parts.outages.taken("voicemail")
    parts.outages.call_elsewhere(_call(answered=True))
    parts.outages.call_elsewhere(_call(answered=False))
    store.keep_places({"sent": "2"})
    report(sent=7, taken=1, parcels_sent=3, clock_s=400.0, twin=True)
    assert "after 10 min: 2 changes sent, 0 taken, 3 calls" in told[1].said(Language.ENGLISH)
    assert {one.kind for one in told[2:]} == {AlarmKind.SYNC_CLOCK, AlarmKind.SYNC_TWIN}
    assert reports == [], "perhaps there is more to come"
    now += 10
    report(sent=7, taken=1)
    assert [one.kind for one in parts.alarms.active()] == []
    (over,) = reports
    assert (over.internet, over.exchange, over.why, over.minutes) == (True, True, "trunk main: no answer", 10)
    assert (over.outside, over.by_gsm, over.elsewhere, over.elsewhere_missed, over.missed) == (3, 2, 2, 1, 0)
    assert (over.edits_here, over.edits_elsewhere, over.edits[0].fields) == (1, 0, ("id", "number"))
    assert (over.sent, over.taken) == ({"call": 1}, {"voicemail": 1})
    assert cast(Any, outages.listing({}))[0]["id"] == over.id
    for language, words in ((Language.GERMAN, "1 Sprachnachrichten"), (Language.ENGLISH, "1 voice messages")):
        letter = outage_letter(over, store.snapshot().site, language)
        assert words in letter.text
        assert "box" in letter.text
    now += 600
    watched._look()
    assert cast(Any, watched.show({}))["state"] == "not running"
    assert parts.alarms.active()[0].kind is AlarmKind.SYNC_DOWN
    store.close()
    parts.stores.outages.close()
    parts.records.close()


def _call(*, answered: bool) -> CallRecord:
    at = datetime.now(UTC)
    return CallRecord(
        call=CallId("c"), kind=CallKind.INBOUND, started=at, caller_number="", caller_name="", withheld=True,
        dialled="", called="21", answered=at if answered else None, ended=at,
    )  # fmt: skip
