"""What the core says about exchange: alarms when it is interrupted for long, and a report afterwards."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appliance.app import exchange
from appliance.app.exchange import Exchange
from appliance.model.alarms import Alarm, AlarmKind
from appliance.model.languages import Language
from appliance.store.configuration import ConfigurationStore
from appliance.telemetry.alarms import Alarms


def test_an_interruption_is_told_and_reported_once_all_is_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Alarm] = []
    store = ConfigurationStore(tmp_path / "configuration.db", "box")
    parts = SimpleNamespace(
        configuration=store,
        alarms=Alarms(told.append),
        server=SimpleNamespace(publish=lambda *_: None),
        box=SimpleNamespace(node="box", paths=SimpleNamespace(state_dir=tmp_path)),
    )
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
    report(state="connecting", detail="the hub is not reachable", sent=5, taken=1)
    assert [(one.kind, one.over) for one in told] == [(AlarmKind.SYNC_DOWN, False)]
    report(sent=5, taken=1)
    assert len(told) == 1, "what was edited meanwhile is not sent yet"
    assert cast(Any, watched.show({}))["waiting"] == 2
    store.keep_places({"sent": "2"})
    report(sent=7, taken=1, parcels_sent=3, clock_s=400.0, twin=True)
    assert "after 10 min: 2 changes sent, 0 taken, 3 calls" in told[1].said(Language.ENGLISH)
    assert {one.kind for one in told[2:]} == {AlarmKind.SYNC_CLOCK, AlarmKind.SYNC_TWIN}
    report(sent=7, taken=1)
    assert [one.kind for one in parts.alarms.active()] == []
    now += 600
    watched._look()
    assert cast(Any, watched.show({}))["state"] == "not running"
    assert parts.alarms.active()[0].kind is AlarmKind.SYNC_DOWN
    store.close()
