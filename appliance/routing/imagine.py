"""Imagined calls, for explaining: what a person says of a call made into the request that routing plans."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from appliance.errors import ConfigError, NotFound
from appliance.model.decode import suggestion
from appliance.model.documents import Extension, Status, Switch
from appliance.model.ids import DeviceId, SwitchId, TrunkId
from appliance.model.plan import Caller, CallRequest, FromDevice, FromTrunk
from appliance.model.snapshot import Snapshot
from appliance.routing.numbers import clean, read_caller
from appliance.routing.wall_clock import zone_of

ANONYMOUS = frozenset({"anonymous", "anonym", "withheld", "unterdrückt"})
_WEEKDAYS: tuple[frozenset[str], ...] = (
    frozenset({"mo", "mon", "monday", "montag"}),
    frozenset({"tu", "tue", "tuesday", "di", "dienstag"}),
    frozenset({"we", "wed", "wednesday", "mi", "mittwoch"}),
    frozenset({"th", "thu", "thursday", "do", "donnerstag"}),
    frozenset({"fr", "fri", "friday", "freitag"}),
    frozenset({"sa", "sat", "saturday", "samstag", "sonnabend"}),
    frozenset({"su", "sun", "sunday", "so", "sonntag"}),
)
_DAYS_AHEAD = {"today": 0, "heute": 0, "tomorrow": 1, "morgen": 1, "now": 0, "jetzt": 0}
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagined:
    """A call that was not made, and the moment (UTC) at which it would be."""

    request: CallRequest
    at: datetime


def imagine(
    snapshot: Snapshot, *, caller: str, dialled: str, at: str = "", trunk: str = "", now: datetime
) -> Imagined:
    """Make a request of words: ``caller`` is an internal or a public number, or "anonymous".

    A call from outside comes over ``trunk``, else over the one tried first; naming a trunk makes any
    caller one from outside. ``at`` is read by :func:`moment`. Raises ConfigError, NotFound.
    """
    if not dialled:
        raise ConfigError("which number is called?", error_id="explain.to", field="to", hint="name it")
    when = moment(at, snapshot.site.timezone, now)
    digits = clean(caller)
    extension = snapshot.extension_by_number.get(digits)
    if extension is not None and not trunk:
        return Imagined(request=_from_inside(snapshot, extension, dialled), at=when)
    origin = FromTrunk(trunk=_trunk(snapshot, trunk))
    if caller.lower() in ANONYMOUS:
        said = Caller(withheld=True)
    elif trunk or read_caller(digits, snapshot.site.country) is not None:
        said = Caller(number=caller)
    else:
        raise NotFound(
            f"from: '{caller}' is neither an extension nor a public number",
            hint=suggestion(digits, list(snapshot.extension_by_number)[:10]) if digits else "name the caller",
        )
    return Imagined(request=CallRequest(origin=origin, caller=said, dialled=dialled), at=when)


def supposing(
    snapshot: Snapshot,
    *,
    status: Mapping[str, Status] | None = None,
    switches: Mapping[str, bool] | None = None,
) -> Snapshot:
    """The office as it would be: internal number → status, switch id → on or off. Raises NotFound."""
    documents: list[Extension | Switch] = []
    for number, wanted in (status or {}).items():
        extension = snapshot.extension_by_number.get(number)
        if extension is None:
            raise NotFound(
                f"status: there is no extension '{number}'",
                hint=suggestion(number, list(snapshot.extension_by_number)),
            )
        # A profile would put its own status over it.
        profiles = tuple(replace(profile, status=None) for profile in extension.profiles)
        documents.append(replace(extension, status=wanted, profiles=profiles))
    for name, on in (switches or {}).items():
        switch = snapshot.switches.get(SwitchId(name))
        if switch is None:
            known = [str(one) for one in snapshot.switches]
            raise NotFound(f"switch: there is no switch '{name}'", hint=suggestion(name, known))
        documents.append(replace(switch, on=on))
    return snapshot.with_changed(documents) if documents else snapshot


def suppose(snapshot: Snapshot, words: str) -> Snapshot:
    """The office as it would be by ``21=dnd night=on``: statuses and switches. Raises ConfigError."""
    status: dict[str, Status] = {}
    switches: dict[str, bool] = {}
    for word in words.replace(",", " ").split():
        name, _, value = word.partition("=")
        if value in ("on", "off"):
            switches[name] = value == "on"
        elif value in set(Status):
            status[name] = Status(value)
        else:
            raise ConfigError(
                f"suppose: '{word}' is neither a status nor a switch",
                error_id="explain.suppose",
                field="suppose",
                hint=f"write 21=dnd ({', '.join(Status)}) or night=on",
            )
    return supposing(snapshot, status=status, switches=switches)


def _from_inside(snapshot: Snapshot, extension: Extension, dialled: str) -> CallRequest:
    devices = snapshot.devices_by_extension.get(extension.id, ())
    device = devices[0].id if devices else DeviceId("")
    return CallRequest(
        origin=FromDevice(device=device, extension=extension.id),
        caller=Caller(number=extension.number, name=extension.name),
        dialled=dialled,
    )


def _trunk(snapshot: Snapshot, wanted: str) -> TrunkId:
    if wanted:
        if TrunkId(wanted) not in snapshot.trunks:
            known = [str(one) for one in snapshot.trunks]
            raise NotFound(f"trunk: '{wanted}' does not exist", hint=suggestion(wanted, known))
        return TrunkId(wanted)
    ranked = sorted(snapshot.trunks_by_priority, key=lambda trunk: not trunk.enabled)
    return ranked[0].id if ranked else TrunkId("")


def moment(text: str, timezone: str, now: datetime) -> datetime:
    """Read a moment: ISO 8601, ``12:00``, ``saturday 12:00``, ``morgen 8``; empty is ``now``. Returns UTC.

    Without zone it is the site's time. A weekday is the next one, today included. Raises ConfigError.
    """
    words = text.lower().replace(",", " ").replace("uhr", " ").split()
    if not words:
        return now.astimezone(UTC)
    zone = zone_of(timezone)
    try:
        exact = datetime.fromisoformat(text.strip())
    except ValueError:
        return _spoken(words, text, now.astimezone(zone)).astimezone(UTC)
    return (exact if exact.tzinfo is not None else exact.replace(tzinfo=zone)).astimezone(UTC)


def _spoken(words: list[str], text: str, local: datetime) -> datetime:
    day, clock = local.date(), local.time().replace(microsecond=0)
    for word in words:
        weekday = next((i for i, names in enumerate(_WEEKDAYS) if word in names), None)
        hour = _CLOCK.match(word)
        if weekday is not None:
            day = local.date() + timedelta(days=(weekday - local.weekday()) % 7)
        elif word in _DAYS_AHEAD:
            day = local.date() + timedelta(days=_DAYS_AHEAD[word])
        elif hour is not None:
            clock = _clock(int(hour[1]), int(hour[2] or 0), int(hour[3] or 0), text)
        else:
            raise _unclear(text)
    return datetime.combine(day, clock, tzinfo=local.tzinfo)


def _clock(hour: int, minute: int, second: int, text: str) -> time:
    try:
        return time(hour, minute, second)
    except ValueError:
        raise _unclear(text) from None


def _unclear(text: str) -> ConfigError:
    return ConfigError(
        f"at: '{text}' is not a moment",
        error_id="explain.at",
        field="at",
        hint='write for example "saturday 12:00" or 2026-12-24T18:30',
    )
