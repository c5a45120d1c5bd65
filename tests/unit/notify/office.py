"""An office and its calls, as values."""

from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.model.causes import Cause
from appliance.model.documents import Device, Document, Extension, Language, Number, Scenario, Site
from appliance.model.ids import E164, CallId, DeviceId, ExtensionId, LegId, NumberId
from appliance.model.mail import Mail, MailTls, Notification, NotificationEvent
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.model.snapshot import Snapshot, build

START = datetime(2026, 3, 2, 13, 5, tzinfo=UTC)
"""A Monday, 14:05 in Berlin."""
ANNA, BEN = "anna@example.com", "ben@example.com"
PUBLIC = E164("+492215550100")


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def extension(number: str, name: str = "", **fields: Any) -> Extension:
    return Extension(id=ExtensionId(f"e{number}"), number=number, name=name, **fields)


def device(name: str, of: str) -> Device:
    return Device(id=DeviceId(name), extension=ExtensionId(f"e{of}"), username=name, secret="geheim-geheim")


def wish(of: str, address: str, *events: NotificationEvent, language: Language | None = None) -> Notification:
    return Notification(
        id=ExtensionId(f"e{of}"),
        addresses=(address,),
        events=events or tuple(NotificationEvent),
        language=language,
    )


def relay(port: int = 25, **fields: Any) -> Mail:
    return Mail(host="127.0.0.1", port=port, tls=MailTls.NONE, sender="box@example.com", **fields)


DOCUMENTS: tuple[Document, ...] = (
    Site(name="Büro Köln", area_code="221"),
    extension("21", "Anna Berger"),
    extension("22", "Ben Schulz"),
    extension("23", "Clara Weiß"),
    device("a1", "21"),
    device("a2", "21"),
    device("b1", "22"),
    device("c1", "23"),
    Number(
        id=NumberId("zentrale"),
        number=PUBLIC,
        name="Zentrale",
        scenarios=(Scenario(name="Nacht", emails=("nacht@example.com",)), Scenario(name="Tag")),
    ),
    relay(),
    wish("21", ANNA),
    wish("22", BEN, language=Language.ENGLISH),
)


def office(*more: Document) -> Snapshot:
    return build((*DOCUMENTS, *more))


def call(cause: Cause, **fields: Any) -> CallRecord:
    values: dict[str, Any] = {
        "kind": CallKind.INTERNAL,
        "caller_number": "23",
        "caller_name": "Clara Weiß",
        "called": "21",
        **fields,
    }
    return CallRecord(
        call=CallId("c"),
        started=START,
        withheld=values.pop("withheld", False),
        dialled=values["called"],
        ended=after(60),
        cause=cause,
        **values,
    )


def outside(cause: Cause, **fields: Any) -> CallRecord:
    values: dict[str, Any] = {
        "kind": CallKind.INBOUND,
        "caller_number": "+4930123456",
        "caller_name": "",
        "called": str(PUBLIC),
        "number": NumberId("zentrale"),
        **fields,
    }
    return call(cause, **values)


def leg(
    device_id: str,
    cause: Cause,
    *,
    start: float = 0,
    alerted: float | None = 1,
    answered: float | None = None,
    end: float = 20,
    by_remote: bool = False,
    party: str = "",
) -> LegRecord:
    return LegRecord(
        leg=LegId(f"{device_id}-{start}"),
        call=CallId("c"),
        direction=Direction.OUTGOING,
        endpoint=device_id if ":" in device_id else f"device:{device_id}",
        party=party or {"a": "21", "b": "22", "c": "23"}.get(device_id[0], ""),
        started=after(start),
        alerted=None if alerted is None else after(start + alerted),
        answered=None if answered is None else after(answered),
        ended=after(end),
        cause=cause,
        by_remote=by_remote,
    )
